import type { Statement } from 'better-sqlite3';
import type { Observable, ObservableKey } from '../core/observable.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

/** Where an indicator stands at one target. */
export interface Publication {
  readonly target: string;
  readonly state: 'published' | 'proved' | 'failed';
  readonly error: string | undefined;
  readonly publishedAt: number | undefined;
  readonly provedAt: number | undefined;
}

/** What a drive of a target came to. */
export interface DriveRecord {
  readonly target: string;
  readonly proved: boolean;
  readonly failed: ReadonlyMap<ObservableKey, string>;
  readonly unsupported: ReadonlySet<ObservableKey>;
  /** The drive was about these alone, and all of them are in place; everything else stands as it is. Absent: about all. */
  readonly only?: ReadonlySet<ObservableKey>;
  readonly at: number;
  /** When the state that was driven was read: what was decided after that was not part of it. */
  readonly asOf: number;
}

interface Row {
  readonly target: string;
  readonly state: Publication['state'];
  readonly error: string | null;
  readonly published_at: number | null;
  readonly proved_at: number | null;
}

/**
 * The time of a proof is kept this coarsely for what was proved before: 100,000 rows written at each drive would hold everything up
 * for a third of a second.
 */
const PROOF_GRAIN_MS = 3_600_000;

/** The table `publications`. Written by set, since a drive of 100,000 indicators must not be 100,000 statements. */
export class PublicationStore {
  readonly #db: Sqlite;
  readonly #observables: ObservableStore;
  readonly #withdraw: Statement;
  readonly #publish: Statement;
  readonly #prove: Statement;
  readonly #place: Statement;
  readonly #fail: Statement;
  readonly #drop: Statement;
  readonly #of: Statement<[number], Row>;
  readonly #counts: Statement<[], { target: string; state: Publication['state']; n: number }>;
  readonly #lastProof: Statement<[], { target: string; at: number }>;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.#db = db;
    this.#observables = observables;
    this.#withdraw = db.prepare(
      'DELETE FROM publications WHERE target = ? AND observable_id NOT IN (SELECT observable_id FROM indicators WHERE expires_at > ?)',
    );
    this.#publish = db.prepare(
      `INSERT INTO publications (target, observable_id, state, published_at)
       SELECT @target, observable_id, 'published', @at FROM indicators WHERE expires_at > @at AND since <= @asOf
         AND NOT EXISTS (SELECT 1 FROM publications AS p
           WHERE p.target = @target AND p.observable_id = indicators.observable_id AND p.state <> 'failed')
       ON CONFLICT (target, observable_id) DO UPDATE SET state = 'published', error = NULL, published_at = excluded.published_at
       WHERE state = 'failed'`,
    );
    this.#prove = db.prepare(
      `UPDATE publications SET state = 'proved', proved_at = @at
       WHERE target = @target AND (state = 'published' OR (state = 'proved' AND proved_at < @at - ${PROOF_GRAIN_MS}))`,
    );
    this.#place = db.prepare(
      `INSERT INTO publications (target, observable_id, state, published_at, proved_at)
       SELECT @target, observable_id, @state, @at, @provedAt FROM indicators WHERE observable_id = @id
       ON CONFLICT (target, observable_id) DO UPDATE SET state = excluded.state, error = NULL,
         published_at = coalesce(published_at, excluded.published_at), proved_at = excluded.proved_at`,
    );
    this.#fail = db.prepare(
      "UPDATE publications SET state = 'failed', error = ?, published_at = NULL, proved_at = NULL WHERE target = ? AND observable_id = ?",
    );
    this.#drop = db.prepare('DELETE FROM publications WHERE target = ? AND observable_id = ?');
    this.#of = db.prepare(
      'SELECT target, state, error, published_at, proved_at FROM publications WHERE observable_id = ? ORDER BY target',
    );
    this.#counts = db.prepare('SELECT target, state, count(*) AS n FROM publications GROUP BY target, state');
    this.#lastProof = db.prepare(
      'SELECT target, max(proved_at) AS at FROM publications WHERE proved_at IS NOT NULL GROUP BY target',
    );
  }

  /** Makes the record of a target equal to what a drive came to. */
  record(drive: DriveRecord): void {
    if (drive.only !== undefined) {
      this.#recordOnly(drive, drive.only);
      return;
    }
    this.#db.transaction(() => {
      this.#withdraw.run(drive.target, drive.at);
      this.#publish.run({ target: drive.target, at: drive.at, asOf: drive.asOf });
      for (const [key, error] of drive.failed)
        this.#fail.run(error, drive.target, this.#observables.idOf(key, drive.at).id);
      for (const key of drive.unsupported) this.#drop.run(drive.target, this.#observables.idOf(key, drive.at).id);
      if (drive.proved) this.#prove.run({ target: drive.target, at: drive.at });
    })();
  }

  #recordOnly({ target, proved, at }: DriveRecord, keys: ReadonlySet<ObservableKey>): void {
    const [state, provedAt] = proved ? ['proved', at] : ['published', null];
    this.#db.transaction(() => {
      for (const key of keys) this.#place.run({ target, id: this.#observables.idOf(key, at).id, state, at, provedAt });
    })();
  }

  /** Where an observable is published. */
  of(observable: Observable): readonly Publication[] {
    const stored = this.#observables.find(observable);
    return stored === undefined ? [] : this.#of.all(stored.id).map(publicationOf);
  }

  /** How many indicators stand in each state, by target. */
  counts(): ReadonlyMap<string, Readonly<Record<Publication['state'], number>>> {
    const counts = new Map<string, Record<Publication['state'], number>>();
    for (const { target, state, n } of this.#counts.all()) {
      const ofTarget = counts.get(target) ?? { published: 0, proved: 0, failed: 0 };
      ofTarget[state] = n;
      counts.set(target, ofTarget);
    }
    return counts;
  }

  /** When each target last proved anything. */
  lastProofs(): ReadonlyMap<string, number> {
    return new Map(this.#lastProof.all().map((row) => [row.target, row.at]));
  }
}

function publicationOf(row: Row): Publication {
  return {
    target: row.target,
    state: row.state,
    error: row.error ?? undefined,
    publishedAt: row.published_at ?? undefined,
    provedAt: row.proved_at ?? undefined,
  };
}
