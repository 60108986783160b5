import type { Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** The table `judged_by`: what verdicts were made by, besides the evidence, when everything was last judged. */
export class BasisStore {
  readonly #read: Statement<[], { fingerprint: string }>;
  readonly #keep: Statement;

  constructor(db: Sqlite) {
    this.#read = db.prepare('SELECT fingerprint FROM judged_by');
    this.#keep = db.prepare(
      'INSERT INTO judged_by (one, fingerprint) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET fingerprint = excluded.fingerprint',
    );
  }

  /** `undefined` before everything was ever judged. */
  read(): string | undefined {
    return this.#read.get()?.fingerprint;
  }

  keep(fingerprint: string): void {
    this.#keep.run(fingerprint);
  }
}
