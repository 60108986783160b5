import type { Statement } from 'better-sqlite3';
import type { Override } from '../core/override.ts';
import { parsePattern } from '../core/pattern.ts';
import type { Sqlite } from './sqlite-file.ts';

interface Row {
  readonly pattern: string;
  readonly action: 'block' | 'allow';
  readonly reason: string;
  readonly created_at: number;
  readonly expires_at: number | null;
}

/** The table `overrides`: what operators said. The allow list of the configuration file is not in it. */
export class OverrideStore {
  readonly #upsert: Statement;
  readonly #remove: Statement;
  readonly #all: Statement<[number], Row>;
  readonly #ended: Statement<[number], Row>;

  constructor(db: Sqlite) {
    this.#upsert = db.prepare(
      `INSERT INTO overrides (pattern, action, reason, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (pattern) DO UPDATE SET action = excluded.action, reason = excluded.reason,
         created_at = excluded.created_at, expires_at = excluded.expires_at`,
    );
    this.#remove = db.prepare('DELETE FROM overrides WHERE pattern = ?');
    this.#all = db.prepare(
      'SELECT pattern, action, reason, created_at, expires_at FROM overrides WHERE expires_at IS NULL OR expires_at > ? ORDER BY created_at',
    );
    this.#ended = db.prepare(
      'SELECT pattern, action, reason, created_at, expires_at FROM overrides WHERE expires_at <= ? ORDER BY created_at',
    );
  }

  /** Keeps an operator's word; the last word about a pattern holds. */
  keep(override: Override): void {
    this.#upsert.run(
      override.pattern.text,
      override.action,
      override.reason,
      override.createdAt,
      override.expiresAt ?? null,
    );
  }

  /** Takes a word back. Returns whether there was one. */
  remove(pattern: string): boolean {
    return this.#remove.run(pattern).changes > 0;
  }

  /** The words whose time is over at `now`. */
  ended(now: number): readonly Override[] {
    return this.#ended.all(now).flatMap(overrideOf);
  }

  /** The words that hold at `now`, the oldest first. */
  current(now: number): readonly Override[] {
    return this.#all.all(now).flatMap(overrideOf);
  }
}

function overrideOf(row: Row): readonly Override[] {
  const pattern = parsePattern(row.pattern);
  if (!pattern.ok) return [];
  const { action, reason } = row;
  const expiry = row.expires_at === null ? {} : { expiresAt: row.expires_at };
  return [{ action, pattern: pattern.value, reason, origin: 'operator', createdAt: row.created_at, ...expiry }];
}
