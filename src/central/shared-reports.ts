import { LRUCache } from 'lru-cache';
import { keyOf, OBSERVABLE_KINDS, type Observable, type ObservableKey } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import type { CentralConnection, SqlValue } from './central-connection.ts';
import type { CentralPool } from './central-pool.ts';
import type { FleetPulse } from './fleet-pulse.ts';
import { reportOfScan, SCAN_FIELDS } from './scan-row.ts';
import { datetime } from './upsert.ts';

export interface SharedReportsOptions {
  readonly pool: Pick<CentralPool, 'use'>;
  /** Nobody asks or waits while it is not well. */
  readonly pulse: Pick<FleetPulse, 'isWell' | 'doubt'>;
  /** `virustotal`. */
  readonly source: string;
  /** How old an answer may be at most. Whether it is young enough is for whoever asks to say. */
  readonly maxAgeMs: number;
  readonly now: () => number;
  readonly budgetMs?: number;
}

/** A lookup is not held up for longer by a question that may save it. */
const BUDGET_MS = 50;
/** Questions that come together are one statement. */
const GATHER_MS = 2;
const MAX_BATCH = 200;
/** Beyond this nobody waits: the centre is too slow for this sensor. */
const MAX_WAITING = 1_000;
/** Answers read of each: the latest counts, and the others stand in for one that no sensor wrote. */
const MOST_OF_EACH = 4;
/** How long "nobody asked yet" is believed. Short, since the lease is what really keeps two sensors from asking the same. */
const CACHE_MS = 5_000;
/** Some two kilobytes each. */
const CACHED = 2_000;

interface Waiting {
  readonly observable: Observable;
  readonly answer: (report: Report | undefined) => void;
}

/** What the sensors of the fleet know already. Never fails: when the centre is away or slow, nobody knows anything. */
export class SharedReports {
  readonly #options: SharedReportsOptions;
  readonly #cache = new LRUCache<ObservableKey, { readonly report: Report | undefined; readonly at: number }>({
    max: CACHED,
  });
  #waiting: Waiting[] = [];
  #isAsking = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #counts = { found: 0, unknown: 0, late: 0, failed: 0, refused: 0 };

  constructor(options: SharedReportsOptions) {
    this.#options = options;
  }

  /** Questions by what came of them, since the start; `refused` counts rows that no sensor writes. */
  get counts(): Readonly<Record<'found' | 'unknown' | 'late' | 'failed' | 'refused', number>> {
    return this.#counts;
  }

  /** The latest answer about an observable that any sensor got; `undefined` where there is none in time. */
  async find(observable: Observable): Promise<Report | undefined> {
    const { now, pulse, budgetMs = BUDGET_MS } = this.#options;
    if (!pulse.isWell || this.#waiting.length >= MAX_WAITING) return undefined;
    const cached = this.#cache.get(keyOf(observable));
    if (cached !== undefined && Math.abs(now() - cached.at) < CACHE_MS) return cached.report;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), budgetMs);
    });
    const answer = new Promise<Report | undefined>((resolve) => this.#waiting.push({ observable, answer: resolve }));
    this.#gather();
    const first = await Promise.race([answer, late]);
    clearTimeout(timer);
    if (first === 'late') this.#counts.late += 1;
    return first === 'late' ? undefined : first;
  }

  /** As `find`, over a session that is there, without cache and budget. @throws what the session throws */
  async read(connection: CentralConnection, observable: Observable): Promise<Report | undefined> {
    return (await this.#read(connection, [observable])).get(keyOf(observable));
  }

  /** Somebody is asking this very thing: what is remembered of it is about to be wrong. */
  forget(observable: Observable): void {
    this.#cache.delete(keyOf(observable));
  }

  #gather(): void {
    if (this.#isAsking || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#askAll();
    }, GATHER_MS);
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiting.length > 0) await this.#ask(this.#waiting.splice(0, MAX_BATCH));
    this.#isAsking = false;
  }

  async #ask(batch: readonly Waiting[]): Promise<void> {
    const { pool, now, pulse } = this.#options;
    let reports: ReadonlyMap<ObservableKey, Report> = new Map();
    try {
      const observables = batch.map(({ observable }) => observable);
      reports = await pool.use((connection) => this.#read(connection, observables));
      for (const { observable } of batch) {
        const report = reports.get(keyOf(observable));
        this.#cache.set(keyOf(observable), { report, at: now() });
        this.#counts[report === undefined ? 'unknown' : 'found'] += 1;
      }
    } catch {
      // The sync says what is wrong with the centre; here it only means that nobody knows.
      this.#counts.failed += batch.length;
      pulse.doubt();
    }
    for (const { observable, answer } of batch) answer(reports.get(keyOf(observable)));
  }

  async #read(
    connection: CentralConnection,
    observables: readonly Observable[],
  ): Promise<ReadonlyMap<ObservableKey, Report>> {
    const { source, maxAgeMs, now } = this.#options;
    const values: SqlValue[] = [source, datetime(now() - maxAgeMs)];
    const tests = OBSERVABLE_KINDS.flatMap((kind) => {
      const some = observables.filter((one) => one.kind === kind).map(({ value }) => value);
      if (some.length === 0) return [];
      values.push(kind, ...some);
      return [`(kind = ? AND value IN (${some.map(() => '?').join(', ')}))`];
    });
    const rows = await connection.rows(
      `SELECT sensor, ${SCAN_FIELDS.join(', ')} FROM (
         SELECT sensor, ${SCAN_FIELDS.join(', ')}, ROW_NUMBER() OVER (PARTITION BY kind, value ORDER BY scan_date DESC) AS nth FROM scans
         WHERE source = ? AND scan_date >= ? AND (${tests.join(' OR ')})) AS latest
       WHERE nth <= ${MOST_OF_EACH} ORDER BY scan_date`,
      values,
    );
    const reports = rows.map(reportOfScan);
    this.#counts.refused += reports.filter((one) => one === undefined).length;
    return new Map(reports.flatMap((one) => (one === undefined ? [] : [[keyOf(one.observable), one] as const])));
  }
}
