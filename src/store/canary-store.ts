import type { Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** What came of a canary at one target. */
export interface KeptProof {
  readonly target: string;
  readonly outcome: 'proved' | 'unproved' | 'unsupported' | 'failed' | 'left_behind';
  readonly tookMs: number;
  readonly why?: string;
}

/** One run of a canary over all targets. */
export interface KeptRun {
  readonly at: number;
  readonly name: string;
  readonly targets: readonly KeptProof[];
}

interface Row {
  readonly target: string;
  readonly at: number;
  readonly name: string;
  readonly outcome: KeptProof['outcome'];
  readonly took_ms: number;
  readonly why: string | null;
}

/** The table `canaries`: the last run. */
export class CanaryStore {
  readonly #db: Sqlite;
  readonly #clear: Statement;
  readonly #insert: Statement;
  readonly #all: Statement<[], Row>;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#clear = db.prepare('DELETE FROM canaries');
    this.#insert = db.prepare(
      'INSERT INTO canaries (target, at, name, outcome, took_ms, why) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#all = db.prepare('SELECT target, at, name, outcome, took_ms, why FROM canaries ORDER BY target');
  }

  /** Keeps a run in the place of the one before. */
  keep({ at, name, targets }: KeptRun): void {
    this.#db.transaction(() => {
      this.#clear.run();
      for (const { target, outcome, tookMs, why } of targets)
        this.#insert.run(target, at, name, outcome, Math.round(tookMs), why ?? null);
    })();
  }

  /** The last run; undefined before the first. */
  last(): KeptRun | undefined {
    const rows = this.#all.all();
    const [first] = rows;
    if (first === undefined) return undefined;
    return {
      at: first.at,
      name: first.name,
      targets: rows.map(({ target, outcome, took_ms, why }) => ({
        target,
        outcome,
        tookMs: took_ms,
        ...(why === null ? {} : { why }),
      })),
    };
  }
}
