import type { CentralConnection, SqlValue } from './central-connection.ts';
import type { CentralPool } from './central-pool.ts';
import { statementParts } from './statement-parts.ts';
import { SUMMARIES, type Summary, type SummaryScope } from './summary.ts';
import { datetime, type RowValue, Upsert } from './upsert.ts';

/** A summary that no longer fits the rows it sums up. `key`: epoch milliseconds of an hour, or `kind:value`. */
export interface DueSummary {
  readonly scope: SummaryScope;
  readonly key: string;
}

/** Which summaries are due, kept on the disk of the sensor: a restart must not forget one. */
export interface SummaryBook {
  note(dues: readonly DueSummary[]): void;
  next(limit: number): readonly DueSummary[];
  done(due: DueSummary): void;
}

export interface SummaryKeeperOptions {
  readonly pool: CentralPool;
  readonly book: SummaryBook;
  readonly sensor: string;
}

const HOUR_MS = 3_600_000;
/** An hour of a network that is flooded has a million rows. Nobody waits for its summary. */
const TIMEOUT_MS = 60_000;
/** The server's own limit for this statement. MySQL takes it for a comment, and has a limit of its own for what only reads. */
const PATIENTLY = `/*M!100101 SET STATEMENT max_statement_time = ${(TIMEOUT_MS * 0.9) / 1000} FOR */ `;
/** Read from the book at a time. */
const STEP = 100;
/** In a row: more are no matter of a single hour, and each may take as long as the server is waited for. */
const MOST_FAILURES = 3;

/** Which column of a relation's rows says what summary they belong to. */
const HOUR_COLUMNS: ReadonlyMap<string, readonly [scope: SummaryScope, column: string]> = new Map([
  ['sightings_hourly', ['seen', 'hour']],
  ['suricata_alerts', ['seen', 'minute']],
  ['scans', ['reports', 'scan_date']],
  ['lookups', ['reports', 'at']],
]);

/** Keeps the central summaries of this sensor's rows up to date: what rows were sent makes a summary due, and it is made anew in turn. */
export class SummaryKeeper {
  readonly #options: SummaryKeeperOptions;
  /** What is being made anew, until rows arrive that it has to count. */
  #making: DueSummary | undefined;
  /** What could not be made since everything else was last. */
  readonly #failed = new Set<string>();

  constructor(options: SummaryKeeperOptions) {
    this.#options = options;
  }

  /** Notes what is due because of rows that were written. Before they are acknowledged, or a crash would forget it. */
  sent(relation: string, columns: readonly string[], rows: readonly (readonly RowValue[])[]): void {
    const dues = duesOf(relation, columns, rows);
    if (dues.length > 0) this.#options.book.note(dues);
    for (const due of dues) if (isSame(due, this.#making)) this.#making = undefined;
  }

  /**
   * Makes due summaries anew, one after the other; yields after each. One that cannot be made stays due and comes after all others, so
   * that an hour too large to be counted in time holds up no other. @throws CentralError
   */
  async *refresh(): AsyncGenerator<void> {
    const { book } = this.#options;
    let failed: unknown;
    for (let failures = 0; ; ) {
      const limit = STEP + this.#failed.size;
      const dues = book.next(limit);
      for (const due of dues) {
        if (this.#failed.has(nameOf(due))) continue;
        try {
          await this.#remake(due);
        } catch (error) {
          this.#failed.add(nameOf(due));
          failed = error;
          failures += 1;
          if (failures === MOST_FAILURES) throw error;
        }
        yield;
      }
      if (dues.length < limit) break;
    }
    this.#failed.clear();
    if (failed !== undefined) throw failed;
  }

  async #remake(due: DueSummary): Promise<void> {
    this.#making = due;
    try {
      await this.#make(due);
      // Rows that came meanwhile may not have been counted: it stays due.
      if (this.#making !== undefined) this.#options.book.done(due);
    } finally {
      this.#making = undefined;
    }
  }

  async #make(due: DueSummary): Promise<void> {
    const values = { ...parametersOf(due), sensor: this.#options.sensor };
    for (const summary of SUMMARIES.filter(({ scope }) => scope === due.scope))
      await this.#options.pool.use((connection) => rewrite(connection, summary, values));
  }
}

async function rewrite(
  connection: CentralConnection,
  summary: Summary,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const { sql, parameters } = bound(summary.select, values);
  const rows = await connection.rows(`${PATIENTLY}${sql}`, parameters, TIMEOUT_MS);
  const upsert = new Upsert(summary.relation, summary.columns, connection.escape(values.sensor ?? ''));
  const texts = rows.map((row) =>
    upsert.row(
      summary.columns.map((name) => row[name] as RowValue),
      (text) => connection.escape(text),
    ),
  );
  for (const part of statementParts(texts, connection)) await connection.run(upsert.statement(part));
}

function parametersOf({ scope, key }: DueSummary): Readonly<Record<string, string>> {
  if (scope === 'observable') {
    const colon = key.indexOf(':');
    return { kind: key.slice(0, colon), value: key.slice(colon + 1) };
  }
  return { hour: datetime(Number(key)), end: datetime(Number(key) + HOUR_MS) };
}

/** `:name` becomes a parameter. */
function bound(
  text: string,
  values: Readonly<Record<string, string>>,
): { readonly sql: string; readonly parameters: readonly SqlValue[] } {
  const parameters: SqlValue[] = [];
  const sql = text.replace(/:(hour|end|sensor|kind|value)\b/g, (_, name: string) => {
    parameters.push(values[name] ?? null);
    return '?';
  });
  return { sql, parameters };
}

function duesOf(
  relation: string,
  columns: readonly string[],
  rows: readonly (readonly RowValue[])[],
): readonly DueSummary[] {
  if (relation === 'verdicts') return observablesOf(columns, rows);
  const [scope, column] = HOUR_COLUMNS.get(relation) ?? [];
  if (scope === undefined || column === undefined) return [];
  const at = columns.indexOf(column);
  const hours = new Set(rows.map((row) => Number(row[at]) - (Number(row[at]) % HOUR_MS)));
  return [...hours].map((hour) => ({ scope, key: String(hour) }));
}

/** Something turned out to be bad: who used it before is worth knowing now. */
function observablesOf(columns: readonly string[], rows: readonly (readonly RowValue[])[]): readonly DueSummary[] {
  const [kind, value, state] = ['kind', 'value', 'state'].map((name) => columns.indexOf(name));
  return rows
    .filter((row) => ['malicious', 'suspicious'].includes(String(row[state ?? -1])))
    .map((row) => ({ scope: 'observable', key: `${String(row[kind ?? -1])}:${String(row[value ?? -1])}` }));
}

function nameOf({ scope, key }: DueSummary): string {
  return `${scope} ${key}`;
}

function isSame(one: DueSummary, other: DueSummary | undefined): boolean {
  return one.scope === other?.scope && one.key === other.key;
}
