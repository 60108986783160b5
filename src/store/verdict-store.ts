import type { Statement } from 'better-sqlite3';
import { keyOf, type Observable, type ObservableKind, observableOfKey } from '../core/observable.ts';
import { type Reason, VERDICT_STATES, type Verdict, type VerdictState } from '../core/verdict.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

/** One change of a verdict. */
export interface VerdictChange {
  readonly at: number;
  readonly from: VerdictState;
  readonly to: VerdictState;
  readonly ratio: string | undefined;
  readonly policyLine: string;
}

/** Which verdicts a page shows. `cursor` is where the page before ended. */
export interface VerdictQuery {
  readonly state?: VerdictState;
  readonly kind?: ObservableKind;
  readonly since?: number;
  /** Only those that wait for a person, or only those that do not. */
  readonly held?: boolean;
  readonly limit: number;
  readonly cursor?: number;
}

interface Row {
  readonly observable_id: number;
  readonly key: string;
  readonly state: VerdictState;
  readonly strong: number;
  readonly block: number;
  readonly held: number;
  readonly ratio: string | null;
  readonly policy_line: string;
  readonly reasons: string;
  readonly since: number;
  readonly judged_at: number;
  readonly recheck_at: number | null;
}

interface ChangeRow {
  readonly at: number;
  readonly from_state: VerdictState;
  readonly to_state: VerdictState;
  readonly ratio: string | null;
  readonly policy_line: string;
}

const SELECT = `SELECT observable_id, key, state, strong, block, held, ratio, policy_line, reasons, since, judged_at, recheck_at
  FROM verdicts JOIN observables ON observables.id = observable_id`;

