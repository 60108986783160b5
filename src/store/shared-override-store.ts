import type { Statement } from 'better-sqlite3';
import type { Override } from '../core/override.ts';
import { type Pattern, parsePattern } from '../core/pattern.ts';
import type { Sqlite } from './sqlite-file.ts';

/** What was said last of a pattern for all sensors. `forget`: whatever was said before is taken back. */
export interface SharedWord {
  readonly pattern: Pattern;
  readonly action: 'block' | 'allow' | 'forget';
  readonly reason: string;
  readonly origin: 'operator' | 'config';
  readonly sensor: string;
  /** Epoch milliseconds by our clock. */
  readonly saidAt: number;
  readonly expiresAt?: number;
}

interface Row {
  readonly pattern: string;
  readonly action: SharedWord['action'];
  readonly reason: string;
  readonly origin: SharedWord['origin'];
  readonly sensor: string;
  readonly said_at: number;
  readonly expires_at: number | null;
}

/** Values of `pending` besides 1. */
const KNOWN = 0;
const ASIDE = 2;

const COLUMNS = 'pattern, action, reason, origin, sensor, said_at, expires_at';
const UPSERT = `INSERT INTO shared_overrides (${COLUMNS}, pending) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (pattern) DO UPDATE SET action = excluded.action, reason = excluded.reason, origin = excluded.origin,
    sensor = excluded.sensor, said_at = excluded.said_at, expires_at = excluded.expires_at, pending = excluded.pending`;

/** The table `shared_overrides`: what operators said for all sensors, here and elsewhere. */
export class SharedOverrideStore {
  readonly #upsert: Statement;
  readonly #find: Statement<[string], Row & { readonly pending: number }>;
  readonly #current: Statement<[number], Row>;
  readonly #ended: Statement<[number], Row>;
  readonly #end: Statement;
  readonly #pending: Statement<[number], Row>;
  readonly #settle: Statement;
  readonly #setAside: Statement;
  readonly #clearAside: Statement;
  #cached: { readonly at: number; readonly words: readonly Override[]; readonly until: number } | undefined;

