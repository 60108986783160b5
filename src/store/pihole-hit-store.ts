import type { Statement } from 'better-sqlite3';
import { hourOf } from '../core/sighting.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

/** A device that asked Pi-hole for a name which we had blocked there. */
export interface PiholeHitRow {
  readonly name: string;
  /** Canonical address; `''` where Pi-hole hides it. */
  readonly client: string;
  readonly count: number;
}

/** The table `pihole_hits`. */
export class PiholeHitStore {
  readonly #observables: ObservableStore;
  readonly #add: Statement;
  readonly #prune: Statement;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.#observables = observables;
    this.#add = db.prepare(
      `INSERT INTO pihole_hits (observable_id, hour, client, count, last_seen) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (observable_id, hour, client) DO UPDATE SET count = count + excluded.count,
         last_seen = max(last_seen, excluded.last_seen)`,
    );
    this.#prune = db.prepare('DELETE FROM pihole_hits WHERE hour < ?');
  }

  /** Adds to the hour that holds `at`. A name that was never seen, asked or named here is none of ours and left out. */
  add(at: number, hits: readonly PiholeHitRow[]): void {
    for (const { name, client, count } of hits) {
      const stored = this.#observables.find({ kind: 'domain', value: name });
      if (stored !== undefined) this.#add.run(stored.id, hourOf(at), client, count, at);
    }
  }

  prune(before: number): number {
    return this.#prune.run(before).changes;
  }
}
