import type { Statement } from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import {
  keyOf,
  type Observable,
  type ObservableKey,
  type ObservableKind,
  observableOfKey,
} from '../core/observable.ts';
import { registrableDomain } from '../core/registrable-domain.ts';
import { hostOfUrl } from '../core/web-url.ts';
import type { Sqlite } from './sqlite-file.ts';

/** An observable with its row number and the time it was first seen. */
export interface StoredObservable {
  readonly id: number;
  readonly key: ObservableKey;
  readonly registrable: string | undefined;
  readonly firstSeenAt: number;
}

/** Gives an array: this is asked for every name that is not in memory, and an object costs about as much as the row. */
type IdByKey = Statement<[string], readonly [id: number, firstSeenAt: number]>;

/** The row number of an observable, and whether it had none before. */
interface RowNumber {
  readonly id: number;
  readonly isNew: boolean;
}

interface Row {
  readonly id: number;
  readonly key: string;
  readonly registrable: string | null;
  readonly first_seen: number;
}

/** Row numbers of what was seen, kept in memory, so that what is in use costs no question. About 200 bytes each. */
const CACHED_IDS = 24_576;

/** Tables in which an observable is kept for its own sake. One that stands in none of them was seen, and nothing came of it. */
const KEPT_IN = [
  'sightings_hourly',
  'reports',
  'verdicts',
  'verdict_history',
  'lookup_queue',
  'lookups',
  'indicators',
  'publications',
  'alerts',
  'findings',
  'pihole_hits',
] as const;

/** The table `observables`. */
export class ObservableStore {
  readonly #ids = new LRUCache<ObservableKey, number>({ max: CACHED_IDS });
  readonly #insert: Statement;
  readonly #byKey: Statement<[string], Row>;
  readonly #idByKey: IdByKey;
  readonly #byId: Statement<[number], Row>;
  readonly #seenEarlier: Statement;
  readonly #judgedIn: Statement<[string], { key: string }>;
  readonly #judgedOfKind: Statement<[string], { key: string }>;
  readonly #highest: Statement<[], { id: number | null }>;
  readonly #forgetUnused: Statement<{ from: number; to: number; before: number }, { key: string }>;

  constructor(db: Sqlite) {
    this.#insert = db.prepare('INSERT INTO observables (key, registrable, first_seen) VALUES (?, ?, ?)');
    this.#byKey = db.prepare('SELECT id, key, registrable, first_seen FROM observables WHERE key = ?');
    this.#idByKey = db.prepare<[string]>('SELECT id, first_seen FROM observables WHERE key = ?').raw() as IdByKey;
    this.#byId = db.prepare('SELECT id, key, registrable, first_seen FROM observables WHERE id = ?');
    const judged = `(SELECT observable_id FROM verdicts UNION SELECT observable_id FROM indicators)`;
    this.#judgedIn = db.prepare(`SELECT key FROM observables WHERE id IN ${judged} AND registrable = ?`);
    this.#judgedOfKind = db.prepare(`SELECT key FROM observables WHERE id IN ${judged} AND instr(key, ?) = 1`);
    this.#highest = db.prepare('SELECT max(id) AS id FROM observables');
    const isKept = KEPT_IN.map(
      (table) => `SELECT observable_id FROM ${table} WHERE observable_id BETWEEN @from AND @to`,
    ).join(' UNION ALL ');
    this.#forgetUnused = db.prepare(
      `DELETE FROM observables WHERE id BETWEEN @from AND @to AND first_seen < @before AND id NOT IN (${isKept}) RETURNING key`,
    );
    this.#seenEarlier = db.prepare('UPDATE observables SET first_seen = ? WHERE id = ?');
  }

  /** Observables of a registrable domain that have a verdict or are wanted published. */
  judgedIn(registrable: string): readonly Observable[] {
    return this.#judgedIn.all(registrable).map((row) => observableOfKey(row.key));
  }

  /** Observables of a kind that have a verdict or are wanted published. */
  judgedOfKind(kind: ObservableKind): readonly Observable[] {
    return this.#judgedOfKind.all(`${kind}:`).map((row) => observableOfKey(row.key));
  }

  /** The highest row number given out. */
  highestId(): number {
    return this.#highest.get()?.id ?? 0;
  }

  /** As `idOf`, for what was just seen: it will be seen again. */
  idOfSeen(key: ObservableKey, seenAt: number): RowNumber {
    const cached = this.#ids.get(key);
    if (cached !== undefined) return { id: cached, isNew: false };
    const found = this.idOf(key, seenAt);
    this.#ids.set(key, found.id);
    return found;
  }

  /** The row number of an observable, inserted where it is new. */
  idOf(key: ObservableKey, seenAt: number): RowNumber {
    const cached = this.#ids.peek(key);
    if (cached !== undefined) return { id: cached, isNew: false };
    const known = this.#idByKey.get(key);
    if (known === undefined) {
      const { lastInsertRowid } = this.#insert.run(key, registrableOf(key) ?? null, seenAt);
      return { id: Number(lastInsertRowid), isNew: true };
    }
    const [id, firstSeenAt] = known;
    if (firstSeenAt > seenAt) this.#seenEarlier.run(seenAt, id);
    return { id, isNew: false };
  }

  /**
   * Deletes what was first seen before `before` and is kept for no other reason, of a range of row numbers. What invents names all day
   * would otherwise fill the disk for ever. Call it after the sightings were forgotten. Returns how many.
   */
  forgetUnused(before: number, fromId: number, toId: number): number {
    const forgotten = this.#forgetUnused.all({ from: fromId, to: toId, before });
    for (const { key } of forgotten) this.#ids.delete(key);
    return forgotten.length;
  }

  /** Forgets the row numbers in memory, after a transaction that gave some out was rolled back. */
  forgetCachedIds(): void {
    this.#ids.clear();
  }

  /** The row of an observable, or undefined where it was never seen, asked or named. */
  find(observable: Observable): StoredObservable | undefined {
    const row = this.#byKey.get(keyOf(observable));
    return row === undefined ? undefined : storedObservable(row);
  }

  get(id: number): StoredObservable | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : storedObservable(row);
  }
}

/** The registrable domain that answers for an observable; undefined for addresses and files. */
export function registrableOf(key: ObservableKey): string | undefined {
  const { kind, value } = observableOfKey(key);
  if (kind === 'domain') return registrableDomain(value);
  return kind === 'url' ? registrableDomain(hostOfUrl(value)) : undefined;
}

function storedObservable(row: Row): StoredObservable {
  return { id: row.id, key: row.key, registrable: row.registrable ?? undefined, firstSeenAt: row.first_seen };
}
