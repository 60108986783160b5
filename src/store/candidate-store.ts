import type { Statement } from 'better-sqlite3';
import { keyOf, type Observable, type ObservableKey, observableOfKey } from '../core/observable.ts';
import { hourOf } from '../core/sighting.ts';
import type { VerdictState } from '../core/verdict.ts';
import type { Sqlite } from './sqlite-file.ts';

/** Something seen lately that has no answer of its own. */
export interface Candidate {
  readonly id: number;
  readonly key: ObservableKey;
  /** One of the clients that saw it; `''` where none is named. */
  readonly client: string;
}

/** What is held of an observable. */
export interface HeldState {
  readonly state: VerdictState;
  readonly blocked: boolean;
  /** When it was last judged, epoch milliseconds; 0 where it never was. */
  readonly judgedAt: number;
}

/** A registrable domain with the hosts below it. */
export interface DomainHistory {
  /** How many clients used them, as far as the first rows show. */
  readonly clients: number;
  /** When the first was seen, epoch milliseconds. */
  readonly firstSeenAt: number | undefined;
}

/** Values of a statement's named parameters. */
type Named = Readonly<Record<string, number | string>>;

interface HeldRow {
  readonly state: VerdictState;
  readonly block: number;
  readonly judged_at: number;
}

/** Old answers that may wait to be asked for again. More would push out new names and still not be asked. */
const MOST_RECHECKS = 10_000;

/** Rows looked at for one question about the hosts below a domain: a domain with 100,000 hosts must not hold up the rest. */
const MOST_ROWS = 2_000;

/** Sightings looked at to tell how many clients use a domain: enough to tell one from a few from many. */
const MOST_SIGHTINGS = 200;

const CLIENT = `coalesce((SELECT address FROM sightings_hourly AS s JOIN clients ON clients.id = s.client_id
  WHERE s.observable_id = o.id ORDER BY s.hour DESC LIMIT 1), '')`;

/** Questions about what was seen, across the tables that say whether it was answered. Reads only, each within a bound. */
export class CandidateStore {
  readonly #held: Statement<[string], HeldRow>;
  readonly #seen: Statement<[Named], { seen: number }>;
  readonly #byKey: Statement<[string], { id: number }>;
  readonly #due: Statement<[Named], { key: string }>;
  readonly #history: Statement<[{ registrable: string }], readonly [clients: number, firstSeenAt: number | null]>;
  readonly #hosts: Statement<[string, number, number], Candidate>;
  readonly #unanswered: Statement<[Named], Candidate>;
  readonly #newClients: Statement<[Named], Candidate>;
  readonly #last: Statement<[], { id: number | null }>;

