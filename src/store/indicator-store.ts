import type { Statement } from 'better-sqlite3';
import type { DesiredState, Indicator } from '../core/indicator.ts';
import { keyOf, type Observable, type ObservableKey, observableOfKey } from '../core/observable.ts';
import type { ChangedIndicators } from './changed-indicators.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

interface Row {
  readonly key: string;
  readonly subdomains: number;
  readonly source: string;
  readonly ratio: string;
  readonly strong: number;
  readonly engines: number;
  readonly permalink: string;
  readonly since: number;
  readonly expires_at: number;
}

const SELECT = `SELECT key, subdomains, source, ratio, strong, engines, permalink, since, expires_at
  FROM indicators JOIN observables ON observables.id = observable_id`;

/** Changes that are told one by one; more than this are compared as a whole. */
const MAX_CHANGES = 2000;

/** The table `indicators`: what should be published, everywhere. */
export class IndicatorStore {
  readonly #observables: ObservableStore;
  readonly #upsert: Statement;
  readonly #remove: Statement;
  readonly #find: Statement<[number], Row>;
  readonly #whole: Statement<[], Row>;
  readonly #db: Sqlite;
  readonly #expired: Statement<[number], Row>;
  /** The whole table, kept in step: 100,000 rows are not read again for each verdict. */
  #all: Map<ObservableKey, Indicator> | undefined;
  /** What `desired` gave out last: never changed afterwards, and given out again while it holds. */
  #given: DesiredState | undefined;
  readonly #followed: ChangedIndicators;
  /** No indicator ends before this. */
  #firstEnd = 0;
  /** What was wanted or unwanted since `takeChanges`; undefined when that is not known. */
  #changed: Set<ObservableKey> | undefined = new Set();

  constructor(db: Sqlite, observables: ObservableStore, followed: ChangedIndicators) {
    this.#db = db;
    this.#followed = followed;
    this.#observables = observables;
    this.#upsert = db.prepare(
      `INSERT INTO indicators (observable_id, subdomains, source, ratio, strong, engines, permalink, since, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (observable_id) DO UPDATE SET subdomains = excluded.subdomains, source = excluded.source, ratio = excluded.ratio,
         strong = excluded.strong, engines = excluded.engines, permalink = excluded.permalink, expires_at = excluded.expires_at`,
    );
    this.#remove = db.prepare('DELETE FROM indicators WHERE observable_id = ?');
    this.#find = db.prepare(`${SELECT} WHERE observable_id = ?`);
    this.#whole = db.prepare(SELECT);
    this.#expired = db.prepare(`${SELECT} WHERE expires_at <= ?`);
  }

  /** Wants an indicator published. `since` of one that is wanted already stays. */
  want(indicator: Indicator): void {
    const { id } = this.#observables.idOf(keyOf(indicator.observable), indicator.since);
    this.#upsert.run(
      id,
      Number(indicator.subdomains),
      indicator.source,
      indicator.ratio,
      Number(indicator.strong),
      indicator.engines,
      indicator.permalink,
      indicator.since,
      indicator.expiresAt,
    );
    this.#firstEnd = Math.min(this.#firstEnd, indicator.expiresAt);
    const row = this.#all === undefined ? undefined : this.#find.get(id);
    if (row !== undefined) this.#changing()?.set(row.key, indicatorOf(row));
    this.#note(keyOf(indicator.observable), id);
  }

  /** Wants an indicator gone. Returns whether it was there. */
  unwant(observable: Observable): boolean {
    const stored = this.#observables.find(observable);
    this.#changing()?.delete(keyOf(observable));
    if (stored !== undefined) this.#note(keyOf(observable), stored.id);
    return stored !== undefined && this.#remove.run(stored.id).changes > 0;
  }

  find(observable: Observable): Indicator | undefined {
    const stored = this.#observables.find(observable);
    const row = stored === undefined ? undefined : this.#find.get(stored.id);
    return row === undefined ? undefined : indicatorOf(row);
  }

  /** Everything that should be published at `now`. */
  desired(now: number): DesiredState {
    const all = this.#all ?? this.#read();
    // What is read inside a transaction may be rolled back, so it is not kept.
    if (!this.#db.inTransaction) this.#all = all;
    this.#given = all;
    // Few end before they are unwanted, so most of the time this is all there is.
    if (now < this.#firstEnd) return all;
    const ended: ObservableKey[] = [];
    this.#firstEnd = Number.POSITIVE_INFINITY;
    for (const [key, { expiresAt }] of all) {
      if (expiresAt <= now) ended.push(key);
      this.#firstEnd = Math.min(this.#firstEnd, expiresAt);
    }
    if (ended.length === 0) return all;
    const desired = new Map(all);
    for (const key of ended) desired.delete(key);
    return desired;
  }

  /**
   * What may have changed since the last call: an indicator, or undefined for what is not wanted any more. Undefined as a whole where
   * that is not known: too much did, or a transaction was rolled back.
   */
  takeChanges(): ReadonlyMap<ObservableKey, Indicator | undefined> | undefined {
    const changed = this.#changed;
    this.#changed = new Set();
    if (changed === undefined) return undefined;
    return new Map([...changed].map((key) => [key, this.find(observableOfKey(key))]));
  }

  /** Whether an indicator should be published at `now`. */
  isWanted(key: ObservableKey, now: number): boolean {
    const indicator = this.#all === undefined ? this.find(observableOfKey(key)) : this.#all.get(key);
    return indicator !== undefined && indicator.expiresAt > now;
  }

  /** Reads the table anew at the next question: a transaction was rolled back. */
  forgetCached(): void {
    this.#all = undefined;
    this.#changed = undefined;
    this.#followed.forget();
  }

  /** The table in memory, to be changed: a copy where others hold it. */
  #changing(): Map<ObservableKey, Indicator> | undefined {
    if (this.#all !== undefined && this.#all === this.#given) this.#all = new Map(this.#all);
    return this.#all;
  }

  #note(key: ObservableKey, id: number): void {
    this.#followed.note(id);
    this.#changed?.add(key);
    if (this.#changed !== undefined && this.#changed.size > MAX_CHANGES) this.#changed = undefined;
  }

  #read(): Map<ObservableKey, Indicator> {
    const all = new Map<ObservableKey, Indicator>();
    // SQLite hands out a text of its own for each row, and there are but a few different ones.
    const texts = new Map<string, string>();
    const shared = (text: string): string => {
      const known = texts.get(text);
      if (known === undefined) texts.set(text, text);
      return known ?? text;
    };
    for (const row of this.#whole.iterate()) {
      const indicator = indicatorOf(row);
      const { value } = indicator.observable;
      const { permalink } = row;
      // Most end in the name, which is there already: then V8 keeps two references instead of a text.
      const link = permalink.endsWith(value) ? shared(permalink.slice(0, -value.length)) + value : permalink;
      all.set(row.key, { ...indicator, source: shared(row.source), ratio: shared(row.ratio), permalink: link });
    }
    return all;
  }

  /** What is past its end and still wanted. */
  expired(now: number): readonly Indicator[] {
    return this.#expired.all(now).map(indicatorOf);
  }
}

function indicatorOf(row: Row): Indicator {
  return {
    observable: observableOfKey(row.key),
    subdomains: row.subdomains === 1,
    source: row.source,
    ratio: row.ratio,
    strong: row.strong === 1,
    engines: row.engines,
    permalink: row.permalink,
    since: row.since,
    expiresAt: row.expires_at,
  };
}
