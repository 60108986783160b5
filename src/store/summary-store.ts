import type { Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** A summary of the central database that has to be made anew. */
export interface SummaryDue {
  readonly scope: 'seen' | 'reports' | 'observable';
  /** Epoch milliseconds of an hour, or the key of an observable. */
  readonly key: string;
}

/** The table `summaries_due`. */
export class SummaryStore {
  readonly #db: Sqlite;
  readonly #note: Statement;
  readonly #next: Statement<[number], SummaryDue>;
  readonly #done: Statement;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#note = db.prepare('INSERT OR IGNORE INTO summaries_due (scope, key) VALUES (?, ?)');
    // Who used what turned out to be bad first, then the newest hours.
    this.#next = db.prepare(
      `SELECT scope, key FROM summaries_due ORDER BY scope = 'observable' DESC, length(key) DESC, key DESC LIMIT ?`,
    );
    this.#done = db.prepare('DELETE FROM summaries_due WHERE scope = ? AND key = ?');
  }

  note(dues: readonly SummaryDue[]): void {
    this.#db.transaction(() => {
      for (const { scope, key } of dues) this.#note.run(scope, key);
    })();
  }

  next(limit: number): readonly SummaryDue[] {
    return this.#next.all(limit);
  }

  done({ scope, key }: SummaryDue): void {
    this.#done.run(scope, key);
  }
}
