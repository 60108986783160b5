import type { Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** An entry of ours in a Pi-hole: where, what, in which state, since when (epoch milliseconds). */
export interface PiholeEntryRow {
  readonly place: 'deny/exact' | 'deny/regex' | 'allow/exact';
  readonly item: string;
  readonly state: 'asked' | 'placed' | 'removed';
  readonly at: number;
}

/** The table `pihole_entries`: what we made in Pi-hole, and may therefore delete. */
export class PiholeStore {
  readonly #all: Statement<[], PiholeEntryRow>;
  readonly #remember: Statement<[PiholeEntryRow]>;
  readonly #forget: Statement<[string, string]>;

  constructor(db: Sqlite) {
    this.#all = db.prepare('SELECT place, item, state, at FROM pihole_entries ORDER BY place, item');
    this.#remember = db.prepare(
      `INSERT INTO pihole_entries (place, item, state, at) VALUES (@place, @item, @state, @at)
       ON CONFLICT (place, item) DO UPDATE SET state = excluded.state, at = excluded.at`,
    );
    this.#forget = db.prepare('DELETE FROM pihole_entries WHERE place = ? AND item = ?');
  }

  all(): readonly PiholeEntryRow[] {
    return this.#all.all();
  }

  /** Adds an entry, or changes its state. */
  remember({ place, item, state, at }: PiholeEntryRow): void {
    this.#remember.run({ place, item, state, at });
  }

  forget(place: string, item: string): void {
    this.#forget.run(place, item);
  }
}
