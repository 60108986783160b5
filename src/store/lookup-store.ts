import type { Statement } from 'better-sqlite3';
import { type Observable, observableOfKey } from '../core/observable.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

/** What came of a question. The last four brought no answer. */
export type LookupOutcome = 'found' | 'not_found' | 'quota' | 'unavailable' | 'credentials' | 'refused';

/** One question that was asked. */
export interface AskedQuestion {
  readonly at: number;
  readonly source: string;
  readonly observable: Observable;
  readonly lane: string;
  readonly outcome: LookupOutcome;
  readonly tookMs: number;
  readonly error: string | undefined;
}

/** One thing that left this machine. */
export interface Disclosure {
  readonly source: string;
  readonly sent: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly times: number;
}

interface Row {
  readonly at: number;
  readonly source: string;
  readonly key: string;
  readonly lane: string;
  readonly outcome: LookupOutcome;
  readonly took_ms: number;
  readonly error: string | null;
}

interface DisclosureRow {
  readonly source: string;
  readonly sent: string;
  readonly first_at: number;
  readonly last_at: number;
  readonly times: number;
}

/** The tables `lookups` and `disclosures`. */
export class LookupStore {
  readonly #observables: ObservableStore;
  readonly #insert: Statement;
  readonly #last: Statement<[number], Row>;
  readonly #disclose: Statement;
  readonly #disclosures: Statement<[number, number], DisclosureRow>;
  readonly #disclosuresOf: Statement<[string], DisclosureRow>;
  readonly #disclosed: Statement<[], { n: number }>;
  readonly #counts: Statement<[number, number, string], { outcome: LookupOutcome; n: number }>;
  readonly #prune: Statement<[number, number]>;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.#observables = observables;
    this.#insert = db.prepare(
      'INSERT INTO lookups (at, source, observable_id, lane, outcome, took_ms, error) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#last = db.prepare(
      `SELECT at, source, key, lane, outcome, took_ms, error FROM lookups JOIN observables ON observables.id = observable_id
       WHERE observable_id = ? ORDER BY lookups.id DESC LIMIT 1`,
    );
    this.#disclose = db.prepare(
      `INSERT INTO disclosures (source, sent, first_at, last_at, times) VALUES (@source, @sent, @at, @at, 1)
       ON CONFLICT (source, sent) DO UPDATE SET last_at = max(last_at, excluded.last_at), times = times + 1`,
    );
    this.#disclosures = db.prepare(
      'SELECT source, sent, first_at, last_at, times FROM disclosures ORDER BY last_at DESC, sent LIMIT ? OFFSET ?',
    );
    this.#disclosuresOf = db.prepare('SELECT source, sent, first_at, last_at, times FROM disclosures WHERE sent = ?');
    this.#disclosed = db.prepare('SELECT count(*) AS n FROM disclosures');
    this.#counts = db.prepare(
      'SELECT outcome, count(*) AS n FROM lookups WHERE at >= ? AND at <= ? AND source = ? GROUP BY outcome',
    );
    const isDue = (table: string): string => `EXISTS (SELECT 1 FROM ${table} WHERE relation = 'lookups' AND k1 = l.id)`;
    this.#prune = db.prepare(
      `DELETE FROM lookups WHERE id IN (SELECT id FROM lookups AS l WHERE at < ? AND outcome <> 'refused'
         AND NOT ${isDue('outbox')} AND NOT ${isDue('outbox_aside')} LIMIT ?)`,
    );
  }

  /** Keeps what came of a question. */
  keep(asked: AskedQuestion): void {
    const { id } = this.#observables.idOf(`${asked.observable.kind}:${asked.observable.value}`, asked.at);
    this.#insert.run(asked.at, asked.source, id, asked.lane, asked.outcome, asked.tookMs, asked.error ?? null);
  }

  /** Keeps that something is about to leave this machine. Before it does. */
  disclose(source: string, sent: string, at: number): void {
    this.#disclose.run({ source, sent, at });
  }

  /** The last question about an observable. */
  last(observable: Observable): AskedQuestion | undefined {
    const stored = this.#observables.find(observable);
    const row = stored === undefined ? undefined : this.#last.get(stored.id);
    if (row === undefined) return undefined;
    const { at, source, lane, outcome } = row;
    return {
      at,
      source,
      lane,
      outcome,
      observable: observableOfKey(row.key),
      tookMs: row.took_ms,
      error: row.error ?? undefined,
    };
  }

  /** Everything ever sent out, the latest first. */
  disclosures(limit: number, offset: number): readonly Disclosure[] {
    return this.#disclosures.all(limit, offset).map(disclosureOf);
  }

  /** When exactly this was sent out: one row for each source. */
  disclosuresOf(sent: string): readonly Disclosure[] {
    return this.#disclosuresOf.all(sent).map(disclosureOf);
  }

  /** How many different things were ever sent out. */
  disclosedCount(): number {
    return this.#disclosed.get()?.n ?? 0;
  }

  /**
   * Deletes at most `limit` questions asked before `before`; returns how many. Never what the central database does not know yet, nor
   * what a source refused, which is never asked again. What was sent stays in `disclosures` for ever.
   */
  prune(before: number, limit: number): number {
    return this.#prune.run(before, limit).changes;
  }

  /** What came of the questions that a source was asked in a time. */
  counts(
    source: string,
    { since, now }: { readonly since: number; readonly now: number },
  ): ReadonlyMap<LookupOutcome, number> {
    return new Map(this.#counts.all(since, now, source).map((row) => [row.outcome, row.n]));
  }
}

function disclosureOf({ source, sent, first_at, last_at, times }: DisclosureRow): Disclosure {
  return { source, sent, firstAt: first_at, lastAt: last_at, times };
}
