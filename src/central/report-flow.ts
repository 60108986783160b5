import { setTimeout as pause } from 'node:timers/promises';
import type { Report } from '../core/report.ts';
import type { Log } from '../lib/log.ts';
import type { SqlRow } from './central-connection.ts';
import type { CentralPool } from './central-pool.ts';
import { reportOfScan, SCAN_COLUMNS } from './scan-row.ts';

export interface ReportFlowOptions {
  readonly pool: CentralPool;
  readonly sensor: string;
  /** Where the flow was when it ended, so that a restart does not read all again. */
  readonly memory: {
    recall(name: 'reports_until'): string | undefined;
    remember(name: 'reports_until', value: string): void;
  };
  /** Takes reports over. Must pass over one it has (same source, observable and `askedAt`): the last seconds come again. */
  readonly onReports: (reports: readonly Report[]) => void;
  readonly log: Log;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 10_000;
const PAGE = 500;
/** A row is stamped before its transaction commits: what was on its way at the last reading is read at the next. */
const OVERLAP_S = 30;

/** Where a reading stands, in the order of the index `scans_by_received`. */
type Cursor = readonly [received: string, kind: string, value: string, source: string, scanDate: string];

/** Reports of the other sensors, as they come in: a new sensor warms itself with them. */
export class ReportFlow {
  readonly #options: ReportFlowOptions;
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ReportFlowOptions) {
    this.#options = options;
  }

  start(): void {
    this.#abort = new AbortController();
    this.#running = this.#loop();
  }

  /** The pool is somebody else's: a question under way ends with it or by its timeout. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  /** Reads everything that is new. Returns how many reports there were. @throws CentralError */
  async read(): Promise<number> {
    const { memory, onReports } = this.#options;
    let cursor: Cursor = [
      memory.recall('reports_until') ?? '1970-01-01 00:00:00.000',
      '',
      '',
      '',
      '1000-01-01 00:00:00',
    ];
    const [{ until }] = [await this.#horizon()];
    let count = 0;
    while (!this.#abort.signal.aborted) {
      const rows = await this.#page(cursor);
      const reports = rows.flatMap((row) => reportOfScan(row) ?? []);
      if (reports.length > 0) onReports(reports);
      count += reports.length;
      const last = rows.at(-1);
      if (last !== undefined) cursor = cursorOf(last);
      if (rows.length < PAGE) break;
    }
    memory.remember('reports_until', cursor[0] < until ? cursor[0] : until);
    return count;
  }

  async #loop(): Promise<void> {
    const { log, intervalMs = INTERVAL_MS } = this.#options;
    while (!this.#abort.signal.aborted) {
      // The sync says it aloud.
      await this.read().catch((error: unknown) => log.debug('no reports of other sensors', { err: error }));
      await pause(intervalMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
    }
  }

  /** Rows stamped before this have been committed, as far as anybody can tell. */
  async #horizon(): Promise<{ readonly until: string }> {
    const [row] = await this.#options.pool.use((connection) =>
      connection.rows(`SELECT UTC_TIMESTAMP(3) - INTERVAL ${OVERLAP_S} SECOND AS until`),
    );
    return { until: String(row?.until) };
  }

  async #page([received, kind, value, source, scanDate]: Cursor): Promise<readonly SqlRow[]> {
    const { pool, sensor } = this.#options;
    return pool.use((connection) =>
      connection.rows(
        `SELECT received, ${SCAN_COLUMNS} FROM scans WHERE received >= ? AND sensor <> ?
           AND (received > ? OR (kind, value, source, scan_date) > (?, ?, ?, ?))
         ORDER BY received, kind, value, source, scan_date LIMIT ${PAGE}`,
        [received, sensor, received, kind, value, source, scanDate],
      ),
    );
  }
}

function cursorOf(row: SqlRow): Cursor {
  return [String(row.received), String(row.kind), String(row.value), String(row.source), String(row.scan_date)];
}