  constructor(db: Sqlite) {
    this.#held = db.prepare(
      'SELECT state, block, judged_at FROM verdicts JOIN observables ON observables.id = observable_id WHERE key = ?',
    );
    this.#seen = db.prepare(
      `SELECT 1 AS seen FROM (SELECT @id AS id UNION ALL
         SELECT * FROM (SELECT id FROM observables WHERE registrable = @below ORDER BY id DESC LIMIT ${MOST_ROWS})) AS o
       WHERE EXISTS (SELECT 1 FROM sightings_hourly WHERE observable_id = o.id AND hour >= @since) LIMIT 1`,
    );
    this.#byKey = db.prepare('SELECT id FROM observables WHERE key = ?');
    this.#due = db.prepare(
      `SELECT o.key FROM verdicts AS v JOIN observables AS o ON o.id = v.observable_id
       WHERE v.recheck_at IS NOT NULL AND v.recheck_at <= @now AND NOT EXISTS (SELECT 1 FROM lookup_queue WHERE observable_id = v.observable_id)
         AND (v.block = 1 OR (SELECT count(*) FROM lookup_queue WHERE lane = 'recheck') < ${MOST_RECHECKS})
       ORDER BY v.block DESC, v.recheck_at LIMIT @limit`,
    );
    // Gives an array: every new name asks it, and an object for the row would cost about as much as the row.
    this.#history = db
      .prepare<{ registrable: string }>(
        `SELECT (SELECT count(DISTINCT client_id) FROM (SELECT client_id FROM observables AS o
           JOIN sightings_hourly AS s ON s.observable_id = o.id WHERE o.registrable = @registrable LIMIT ${MOST_SIGHTINGS})),
         (SELECT first_seen FROM observables WHERE registrable = @registrable ORDER BY id LIMIT 1)`,
      )
      .raw() as Statement<[{ registrable: string }], readonly [number, number | null]>;
    this.#hosts = db.prepare(
      `SELECT o.id, o.key, ${CLIENT} AS client FROM
         (SELECT id, key FROM observables WHERE registrable = ? ORDER BY id DESC LIMIT ${MOST_ROWS}) AS o
       WHERE substr(o.key, 1, 7) = 'domain:' AND NOT EXISTS (SELECT 1 FROM verdicts WHERE observable_id = o.id)
         AND EXISTS (SELECT 1 FROM sightings_hourly WHERE observable_id = o.id AND hour >= ?) LIMIT ?`,
    );
    this.#unanswered = db.prepare(
      `SELECT o.id, o.key, ${CLIENT} AS client FROM observables AS o WHERE o.id > @after AND o.id <= @upTo
         AND NOT EXISTS (SELECT 1 FROM verdicts WHERE observable_id = o.id)
         AND NOT EXISTS (SELECT 1 FROM lookup_queue WHERE observable_id = o.id)
         AND NOT EXISTS (SELECT 1 FROM lookups WHERE lookups.observable_id = o.id AND outcome = 'refused')
         AND EXISTS (SELECT 1 FROM sightings_hourly WHERE observable_id = o.id AND hour >= @since)
         AND NOT EXISTS (SELECT 1 FROM observables AS r JOIN verdicts ON verdicts.observable_id = r.id
           WHERE r.key = 'domain:' || o.registrable AND r.id <> o.id AND state IN ('clean', 'noise'))
         AND NOT EXISTS (SELECT 1 FROM observables AS r JOIN lookup_queue AS q ON q.observable_id = r.id
           WHERE r.key = 'domain:' || o.registrable AND r.id <> o.id)`,
    );
    this.#newClients = db.prepare(
      `SELECT o.id, o.key, ${CLIENT} AS client FROM verdicts AS v JOIN observables AS o ON o.id = v.observable_id
       WHERE v.observable_id > @after AND v.observable_id <= @upTo AND v.state IN ('not_found', 'no_opinion', 'noise', 'suspicious')
         AND v.recheck_at > @now AND v.judged_at < @now - 3600000
         AND NOT EXISTS (SELECT 1 FROM lookup_queue WHERE observable_id = o.id)
         AND EXISTS (SELECT 1 FROM sightings_hourly AS s WHERE s.observable_id = o.id AND s.hour >= @since AND s.first_seen > v.judged_at
           AND NOT EXISTS (SELECT 1 FROM sightings_hourly AS e
             WHERE e.observable_id = o.id AND e.client_id = s.client_id AND e.first_seen <= v.judged_at))`,
    );
    this.#last = db.prepare('SELECT max(id) AS id FROM observables');
  }

  /** What an observable is held to be; `unasked` where nothing is kept. */
  heldOf(observable: Observable): HeldState {
    const row = this.#held.get(keyOf(observable));
    if (row === undefined) return { state: 'unasked', blocked: false, judgedAt: 0 };
    return { state: row.state, blocked: row.block === 1, judgedAt: row.judged_at };
  }

  /** Whether an observable, or for a registrable domain a host below it, was seen in the hour of `since` or later. */
  seenSince(observable: Observable, since: number): boolean {
    const id = this.#byKey.get(keyOf(observable))?.id ?? 0;
    const below = observable.kind === 'domain' ? observable.value : '';
    return this.#seen.get({ id, below, since: hourOf(since) }) !== undefined;
  }

  /** Observables whose kept answer is due to be asked for again and does not wait for it yet: what is blocked first. */
  dueForRecheck(now: number, limit: number): readonly Observable[] {
    return this.#due.all({ now, limit }).map(({ key }) => observableOfKey(key));
  }

  /** What is known of a registrable domain and the hosts below it. */
  historyOf(registrable: string): DomainHistory {
    const [clients, firstSeenAt] = this.#history.get({ registrable }) ?? [0, null];
    return { clients, firstSeenAt: firstSeenAt ?? undefined };
  }

  /** The latest hosts below a registrable domain that were seen since `since` and have no answer of their own. */
  hostsBelow(registrable: string, since: number, limit: number): readonly Candidate[] {
    return this.#hosts.all(registrable, since, limit);
  }

  /** Of the observables with row numbers above `after` and up to `upTo`: seen since `since`, unanswered, and nobody waits to ask. */
  unansweredSeen(after: number, upTo: number, since: number): readonly Candidate[] {
    return this.#unanswered.all({ after, upTo, since });
  }

  /** Of the same range: answered without settling it, and since then used by a client that had not used it before. */
  withNewClients(after: number, upTo: number, since: number, now: number): readonly Candidate[] {
    return this.#newClients.all({ after, upTo, since, now });
  }

  /** The highest row number of an observable. */
  lastId(): number {
    return this.#last.get()?.id ?? 0;
  }
}
