import type { Statement } from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { fnv1a } from './fnv1a.ts';
import type { Sqlite } from './sqlite-file.ts';

/** Who brought a question, what it counts against, and how many of each may wait. An absent limit is none. */
export interface QueueOrigin {
  readonly client?: string | undefined;
  readonly mostOfClient?: number;
  readonly group?: string | undefined;
  readonly mostOfGroup?: number;
}

/** An origin as the table keeps it; 0 has no budget. */
export interface QueuePlace {
  readonly client: number;
  readonly group: number;
  readonly mostOfClient: number;
  readonly mostOfGroup: number;
}

interface Room {
  readonly ok: boolean;
  /** Questions that give way. */
  readonly evicted: readonly number[];
}

type Column = 'client' | 'budget_group';

interface Least {
  readonly observable_id: number;
  readonly score: number;
}

interface Statements {
  readonly count: Statement<[number], { n: number }>;
  readonly least: Statement<[number], Least>;
}

const ROOM: Room = { ok: true, evicted: [] };

/** Counts kept in memory. What falls out is counted again: cheap, since large ones are met often and stay. */
const CACHED_COUNTS = 20_000;

/** Keeps new questions of one client, and of one domain or shared network, within a number. */
export class QueueBudget {
  readonly #counts = new LRUCache<string, number>({ max: CACHED_COUNTS });
  readonly #statements: Readonly<Record<Column, Statements>>;
  readonly #row: Statement<[number], { client: number; budget_group: number }>;

  constructor(db: Sqlite) {
    const of = (column: Column): Statements => ({
      count: db.prepare(
        `SELECT count(*) AS n FROM lookup_queue WHERE ${column} = ? AND ${column} <> 0 AND lane = 'new'`,
      ),
      least: db.prepare(
        `SELECT observable_id, score FROM lookup_queue WHERE ${column} = ? AND ${column} <> 0 AND lane = 'new' ORDER BY score LIMIT 1`,
      ),
    });
    this.#statements = { client: of('client'), budget_group: of('budget_group') };
    this.#row = db.prepare("SELECT client, budget_group FROM lookup_queue WHERE observable_id = ? AND lane = 'new'");
  }

  placeOf(origin: QueueOrigin = {}): QueuePlace {
    const { client, group, mostOfClient, mostOfGroup } = origin;
    return {
      client: client === undefined ? 0 : fnv1a(`client:${client}`) >>> 1,
      group: group === undefined ? 0 : fnv1a(`group:${group}`) >>> 1,
      mostOfClient: mostOfClient ?? Number.POSITIVE_INFINITY,
      mostOfGroup: mostOfGroup ?? Number.POSITIVE_INFINITY,
    };
  }

  /** Whether a question of this worth may come in, and who gives way to it. */
  makeRoom(place: QueuePlace, score: number): Room {
    const ofGroup = this.#leastOf('budget_group', place.group, place.mostOfGroup);
    // What gives way for the group may be the client's too, and then it makes room for both.
    const ofClient = this.#leastOf('client', place.client, place.mostOfClient + (ofGroup === undefined ? 0 : 1));
    if (ofGroup === undefined && ofClient === undefined) return ROOM;
    const evicted = [ofGroup, ofClient].filter((one) => one !== undefined);
    if (evicted.some((one) => one.score >= score)) return { ok: false, evicted: [] };
    return { ok: true, evicted: [...new Set(evicted.map((one) => one.observable_id))] };
  }

  /** What would give way: the least worthy of those that share a budget, where it is full. */
  #leastOf(column: Column, value: number, most: number): Least | undefined {
    if (value === 0 || this.#count(column, value) < most) return undefined;
    return this.#statements[column].least.get(value);
  }

  added(place: QueuePlace): void {
    this.#change(place.client, place.group, 1);
  }

  /** A question is about to leave. */
  removing(observableId: number): void {
    const row = this.#row.get(observableId);
    if (row !== undefined) this.#change(row.client, row.budget_group, -1);
  }

  /** Forgets all counts in memory, after many rows left at once. */
  forget(): void {
    this.#counts.clear();
  }

  #count(column: Column, value: number): number {
    const key = `${column}:${value}`;
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    const count = this.#statements[column].count.get(value)?.n ?? 0;
    this.#counts.set(key, count);
    return count;
  }

  #change(client: number, group: number, by: number): void {
    for (const key of [`client:${client}`, `budget_group:${group}`]) {
      const known = this.#counts.get(key);
      if (known !== undefined) this.#counts.set(key, known + by);
    }
  }
}
