import type { Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** What a source says of one window of our key's allowance. */
export interface StoredAllowance {
  readonly window: string;
  readonly allowed: number;
  /** Spent with the same key by others in the window that holds `readAt`. */
  readonly foreignUsed: number;
  readonly readAt: number;
}

interface AllowanceRow {
  readonly window: string;
  readonly allowed: number;
  readonly foreign_used: number;
  readonly read_at: number;
}

/** The tables `quota_spent` and `quota_allowed`. */
export class QuotaStore {
  readonly #add: Statement;
  readonly #spent: Statement<[string, string, number], { lane: string; used: number }>;
  readonly #allow: Statement;
  readonly #allowed: Statement<[string], AllowanceRow>;
  readonly #prune: Statement;

  constructor(db: Sqlite) {
    this.#add = db.prepare(
      `INSERT INTO quota_spent (source, window, starts_at, lane, used) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (source, window, starts_at, lane) DO UPDATE SET used = max(0, used + excluded.used)`,
    );
    this.#spent = db.prepare('SELECT lane, used FROM quota_spent WHERE source = ? AND window = ? AND starts_at = ?');
    this.#allow = db.prepare(
      `INSERT INTO quota_allowed (source, window, allowed, foreign_used, read_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (source, window) DO UPDATE SET allowed = excluded.allowed, foreign_used = excluded.foreign_used, read_at = excluded.read_at`,
    );
    this.#allowed = db.prepare('SELECT window, allowed, foreign_used, read_at FROM quota_allowed WHERE source = ?');
    this.#prune = db.prepare("DELETE FROM quota_spent WHERE window = 'minute' AND starts_at < ?");
  }

  /** Adds to what a lane spent in a window; a negative number gives back. */
  add(source: string, window: string, startsAt: number, lane: string, used: number): void {
    this.#add.run(source, window, startsAt, lane, used);
  }

  /** What each lane spent in a window. */
  spent(source: string, window: string, startsAt: number): ReadonlyMap<string, number> {
    return new Map(this.#spent.all(source, window, startsAt).map((row) => [row.lane, row.used]));
  }

  allow(source: string, allowance: StoredAllowance): void {
    this.#allow.run(source, allowance.window, allowance.allowed, allowance.foreignUsed, allowance.readAt);
  }

  allowances(source: string): readonly StoredAllowance[] {
    return this.#allowed.all(source).map((row) => ({
      window: row.window,
      allowed: row.allowed,
      foreignUsed: row.foreign_used,
      readAt: row.read_at,
    }));
  }

  /** Forgets minutes before `before`; days and months stay, for the burn-down. */
  prune(before: number): void {
    this.#prune.run(before);
  }
}
