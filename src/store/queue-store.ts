import type { Statement } from 'better-sqlite3';
import { type Observable, observableOfKey } from '../core/observable.ts';
import { CandidateStore } from './candidate-store.ts';
import type { ObservableStore } from './observable-store.ts';
import { QueueBudget, type QueueOrigin } from './queue-budget.ts';
import { PER_UNIT, ScoreParts } from './score-parts.ts';
import type { Sqlite } from './sqlite-file.ts';

/** One question that waits. */
export interface QueuedQuestion {
  readonly observable: Observable;
  readonly observableId: number;
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
  readonly observable_id: number;
  readonly key: string;
  readonly lane: string;
  readonly score: number;
  readonly parts: string;
  readonly enqueued_at: number;
  readonly not_before: number;
  readonly attempts: number;
  readonly last_error: string | null;
}

const SELECT = `SELECT observable_id, key, lane, score, parts, enqueued_at, not_before, attempts, last_error
  FROM lookup_queue JOIN observables ON observables.id = observable_id`;

/** The table `lookup_queue`. */
export class QueueStore {
  /** What was seen and may enter the queue. */
  readonly candidates: CandidateStore;
  readonly #observables: ObservableStore;
  readonly #budget: QueueBudget;
  readonly #parts: ScoreParts;
  readonly #waiting: Statement<[number], { lane: string; score: number }>;
  readonly #insert: Statement;
  readonly #raise: Statement;
  readonly #rescore: Statement;
  readonly #next: Statement<[string, number], Row>;
  readonly #find: Statement<[number], Row>;
  readonly #from: Statement<[number, number], Row>;
  readonly #after: Statement<[number, number], Row>;
  readonly #remove: Statement;
  readonly #postpone: Statement;
  readonly #lease: Statement;
  readonly #endLeases: Statement;
  readonly #size: Statement<[], { n: number; oldest: number | null }>;
  readonly #trim: Statement;
  readonly #trimAny: Statement;
  #length: number;
  #refused = 0;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.candidates = new CandidateStore(db);
    this.#observables = observables;
    this.#budget = new QueueBudget(db);
    this.#parts = new ScoreParts(db);
    this.#waiting = db.prepare('SELECT lane, score FROM lookup_queue WHERE observable_id = ?');
    this.#insert = db.prepare(
      `INSERT INTO lookup_queue (observable_id, lane, score, parts, enqueued_at, not_before, attempts, client, budget_group)
       VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?)`,
    );
    this.#raise = db.prepare('UPDATE lookup_queue SET lane = ?, score = ?, parts = ? WHERE observable_id = ?');
    this.#rescore = db.prepare('UPDATE lookup_queue SET score = ?, parts = ? WHERE observable_id = ?');
    this.#next = db.prepare(`${SELECT} WHERE lane = ? AND not_before <= ? ORDER BY score DESC, observable_id LIMIT 1`);
    this.#find = db.prepare(`${SELECT} WHERE observable_id = ?`);
    this.#from = db.prepare(`${SELECT} WHERE client = ? AND lane = 'new' ORDER BY score DESC LIMIT ?`);
    this.#after = db.prepare(`${SELECT} WHERE observable_id > ? ORDER BY observable_id LIMIT ?`);
    this.#remove = db.prepare('DELETE FROM lookup_queue WHERE observable_id = ?');
    this.#postpone = db.prepare(
      'UPDATE lookup_queue SET not_before = ?, attempts = attempts + 1, last_error = ? WHERE observable_id = ?',
    );
    this.#lease = db.prepare('UPDATE lookup_queue SET not_before = ? WHERE observable_id = ?');
    this.#endLeases = db.prepare('UPDATE lookup_queue SET not_before = 0 WHERE not_before > 0 AND attempts = 0');
    this.#size = db.prepare('SELECT count(*) AS n, min(enqueued_at) AS oldest FROM lookup_queue');
    this.#trim = db.prepare(
      `DELETE FROM lookup_queue WHERE observable_id IN (SELECT observable_id FROM lookup_queue WHERE lane = 'new' ORDER BY score, observable_id DESC LIMIT ?)`,
    );
    this.#trimAny = db.prepare(
      'DELETE FROM lookup_queue WHERE observable_id IN (SELECT observable_id FROM lookup_queue ORDER BY score, observable_id DESC LIMIT ?)',
    );
    this.#length = this.#size.get()?.n ?? 0;
  }

  /** Questions that were not let in, or were put out again, because their client or domain had too many waiting. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Puts a question in, or raises the worth of one that waits. Where the budget of its client or domain is full, the least worthy of
   * them all gives way. Returns whether the question waits now.
   */
  put(
    observableId: number,
    lane: string,
    score: number,
    parts: Readonly<Record<string, number>>,
    now: number,
    origin?: QueueOrigin,
  ): boolean {
    const worth = Math.round(score * PER_UNIT);
    const waiting = this.#waiting.get(observableId);
    if (waiting !== undefined) {
      if (worth > waiting.score) this.#raise.run(lane, worth, this.#parts.write(parts), observableId);
      return true;
    }
    const place = this.#budget.placeOf(origin);
    const room = lane === 'new' ? this.#budget.makeRoom(place, worth) : { ok: true, evicted: [] };
    for (const id of room.evicted) this.#drop(id);
    this.#refused += room.evicted.length + Number(!room.ok);
    if (!room.ok) return false;
    this.#insert.run(observableId, lane, worth, this.#parts.write(parts), now, place.client, place.group);
    this.#length++;
    if (lane === 'new') this.#budget.added(place);
    return true;
  }

  /** Gives a question that waits another worth, up or down. */
  rescore(observableId: number, score: number, parts: Readonly<Record<string, number>>): void {
    this.#rescore.run(Math.round(score * PER_UNIT), this.#parts.write(parts), observableId);
  }

  /** The worthiest question of a lane that may be asked at `now`. */
  next(lane: string, now: number): QueuedQuestion | undefined {
    const row = this.#next.get(lane, now);
    return row === undefined ? undefined : this.#questionOf(row);
  }

  find(observable: Observable): QueuedQuestion | undefined {
    const stored = this.#observables.find(observable);
    const row = stored === undefined ? undefined : this.#find.get(stored.id);
    return row === undefined ? undefined : this.#questionOf(row);
  }

  /** The worthiest new questions that a client brought. */
  waitingFrom(client: string, limit: number): readonly QueuedQuestion[] {
    return this.#from.all(this.#budget.placeOf({ client }).client, limit).map((row) => this.#questionOf(row));
  }

  /** Questions that wait, in the order of their observables, beginning after one: for walking through all of them in steps. */
  waitingAfter(observableId: number, limit: number): readonly QueuedQuestion[] {
    return this.#after.all(observableId, limit).map((row) => this.#questionOf(row));
  }

  remove(observable: Observable): void {
    const stored = this.#observables.find(observable);
    if (stored !== undefined) this.#drop(stored.id);
  }

  /** Leaves a question waiting until `notBefore`, with why it brought no answer. */
  postpone(observable: Observable, notBefore: number, error: string): void {
    const stored = this.#observables.find(observable);
    if (stored !== undefined) this.#postpone.run(notBefore, error, stored.id);
  }

  /** Hides a question until `until` while it is under way: no attempt has failed. */
  lease(observable: Observable, until: number): void {
    const stored = this.#observables.find(observable);
    if (stored !== undefined) this.#lease.run(until, stored.id);
  }

  /** Shows what was under way when an earlier process ended. */
  endLeases(): void {
    this.#endLeases.run();
  }

  /** Drops the least worthy new questions above `limit`, and others only where no new one is left. Returns how many. */
  trim(limit: number): number {
    if (this.#length <= limit) return 0;
    this.#length = this.#size.get()?.n ?? 0;
    if (this.#length <= limit) return 0;
    let dropped = this.#trim.run(this.#length - limit).changes;
    if (this.#length - dropped > limit) dropped += this.#trimAny.run(this.#length - dropped - limit).changes;
    this.#length -= dropped;
    this.#budget.forget();
    return dropped;
  }

  /** Forgets what is kept in memory, after a transaction that changed the queue was rolled back. */
  forgetCachedIds(): void {
    this.#budget.forget();
    this.#parts.forgetCachedIds();
    this.#length = this.size().length;
  }

  size(): { readonly length: number; readonly oldestAt: number | undefined } {
    const row = this.#size.get();
    return { length: row?.n ?? 0, oldestAt: row?.oldest ?? undefined };
  }

  #drop(observableId: number): void {
    this.#budget.removing(observableId);
    this.#length -= this.#remove.run(observableId).changes;
  }

  #questionOf(row: Row): QueuedQuestion {
    return {
      observable: observableOfKey(row.key),
      observableId: row.observable_id,
      lane: row.lane,
      score: row.score / PER_UNIT,
      parts: this.#parts.read(row.parts),
      enqueuedAt: row.enqueued_at,
      notBefore: Math.max(row.not_before, row.enqueued_at),
      attempts: row.attempts,
      lastError: row.last_error ?? undefined,
    };
  }
}
