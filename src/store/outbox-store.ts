import { randomUUID } from 'node:crypto';
import type { Statement } from 'better-sqlite3';
import { READ_ALERTS, READS } from './outbox-reads.ts';
import { OutboxThinning } from './outbox-thinning.ts';
import { CREATE_TRIGGERS, DROP_TRIGGERS, SEED } from './outbox-triggers.ts';
import { type Sqlite, transactDurably } from './sqlite-file.ts';
import { SummaryStore } from './summary-store.ts';

/** A value of a row; times are epoch milliseconds. */
export type OutboxValue = string | number | null;

/** Which row changed. Opaque outside the store, but for its order: keys come in ascending order. */
export type OutboxKey = readonly [number, number, number, string];

/** A marked row as it is now. */
export interface OutboxEntry {
  readonly key: OutboxKey;
  readonly version: number;
  /** False where the row is gone; then only the columns of its key hold anything. */
  readonly present: boolean;
  /** Rows of the central table, each in the order of `columns(relation)`. An entry of folded alerts has several. */
  readonly rows: readonly (readonly OutboxValue[])[];
}

/** A row the central database refused for what is in it. */
export interface AsideRow {
  readonly relation: string;
  readonly key: OutboxKey;
  readonly at: number;
  readonly error: string;
}

/** What a sensor remembers about itself and the central database. */
export type CentralStateName =
  | 'instance'
  | 'instance_next'
  | 'claimed_as'
  | 'told_again'
  | 'seeded'
  | 'synced_until'
  | 'thinned'
  | 'reports_until'
  | 'words_until'
  | 'fleet'
  | 'lookups_saved';

type KeyParts = [number, number, number, string];
type Raw = [number, number, number, string, number, number, ...OutboxValue[]];

const ALERTS = 'suricata_alerts';
const MINUTE_MS = 60_000;
/** Before `present` come four parts of the key and the version. */
const HEAD = 6;

/** The tables `outbox`, `outbox_aside` and `central_state`: what the central database does not know yet. */
export class OutboxStore {
  /** Which summaries of what was sent are due. */
  readonly summaries: SummaryStore;
  readonly #db: Sqlite;
  readonly #reads: ReadonlyMap<string, Statement<unknown[], Raw>>;
  readonly #alertMinutes: Statement<unknown[], Raw>;
  readonly #alerts: Statement<unknown[], OutboxValue[]>;
  readonly #acknowledge: Statement;
  readonly #setAside: Statement;
  readonly #clearAside: Statement;
  readonly #aside: Statement<
    [number],
    { relation: string; k1: number; k2: number; k3: number; k4: string; at: number; error: string }
  >;
  readonly #asideCount: Statement<[], { n: number }>;
  readonly #skip: Statement<unknown[], KeyParts>;
  readonly #countRest: Statement<unknown[], { n: number }>;
  readonly #thinning: OutboxThinning;
  readonly #recall: Statement<[string], { value: string }>;
  readonly #remember: Statement;
  readonly #forget: Statement;

  constructor(db: Sqlite) {
    this.#db = db;
    this.summaries = new SummaryStore(db);
    this.#reads = new Map(READS.map(({ relation, sql }) => [relation, db.prepare<unknown[], Raw>(sql).raw()]));
    this.#alertMinutes = db
      .prepare<unknown[], Raw>(
        `SELECT k1, k2, k3, k4, version, 1 FROM outbox WHERE relation = '${ALERTS}' AND (k1, k2, k3, k4) > (?, ?, ?, ?)
         ORDER BY k1, k2, k3, k4 LIMIT ?`,
      )
      .raw();
    this.#alerts = db.prepare<unknown[], OutboxValue[]>(READ_ALERTS).raw();
    const isKey = 'relation = ? AND k1 = ? AND k2 = ? AND k3 = ? AND k4 = ?';
    this.#acknowledge = db.prepare(`DELETE FROM outbox WHERE ${isKey} AND version = ?`);
    this.#setAside = db.prepare('INSERT OR REPLACE INTO outbox_aside VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#clearAside = db.prepare(`DELETE FROM outbox_aside WHERE ${isKey}`);
    this.#aside = db.prepare('SELECT * FROM outbox_aside ORDER BY at DESC LIMIT ?');
    this.#asideCount = db.prepare('SELECT count(*) AS n FROM outbox_aside');
    const after = 'FROM outbox WHERE relation = ? AND (k1, k2, k3, k4) > (?, ?, ?, ?)';
    this.#skip = db
      .prepare<unknown[], KeyParts>(`SELECT k1, k2, k3, k4 ${after} ORDER BY k1, k2, k3, k4 LIMIT 1 OFFSET ?`)
      .raw();
    this.#countRest = db.prepare(`SELECT count(*) AS n ${after}`);
    this.#thinning = new OutboxThinning(db);
    this.#recall = db.prepare('SELECT value FROM central_state WHERE name = ?');
    this.#remember = db.prepare('INSERT OR REPLACE INTO central_state (name, value) VALUES (?, ?)');
    this.#forget = db.prepare('DELETE FROM central_state WHERE name = ?');
  }

