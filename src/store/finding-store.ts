import type { Statement } from 'better-sqlite3';
import { type Observable, observableOfKey } from '../core/observable.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

/** One client that had used an observable when that turned out to be bad. Times are epoch milliseconds. */
export interface Finding {
  readonly observable: Observable;
  readonly client: string;
  readonly foundAt: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly count: number;
}

interface Row {
  readonly key: string;
  readonly client: string;
  readonly found_at: number;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly count: number;
}

const SELECT = `SELECT key, client, found_at, findings.first_seen AS first_seen, last_seen, count
  FROM findings JOIN observables ON observables.id = observable_id`;

/** The table `findings`. */
export class FindingStore {
  readonly #observables: ObservableStore;
  readonly #lookBack: Statement;
  readonly #of: Statement<[number], Row>;
  readonly #since: Statement<[number, number], Row>;
  readonly #count: Statement<[number], { n: number }>;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.#observables = observables;
    this.#lookBack = db.prepare(
      `INSERT INTO findings (observable_id, client, found_at, first_seen, last_seen, count)
       SELECT observable_id, address, @at, min(first_seen), max(last_seen), sum(count)
       FROM sightings_hourly JOIN clients ON clients.id = client_id WHERE observable_id = @id GROUP BY client_id
       ON CONFLICT (observable_id, client) DO UPDATE SET found_at = excluded.found_at,
         last_seen = max(last_seen, excluded.last_seen), count = max(count, excluded.count)`,
    );
    this.#of = db.prepare(`${SELECT} WHERE observable_id = ? ORDER BY last_seen DESC`);
    this.#since = db.prepare(`${SELECT} WHERE found_at >= ? ORDER BY found_at DESC, last_seen DESC LIMIT ?`);
    this.#count = db.prepare('SELECT count(*) AS n FROM findings WHERE found_at >= ?');
  }

  /** Keeps who used an observable until now, when it turned out to be bad. Returns how many clients did. */
  lookBack(observable: Observable, at: number): number {
    const stored = this.#observables.find(observable);
    return stored === undefined ? 0 : this.#lookBack.run({ id: stored.id, at }).changes;
  }

  of(observable: Observable): readonly Finding[] {
    const stored = this.#observables.find(observable);
    return stored === undefined ? [] : this.#of.all(stored.id).map(findingOf);
  }

  /** What turned out to be bad since `since`, and who had used it: the latest first. */
  since(since: number, limit: number): readonly Finding[] {
    return this.#since.all(since, limit).map(findingOf);
  }

  countSince(since: number): number {
    return this.#count.get(since)?.n ?? 0;
  }
}

function findingOf(row: Row): Finding {
  return {
    observable: observableOfKey(row.key),
    client: row.client,
    foundAt: row.found_at,
    firstSeenAt: row.first_seen,
    lastSeenAt: row.last_seen,
    count: row.count,
  };
}