  constructor(db: Sqlite) {
    this.#upsert = db.prepare(UPSERT);
    this.#find = db.prepare(`SELECT ${COLUMNS}, pending FROM shared_overrides WHERE pattern = ?`);
    const holds = `action <> 'forget'`;
    this.#current = db.prepare(
      `SELECT ${COLUMNS} FROM shared_overrides WHERE ${holds} AND (expires_at IS NULL OR expires_at > ?) ORDER BY said_at`,
    );
    this.#ended = db.prepare(`SELECT ${COLUMNS} FROM shared_overrides WHERE ${holds} AND expires_at <= ?`);
    this.#end = db.prepare(`UPDATE shared_overrides SET action = 'forget' WHERE pattern = ?`);
    this.#pending = db.prepare(
      `SELECT ${COLUMNS} FROM shared_overrides WHERE pending = 1 ORDER BY said_at, pattern LIMIT ?`,
    );
    this.#settle = db.prepare('UPDATE shared_overrides SET pending = ? WHERE pattern = ? AND said_at = ?');
    this.#setAside = db.prepare(
      `INSERT OR REPLACE INTO outbox_aside (relation, k1, k2, k3, k4, at, error) VALUES ('shared_overrides', 0, 0, 0, ?, ?, ?)`,
    );
    this.#clearAside = db.prepare(`DELETE FROM outbox_aside WHERE relation = 'shared_overrides' AND k4 = ?`);
  }

  /** Keeps what was said here; the other sensors do not know it yet. */
  say(word: SharedWord): void {
    // After what was said before, also where a clock was set back: or others would take the older word for the last.
    const before = this.#find.get(word.pattern.text);
    const saidAt = Math.max(word.saidAt, (before?.said_at ?? 0) + 1);
    this.#upsert.run(...valuesOf({ ...word, saidAt }), 1);
    this.#clearAside.run(word.pattern.text);
    this.#cached = undefined;
  }

  /**
   * Keeps what the central database says at `now`, unless something later was said here meanwhile. Returns whether it is new: the
   * same word comes again and again, each time a few milliseconds off, since it comes by another clock. One whose time is over
   * ends what it took the place of, or who was away meanwhile would keep the word before it.
   */
  hear(heard: SharedWord, now: number): boolean {
    const known = this.#find.get(heard.pattern.text);
    const isOver = heard.expiresAt !== undefined && heard.expiresAt <= now;
    const word: SharedWord = isOver ? { ...heard, action: 'forget' } : heard;
    const isLater = known === undefined || known.pending === 0 || word.saidAt > known.said_at;
    if (!isLater || (known === undefined ? word.action === 'forget' : isSame(word, known))) return false;
    this.#upsert.run(...valuesOf(word), 0);
    this.#cached = undefined;
    return true;
  }

  /** The word about exactly this pattern, where one holds. */
  find(pattern: string): Override | undefined {
    const row = this.#find.get(pattern);
    return row === undefined || row.action === 'forget' ? undefined : overridesOf(row)[0];
  }

  /** The words that hold at `now`, the oldest first. */
  current(now: number): readonly Override[] {
    // Asked for with every verdict; the set changes by a word, or when one ends.
    if (this.#cached !== undefined && now >= this.#cached.at && now < this.#cached.until) return this.#cached.words;
    const words = this.#current.all(now).flatMap(overridesOf);
    const until = Math.min(...words.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY));
    this.#cached = { at: now, words, until };
    return words;
  }

  /** The words whose time is over at `now`. */
  ended(now: number): readonly Override[] {
    return this.#ended.all(now).flatMap(overridesOf);
  }

  /** Ends a word whose time is over. Every sensor does that by itself, so nobody is told. */
  end(pattern: string): void {
    this.#end.run(pattern);
    this.#cached = undefined;
  }

  /** What the central database does not know yet, the oldest first. */
  pending(limit: number): readonly SharedWord[] {
    return this.#pending.all(limit).flatMap(wordsOf);
  }

  /** The central database knows it, unless something else was said meanwhile. */
  acknowledge({ pattern, saidAt }: SharedWord): void {
    this.#settle.run(KNOWN, pattern.text, saidAt);
    this.#clearAside.run(pattern.text);
  }

  /** The central database refuses it: it holds here, and is told again when it is said again, or by another version. */
  setAside({ pattern, saidAt }: SharedWord, error: string, at: number): void {
    if (this.#settle.run(ASIDE, pattern.text, saidAt).changes > 0) this.#setAside.run(pattern.text, at, error);
  }

  /** Forgets what is kept in memory, after a transaction was rolled back. */
  forgetCached(): void {
    this.#cached = undefined;
  }
}

/** Clocks are compared through a network. */
const SAME_TIME_MS = 5_000;

function isSame(word: SharedWord, row: Row): boolean {
  const { action, reason, sensor, origin } = row;
  const sameEnd = Math.abs((word.expiresAt ?? 0) - (row.expires_at ?? 0)) < SAME_TIME_MS;
  const isSameWord = word.reason === reason && word.sensor === sensor && word.origin === origin;
  return word.action === action && (action === 'forget' || (isSameWord && sameEnd));
}

function valuesOf({ pattern, action, reason, origin, sensor, saidAt, expiresAt }: SharedWord): readonly unknown[] {
  return [pattern.text, action, reason, origin, sensor, saidAt, expiresAt ?? null];
}

function wordsOf(row: Row): readonly SharedWord[] {
  const pattern = parsePattern(row.pattern);
  if (!pattern.ok) return [];
  const { action, reason, origin, sensor } = row;
  const expiry = row.expires_at === null ? {} : { expiresAt: row.expires_at };
  return [{ pattern: pattern.value, action, reason, origin, sensor, saidAt: row.said_at, ...expiry }];
}

function overridesOf(row: Row): readonly Override[] {
  return wordsOf(row).flatMap(({ action, saidAt, ...word }) =>
    action === 'forget' ? [] : [{ ...word, action, createdAt: saidAt, scope: 'all' }],
  );
}
