import type { Statement } from 'better-sqlite3';
import { type Observable, observableOfKey } from '../core/observable.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

/** One question that waits. */
export interface QueuedQuestion {
  readonly observable: Observable;
  readonly lane: string;
  readonly score: number;
  /** What the score is made of, by name. */
  readonly parts: Readonly<Record<string, number>>;
  readonly enqueuedAt: number;
  readonly notBefore: number;
  readonly attempts: number;
  readonly lastError: string | undefined;
}

interface Row {
  readonly key: string;
  readonly lane: string;
  readonly score: number;
  readonly parts: string;
  readonly enqueued_at: number;
  readonly not_before: number;
  readonly attempts: number;
  readonly last_error: string | null;
}

const SELECT = `SELECT key, lane, score, parts, enqueued_at, not_before, attempts, last_error
  FROM lookup_queue JOIN observables ON observables.id = observable_id`;

/** The table `lookup_queue`. */
export class QueueStore {
  readonly #observables: ObservableStore;
  readonly #insert: Statement;
  readonly #next: Statement<[string, number], Row>;
  readonly #find: Statement<[number], Row>;
  readonly #remove: Statement;
  readonly #postpone: Statement;
  readonly #size: Statement<[], { n: number; oldest: number | null }>;
  readonly #trim: Statement;
  #length: number;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.#observables = observables;
    this.#insert = db.prepare(
      `INSERT INTO lookup_queue (observable_id, lane, score, parts, enqueued_at, not_before, attempts) VALUES (?, ?, ?, ?, ?, ?, 0)
       ON CONFLICT (observable_id) DO UPDATE SET lane = excluded.lane, score = excluded.score, parts = excluded.parts
       WHERE excluded.score > score`,
    );
    this.#next = db.prepare(`${SELECT} WHERE lane = ? AND not_before <= ? ORDER BY score DESC, enqueued_at LIMIT 1`);
    this.#find = db.prepare(`${SELECT} WHERE observable_id = ?`);
    this.#remove = db.prepare('DELETE FROM lookup_queue WHERE observable_id = ?');
    this.#postpone = db.prepare(
      'UPDATE lookup_queue SET not_before = ?, attempts = attempts + 1, last_error = ? WHERE observable_id = ?',
    );
    this.#size = db.prepare('SELECT count(*) AS n, min(enqueued_at) AS oldest FROM lookup_queue');
    this.#trim = db.prepare(
      `DELETE FROM lookup_queue WHERE observable_id IN (SELECT observable_id FROM lookup_queue WHERE lane = 'new' ORDER BY score, enqueued_at DESC LIMIT ?)`,
    );
    this.#length = this.#size.get()?.n ?? 0;
  }

  /** Puts a question in, or raises the worth of one that waits. */
  put(observableId: number, lane: string, score: number, parts: Readonly<Record<string, number>>, now: number): void {
    const changed = this.#insert.run(observableId, lane, score, JSON.stringify(parts), now, now).changes;
    // An upsert that only updated counts too many here; `trim` and `size` count the table itself.
    this.#length += changed;
  }

  /** The worthiest question of a lane that may be asked at `now`. */
  next(lane: string, now: number): QueuedQuestion | undefined {
    const row = this.#next.get(lane, now);
    return row === undefined ? undefined : questionOf(row);
  }

  find(observable: Observable): QueuedQuestion | undefined {
    const stored = this.#observables.find(observable);
    const row = stored === undefined ? undefined : this.#find.get(stored.id);
    return row === undefined ? undefined : questionOf(row);
  }

  remove(observable: Observable): void {
    const stored = this.#observables.find(observable);
    if (stored !== undefined) this.#length -= this.#remove.run(stored.id).changes;
  }

  /** Leaves a question waiting until `notBefore`, with why it brought no answer. */
  postpone(observable: Observable, notBefore: number, error: string): void {
    const stored = this.#observables.find(observable);
    if (stored !== undefined) this.#postpone.run(notBefore, error, stored.id);
  }

  /** Drops the least worthy new questions above `limit`. Returns how many. */
  trim(limit: number): number {
    if (this.#length <= limit) return 0;
    this.#length = this.#size.get()?.n ?? 0;
    if (this.#length <= limit) return 0;
    const dropped = this.#trim.run(this.#length - limit).changes;
    this.#length -= dropped;
    return dropped;
  }

  size(): { readonly length: number; readonly oldestAt: number | undefined } {
    const row = this.#size.get();
    return { length: row?.n ?? 0, oldestAt: row?.oldest ?? undefined };
  }
}

function questionOf(row: Row): QueuedQuestion {
  return {
    observable: observableOfKey(row.key),
    lane: row.lane,
    score: row.score,
    parts: JSON.parse(row.parts) as Record<string, number>,
    enqueuedAt: row.enqueued_at,
    notBefore: row.not_before,
    attempts: row.attempts,
    lastError: row.last_error ?? undefined,
  };
}