  /** The relations in the order in which they should be sent. */
  get relations(): readonly string[] {
    return RELATIONS;
  }

  /** The columns of a relation's rows, by their names in the central schema. */
  columns(relation: string): readonly string[] {
    const statement = relation === ALERTS ? this.#alerts : this.#read(relation);
    const names = statement.columns().map(({ name }) => name);
    return names.slice(relation === ALERTS ? 1 : HEAD);
  }

  /**
   * From now on every change is marked, in the transaction of the change itself. At the first time everything known is marked as
   * well, which takes a second or two for a million rows.
   */
  enable(): void {
    this.#db.transaction(() => {
      this.#db.exec(DROP_TRIGGERS);
      this.#db.exec(CREATE_TRIGGERS);
      if (this.recall('seeded') !== undefined) return;
      this.#db.exec(SEED);
      this.remember('seeded', '1');
      // What went while nothing was noted may still stand in the centre.
      this.remember('told_again', 'withdraw');
    })();
  }

  /** Marks everything known, for a central database that lost it. */
  markAll(): void {
    this.#db.transaction(() => {
      this.#db.exec(SEED);
      this.#db.exec('UPDATE shared_overrides SET pending = 1');
    })();
  }

  /** No central database is configured: nothing is marked, and what was is forgotten until one is. */
  disable(): void {
    this.#db.transaction(() => {
      this.#db.exec(DROP_TRIGGERS);
      if (this.recall('seeded') === undefined) return;
      this.#db.exec(
        `DELETE FROM outbox; DELETE FROM outbox_aside; DELETE FROM summaries_due; DELETE FROM central_state WHERE name = 'seeded';
         UPDATE shared_overrides SET pending = 1 WHERE pending = 2;`,
      );
    })();
  }

  /** The next marked rows of a relation after a key, as they are now, about `limit` rows; none only at the end. */
  next(relation: string, after: OutboxKey | undefined, limit: number): readonly OutboxEntry[] {
    const from = after ?? FIRST_KEY;
    if (relation === ALERTS) return this.#nextAlerts(from, limit);
    const entries = this.#read(relation)
      .all(...from, limit)
      .map(entryOf);
    this.#thinning.noteRead(entries);
    return entries;
  }

  /** Unmarks rows that arrived, unless they changed meanwhile. */
  acknowledge(relation: string, entries: readonly OutboxEntry[]): void {
    const clearAside = this.asideCount() > 0;
    this.#db.transaction(() => {
      for (const entry of entries) {
        if (!this.#thinning.wasSince(entry)) this.#acknowledge.run(relation, ...entry.key, entry.version);
        if (clearAside) this.#clearAside.run(relation, ...entry.key);
      }
    })();
  }

  /** Puts a refused row aside, so that the others go on; it comes back when it changes, or by `retryAside`. */
  setAside(relation: string, entry: OutboxEntry, error: string, at: number): void {
    this.#db.transaction(() => {
      this.#setAside.run(relation, ...entry.key, at, error.slice(0, MAX_ERROR_LENGTH));
      this.#acknowledge.run(relation, ...entry.key, entry.version);
    })();
  }

  /** Marks again what was set aside: another version may do better. */
  retryAside(): void {
    this.#db.exec(
      `INSERT OR IGNORE INTO outbox (relation, k1, k2, k3, k4)
         SELECT relation, k1, k2, k3, k4 FROM outbox_aside WHERE relation <> 'shared_overrides';
       UPDATE shared_overrides SET pending = 1 WHERE pending = 2;`,
    );
  }

  /** What was set aside, the latest first. */
  aside(limit: number): readonly AsideRow[] {
    return this.#aside
      .all(limit)
      .map(({ relation, k1, k2, k3, k4, at, error }) => ({ relation, key: [k1, k2, k3, k4], at, error }));
  }

  asideCount(): number {
    return this.#asideCount.get()?.n ?? 0;
  }

  /** Counts marked rows in steps, so that a backlog of millions does not hold up its process: yields the sum so far. */
  *count(): Generator<number, number> {
    let sum = 0;
    for (const relation of RELATIONS) {
      let from: OutboxKey | undefined = FIRST_KEY;
      while (from !== undefined) {
        const last: KeyParts | undefined = this.#skip.get(relation, ...from, COUNT_STEP - 1);
        sum += last === undefined ? (this.#countRest.get(relation, ...from)?.n ?? 0) : COUNT_STEP;
        from = last;
        yield sum;
      }
    }
    return sum;
  }

  /**
   * Gives up on telling the centre about the oldest sightings, and where there are none any more about the oldest names that were only seen.
   * Nothing else is ever given up. Returns how many.
   */
  thin(limit: number): number {
    return this.#db.transaction(() => {
      const changes = this.#thinning.thin(limit);
      if (changes > 0) this.remember('thinned', String(Number(this.recall('thinned') ?? 0) + changes));
      return changes;
    })();
  }

  /**
   * By what the centre knows this sensor: a word that is changed each time its name is claimed. So neither another sensor of that name,
   * nor a copy of this data folder, nor a centre of yesterday knows the present one. `next` is on the disk before it is used.
   */
  tokens(): { readonly current: string; readonly next: string } {
    return transactDurably(this.#db, () => ({ current: this.#made('instance'), next: this.#made('instance_next') }));
  }

  /** The name was claimed with the token `next`, which is the present one from here on. */
  claimedAs(sensor: string): void {
    transactDurably(this.#db, () => {
      this.remember('instance', this.#made('instance_next'));
      this.#forget.run('instance_next');
      this.remember('claimed_as', sensor);
    });
  }

  recall(name: CentralStateName): string | undefined {
    return this.#recall.get(name)?.value;
  }

  remember(name: CentralStateName, value: string): void {
    this.#remember.run(name, value);
  }

  #made(name: 'instance' | 'instance_next'): string {
    const known = this.recall(name);
    if (known !== undefined) return known;
    const made = randomUUID();
    this.remember(name, made);
    return made;
  }

  #read(relation: string): Statement<unknown[], Raw> {
    const read = this.#reads.get(relation);
    if (read === undefined) throw new Error(`There is no relation ${relation}`);
    return read;
  }

  /** A minute may hold hundreds of rows, so that minutes are taken in until their rows are enough. */
  #nextAlerts(from: OutboxKey, limit: number): readonly OutboxEntry[] {
    const entries: OutboxEntry[] = [];
    let rows = 0;
    for (const minute of this.#alertMinutes.all(...from, limit)) {
      const entry = this.#alertEntry(minute);
      entries.push(entry);
      rows += Math.max(1, entry.rows.length);
      if (rows >= limit) break;
    }
    return entries;
  }

  #alertEntry([k1, k2, k3, k4, version]: Raw): OutboxEntry {
    const rows = this.#alerts.all(k1, k1 + MINUTE_MS, k1, k1 + MINUTE_MS).map((row) => row.slice(1));
    return { key: [k1, k2, k3, k4], version, present: rows.length > 0, rows };
  }
}

const RELATIONS = [...READS.map(({ relation }) => relation).slice(0, -2), ALERTS, 'observables', 'sightings_hourly'];
const FIRST_KEY: OutboxKey = [Number.MIN_SAFE_INTEGER, 0, 0, ''];
/** Rows counted at a time: about a millisecond. */
const COUNT_STEP = 20_000;
const MAX_ERROR_LENGTH = 500;

function entryOf([k1, k2, k3, k4, version, present, ...row]: Raw): OutboxEntry {
  return { key: [k1, k2, k3, k4], version, present: present === 1, rows: [row] };
}
