import type { Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** The table `voice_corrections`: which engines and feeds operators overruled here. */
export class CorrectionStore {
  readonly #insert: Statement;
  readonly #remove: Statement;
  readonly #counts: Statement<[], { voice: string; n: number }>;

  constructor(db: Sqlite) {
    this.#insert = db.prepare('INSERT OR IGNORE INTO voice_corrections (pattern, voice) VALUES (?, ?)');
    this.#remove = db.prepare('DELETE FROM voice_corrections WHERE pattern = ?');
    this.#counts = db.prepare('SELECT voice, count(*) AS n FROM voice_corrections GROUP BY voice');
  }

  /** An operator allowed, by this pattern, what these voices flagged. */
  learn(pattern: string, voices: readonly string[]): void {
    for (const voice of voices) this.#insert.run(pattern, voice);
  }

  /** The word is taken back, or became another. */
  unlearn(pattern: string): void {
    this.#remove.run(pattern);
  }

  /** How often each voice was overruled. */
  counts(): ReadonlyMap<string, number> {
    return new Map(this.#counts.all().map((row) => [row.voice, row.n]));
  }
}