/** The tables `verdicts` and `verdict_history`. */
export class VerdictStore {
  readonly #observables: ObservableStore;
  readonly #upsert: Statement;
  readonly #change: Statement;
  readonly #byId: Statement<[number], Row>;
  readonly #page: Statement<[Record<string, unknown>], Row>;
  readonly #due: Statement<[number, number], Row>;
  readonly #history: Statement<[number], ChangeRow>;
  readonly #counts: Statement<[], { state: VerdictState; n: number }>;
  readonly #held: Statement<[], Row>;
  readonly #remove: Statement;
  readonly #coverage: Statement<[number, number], { seen: number; answered: number | null }>;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.#observables = observables;
    this.#upsert = db.prepare(
      `INSERT INTO verdicts (observable_id, state, strong, block, held, ratio, policy_line, reasons, since, judged_at, recheck_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (observable_id) DO UPDATE SET state = excluded.state, strong = excluded.strong, block = excluded.block,
         held = excluded.held, ratio = excluded.ratio, policy_line = excluded.policy_line, reasons = excluded.reasons,
         since = excluded.since, judged_at = excluded.judged_at, recheck_at = excluded.recheck_at`,
    );
    this.#change = db.prepare(
      'INSERT OR REPLACE INTO verdict_history (observable_id, at, from_state, to_state, ratio, policy_line) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#byId = db.prepare(`${SELECT} WHERE observable_id = ?`);
    this.#page = db.prepare(
      `${SELECT} WHERE observable_id > @cursor AND (@state IS NULL OR state = @state)
         AND (@prefix IS NULL OR substr(key, 1, length(@prefix)) = @prefix) AND since >= @since
         AND (@held IS NULL OR held = @held)
       ORDER BY observable_id LIMIT @limit`,
    );
    this.#due = db.prepare(
      `${SELECT} WHERE recheck_at IS NOT NULL AND recheck_at <= ? ORDER BY block DESC, recheck_at LIMIT ?`,
    );
    this.#history = db.prepare(
      'SELECT at, from_state, to_state, ratio, policy_line FROM verdict_history WHERE observable_id = ? ORDER BY at DESC LIMIT 200',
    );
    this.#counts = db.prepare('SELECT state, count(*) AS n FROM verdicts GROUP BY state');
    this.#held = db.prepare(`${SELECT} WHERE held = 1 ORDER BY since DESC`);
    this.#coverage = db.prepare(
      `SELECT count(*) AS seen, sum(verdicts.observable_id IS NOT NULL) AS answered FROM observables
       LEFT JOIN verdicts ON verdicts.observable_id = observables.id WHERE first_seen >= ? AND first_seen <= ? AND instr(key, 'domain:') = 1`,
    );
    this.#remove = db.prepare('DELETE FROM verdicts WHERE observable_id = ?');
  }

  /** Keeps a verdict, and the change where its state differs from the one before. Returns the state before. */
  keep(verdict: Verdict): VerdictState {
    const { id } = this.#observables.idOf(keyOf(verdict.observable), verdict.judgedAt);
    const before = this.#byId.get(id)?.state ?? 'unasked';
    this.#upsert.run(
      id,
      verdict.state,
      Number(verdict.strong),
      Number(verdict.block),
      Number(verdict.held),
      verdict.ratio ?? null,
      verdict.policyLine,
      JSON.stringify(verdict.reasons),
      verdict.since,
      verdict.judgedAt,
      verdict.recheckAt ?? null,
    );
    if (before !== verdict.state)
      this.#change.run(id, verdict.judgedAt, before, verdict.state, verdict.ratio ?? null, verdict.policyLine);
    return before;
  }

  find(observable: Observable): Verdict | undefined {
    const stored = this.#observables.find(observable);
    const row = stored === undefined ? undefined : this.#byId.get(stored.id);
    return row === undefined ? undefined : verdictOf(row);
  }

  /** Forgets a verdict; its history stays. */
  remove(observable: Observable): void {
    const stored = this.#observables.find(observable);
    if (stored !== undefined) this.#remove.run(stored.id);
  }

  /** A page in a stable order, with the cursor of the next one where there is one. */
  page(query: VerdictQuery): { readonly verdicts: readonly Verdict[]; readonly next: number | undefined } {
    const rows = this.#page.all({
      cursor: query.cursor ?? 0,
      state: query.state ?? null,
      prefix: query.kind === undefined ? null : `${query.kind}:`,
      since: query.since ?? 0,
      held: query.held === undefined ? null : Number(query.held),
      limit: query.limit,
    });
    return {
      verdicts: rows.map(verdictOf),
      next: rows.length === query.limit ? rows.at(-1)?.observable_id : undefined,
    };
  }

  /** Verdicts whose evidence is due to be asked for again: what is blocked first. */
  due(now: number, limit: number): readonly Verdict[] {
    return this.#due.all(now, limit).map(verdictOf);
  }

  /** Malicious verdicts that wait for a person. */
  held(): readonly Verdict[] {
    return this.#held.all().map(verdictOf);
  }

  history(observable: Observable): readonly VerdictChange[] {
    const stored = this.#observables.find(observable);
    return stored === undefined ? [] : this.#history.all(stored.id).map(changeOf);
  }

  /** Share (0 to 1) of the names first seen since `since` that have an answer; undefined where none was seen. */
  coverage({ since, now }: { readonly since: number; readonly now: number }): number | undefined {
    const row = this.#coverage.get(since, now);
    return row === undefined || row.seen === 0 ? undefined : (row.answered ?? 0) / row.seen;
  }

  /** How many observables stand in each judged or answered state; `unasked` is not counted here. */
  countByState(): Readonly<Record<VerdictState, number>> {
    const counts = Object.fromEntries(VERDICT_STATES.map((state) => [state, 0])) as Record<VerdictState, number>;
    for (const { state, n } of this.#counts.all()) counts[state] = n;
    return counts;
  }
}

function verdictOf(row: Row): Verdict {
  return {
    observable: observableOfKey(row.key),
    state: row.state,
    strong: row.strong === 1,
    block: row.block === 1,
    held: row.held === 1,
    ...(row.ratio === null ? {} : { ratio: row.ratio }),
    policyLine: row.policy_line,
    reasons: JSON.parse(row.reasons) as readonly Reason[],
    since: row.since,
    judgedAt: row.judged_at,
    ...(row.recheck_at === null ? {} : { recheckAt: row.recheck_at }),
  };
}

function changeOf(row: ChangeRow): VerdictChange {
  return {
    at: row.at,
    from: row.from_state,
    to: row.to_state,
    ratio: row.ratio ?? undefined,
    policyLine: row.policy_line,
  };
}
