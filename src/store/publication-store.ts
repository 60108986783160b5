import type { Statement } from 'better-sqlite3';
import type { Observable, ObservableKey } from '../core/observable.ts';
import type { ChangedIndicators } from './changed-indicators.ts';
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
  readonly #changed: ChangedIndicators;
  readonly #withdraw: Statement;
  readonly #withdrawOne: Statement;
  readonly #publish: Statement;
  readonly #publishOne: Statement;
  readonly #later: Statement<[number], { id: number }>;
  readonly #since: Statement<[number, number], { since: number }>;
  readonly #mend: Statement;
  readonly #prove: Statement;
  readonly #proveAgain: Statement;
  readonly #place: Statement;
  readonly #fail: Statement;
  readonly #drop: Statement;
  readonly #of: Statement<[number], Row>;
  readonly #counts: Statement<[], { target: string; state: Publication['state']; n: number }>;
  readonly #lastProof: Statement<[], { target: string; at: number }>;
  readonly #unsupported = new Map<string, ReadonlySet<ObservableKey>>();
  /** When all rows of a target last got the time of their proof. */
  readonly #provedAt = new Map<string, number>();

  constructor(db: Sqlite, observables: ObservableStore, changed: ChangedIndicators) {
    this.#db = db;
    this.#changed = changed;
    this.#observables = observables;
    this.#withdraw = db.prepare(
      `DELETE FROM publications WHERE target = @target AND NOT EXISTS
         (SELECT 1 FROM indicators AS i WHERE i.observable_id = publications.observable_id AND i.expires_at > @at)`,
    );
    const published = `INSERT INTO publications (target, observable_id, state, published_at)
       SELECT @target, observable_id, 'published', @at FROM indicators WHERE expires_at > @at AND since <= @asOf`;
    this.#publish = db.prepare(`${published} ON CONFLICT (target, observable_id) DO NOTHING`);
    this.#publishOne = db.prepare(
      `${published} AND observable_id = @id ON CONFLICT (target, observable_id) DO NOTHING`,
    );
    this.#withdrawOne = db.prepare('DELETE FROM publications WHERE target = ? AND observable_id = ?');
    this.#later = db.prepare('SELECT observable_id AS id FROM indicators WHERE since > ?');
    this.#since = db.prepare('SELECT since FROM indicators WHERE observable_id = ? AND expires_at > ?');
    this.#mend = db.prepare(
      "UPDATE publications SET state = 'published', error = NULL, published_at = @at WHERE target = @target AND state = 'failed'",
    );
    this.#prove = db.prepare(
      "UPDATE publications SET state = 'proved', proved_at = @at WHERE target = @target AND state = 'published'",
    );
    this.#proveAgain = db.prepare(
      "UPDATE publications SET proved_at = @at WHERE target = @target AND state = 'proved'",
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
      this.#follow(drive);
      const { target, proved, at } = drive;
      this.#mend.run({ target, at });
      for (const [key, error] of drive.failed) this.#fail.run(error, target, this.#observables.idOf(key, at).id);
      for (const key of drive.unsupported) this.#drop.run(target, this.#observables.idOf(key, at).id);
      if (!proved) return;
      this.#prove.run({ target, at });
      if (at - (this.#provedAt.get(target) ?? 0) < PROOF_GRAIN_MS) return;
      this.#proveAgain.run({ target, at });
      this.#provedAt.set(target, at);
    })();
  }

  /** Gives every wanted indicator its row, and takes away those of others. Only what changed is looked at, where that is known. */
  #follow(drive: DriveRecord): void {
    const { target, at, asOf } = drive;
    const changed = this.#changed.of(target);
    const left: number[] = [];
    if (changed === undefined) {
      this.#withdraw.run({ target, at });
      this.#publish.run({ target, at, asOf });
      for (const { id } of this.#later.all(asOf)) left.push(id);
    } else {
      for (const id of changed) {
        const wanted = this.#since.get(id, at);
        if (wanted === undefined) this.#withdrawOne.run(target, id);
        else if (wanted.since <= asOf) this.#publishOne.run({ target, id, at, asOf });
        else left.push(id);
      }
    }
    this.#changed.follow(target, left);
    this.#takeBack(drive);
  }

  /** What a target could not hold at the drive before, and can now. */
  #takeBack({ target, at, asOf, unsupported }: DriveRecord): void {
    for (const key of this.#unsupported.get(target) ?? []) {
      if (unsupported.has(key)) continue;
      this.#publishOne.run({ target, id: this.#observables.idOf(key, at).id, at, asOf });
    }
    this.#unsupported.set(target, unsupported);
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
