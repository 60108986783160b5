import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Report } from '../core/report.ts';
import type { SqlRow } from './central-connection.ts';
import type { CentralPool } from './central-pool.ts';
import { reportOfScan, SCAN_FIELDS } from './scan-row.ts';
import { epochMs, SET_BACK_S } from './server-clock.ts';

export interface ReportFlowOptions {
  readonly pool: CentralPool;
  /** Where the flow was when it ended, so that a restart does not read all again. */
  readonly memory: {
    recall(name: 'reports_until'): string | undefined;
    remember(name: 'reports_until', value: string): void;
  };
  /** Reports asked longer ago than this are of no use to anybody. */
  readonly maxAgeMs: number;
  readonly now: () => number;
  /**
   * Takes reports over. Must pass over what it knows (same source, observable and `askedAt`): the last minute comes again. Returns how many
   * it did not take because they are of the future, or too old, by our clock.
   */
  readonly onReports: (reports: readonly Report[]) => number;
}

/** Reports of one statement, and of one turn of the event loop: judging them takes some tens of milliseconds. */
const PAGE = 100;
/** Pages of one reading; what is left comes with the next, and other questions to the centre have their turn in between. */
const MAX_PAGES = 10;
/**
 * A row is stamped by its statement and can be read only when that has been committed, on this node of a cluster: what was on its way at
 * the last reading is read at the next. A statement of ours is given up after 15 s.
 */
const OVERLAP_S = 60;

/** A clock of ours that differs from the server's by more than this is wrong, or the server's is. */
const CLOCK_OFF_MS = 600_000;

/** Where a reading stands, in the order of the index `scans_by_received`. */
type Cursor = readonly [received: string, kind: string, value: string, source: string, scanDate: string];

const BEFORE_ALL = '1970-01-01 00:00:00.000';
const FIRST_OF_A_TIME = ['', '', '', '1000-01-01 00:00:00'] as const;

/** Reports of the fleet, as they come in: a new sensor warms itself with them. */
export class ReportFlow {
  readonly #options: ReportFlowOptions;
  /** Where the last reading stopped before its end. `settled` stays that of its beginning: what came late behind it is not skipped. */
  #sweep: { readonly at: Cursor; readonly settled: string } | undefined;
  readonly #counts = { read: 0, refused: 0 };

  constructor(options: ReportFlowOptions) {
    this.#options = options;
  }

  /** Rows since the start; `refused` are those that no sensor writes. */
  get counts(): Readonly<Record<'read' | 'refused', number>> {
    return this.#counts;
  }

  /** Reads what is new, up to a bound. Returns whether there is more. @throws CentralError */
  async read(signal: AbortSignal): Promise<boolean> {
    const { memory } = this.#options;
    const times = await this.#times();
    const until = memory.recall('reports_until') ?? BEFORE_ALL;
    // By a clock that was set back what is new lies before what was read: everything again.
    const wasSetBack = epochMs(until) > epochMs(times.now) + SET_BACK_S * 1000;
    const from: Cursor = [wasSetBack ? BEFORE_ALL : until, ...FIRST_OF_A_TIME];
    const isClockOff = Math.abs(epochMs(times.now) - this.#options.now()) > CLOCK_OFF_MS;
    const { settled, ...sweep } = this.#sweep ?? { at: from, settled: times.settled };
    let { at } = sweep;
    for (let page = 0; page < MAX_PAGES && !signal.aborted; page++) {
      const rows = await this.#page(at, times.now);
      // They will do when the clock has been set right: a board without a battery starts in the past.
      if (this.#take(rows) > 0 && isClockOff) return false;
      const last = rows.at(-1);
      if (last !== undefined) at = cursorOf(last);
      memory.remember('reports_until', at[0] < settled ? at[0] : settled);
      this.#sweep = rows.length < PAGE ? undefined : { at, settled };
      if (this.#sweep === undefined) return false;
      await nextTurn();
    }
    return !signal.aborted;
  }

  #take(rows: readonly SqlRow[]): number {
    const reports = rows.flatMap((row) => reportOfScan(row) ?? []);
    this.#counts.read += rows.length;
    this.#counts.refused += rows.length - reports.length;
    return reports.length > 0 ? this.#options.onReports(reports) : 0;
  }

  /** By the clock of the server. What was stamped before `settled` has been committed, as far as anybody can tell. */
  async #times(): Promise<{ readonly now: string; readonly settled: string }> {
    const [row] = await this.#options.pool.use((connection) =>
      connection.rows(`SELECT UTC_TIMESTAMP(3) AS now, UTC_TIMESTAMP(3) - INTERVAL ${OVERLAP_S} SECOND AS settled`),
    );
    return { now: String(row?.now), settled: String(row?.settled) };
  }

  // What claims to have come later than now was not stamped by a sensor, and would be read again and again.
  async #page([received, kind, value, source, scanDate]: Cursor, now: string): Promise<readonly SqlRow[]> {
    const { pool, maxAgeMs } = this.#options;
    return pool.use((connection) =>
      connection.rows(
        `SELECT received, sensor, ${SCAN_FIELDS.join(', ')} FROM scans WHERE received >= ? AND received <= ? AND scan_date >= UTC_TIMESTAMP(3) - INTERVAL ? SECOND
           AND (received > ? OR (kind, value, source, scan_date) > (?, ?, ?, ?))
         ORDER BY received, kind, value, source, scan_date LIMIT ${PAGE}`,
        [received, now, Math.round(maxAgeMs / 1000), received, kind, value, source, scanDate],
      ),
    );
  }
}

function cursorOf(row: SqlRow): Cursor {
  return [String(row.received), String(row.kind), String(row.value), String(row.source), String(row.scan_date)];
}
