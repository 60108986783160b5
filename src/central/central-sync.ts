import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import { BatchSender } from './batch-sender.ts';
import { CentralError, type CentralFailure } from './central-error.ts';
import type { CentralMigrations } from './central-migrations.ts';
import type { CentralPool } from './central-pool.ts';
import type { Outbox } from './outbox.ts';
import { OutboxBound } from './outbox-bound.ts';
import { SensorClaim } from './sensor-claim.ts';
import { SummaryKeeper } from './summary-keeper.ts';
import { SummaryLoop } from './summary-loop.ts';
import type { Standing, SyncFigures, SyncState } from './sync-figures.ts';

export interface CentralSyncOptions {
  readonly pool: CentralPool;
  readonly migrations: CentralMigrations;
  readonly outbox: Outbox;
  readonly sensor: string;
  readonly version: string;
  /** What the sensor counts, for its heartbeat. */
  readonly counters: () => Readonly<Record<string, number>>;
  readonly log: Log;
  readonly now: () => number;
  /** Milliseconds that only grow: intervals are measured by them, since a clock may be set back. */
  readonly uptimeMs?: () => number;
  readonly random: () => number;
  readonly limits?: Partial<SyncLimits>;
}

/** How often and how much. */
export interface SyncLimits {
  /** Between two looks at an empty outbox. Two of them are the lag in a steady state. */
  readonly intervalMs: number;
  readonly heartbeatMs: number;
  /** Between two refreshments of the summaries that dashboards are drawn from. */
  readonly summaryMs: number;
  /** Longest wait after a failure. */
  readonly maxBackOffMs: number;
  /** Rows in one statement; their bytes are bounded too. */
  readonly batchRows: number;
  /** Marked rows, each about 60 bytes on disk, above which the oldest sightings are given up. */
  readonly maxOutboxRows: number;
}

const LIMITS: SyncLimits = {
  intervalMs: 1_000,
  heartbeatMs: 10_000,
  summaryMs: 60_000,
  maxBackOffMs: 60_000,
  batchRows: 500,
  maxOutboxRows: 2_000_000,
};

/** What one table may have against us while the others take our rows. */
const OF_ONE_TABLE: ReadonlySet<CentralFailure> = new Set(['else', 'schema', 'denied', 'data']);

const FIRST_BACK_OFF_MS = 500;

/**
 * Sends what changed on this sensor to the central database, again and again, one batch at a time. Reads the present row of each
 * marked key, so that a pass over the outbox brings the centre up to when the pass began. Nothing waits for it.
 */
export class CentralSync {
  readonly #options: CentralSyncOptions;
  readonly #limits: SyncLimits;
  readonly #claim: SensorClaim;
  readonly #bound: OutboxBound;
  readonly #sender: BatchSender;
  readonly #summaries: SummaryLoop;
  #state: SyncState = { kind: 'stopped' };
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #lastBeatAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #standing: Standing = 'unknown';
  #isPrepared = false;
  #said = '';

  constructor(options: CentralSyncOptions) {
    const { pool, outbox, sensor, log, now } = options;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#claim = new SensorClaim({ pool, sensor, book: outbox });
    this.#bound = new OutboxBound({ outbox, maxRows: this.#limits.maxOutboxRows, log });
    const summaries = new SummaryKeeper({ pool, book: outbox.summaries, sensor });
    this.#sender = new BatchSender({ pool, outbox, summaries, sensor, log, now, batchRows: this.#limits.batchRows });
    const isReady = () => this.#state.kind === 'syncing';
    this.#summaries = new SummaryLoop({ keeper: summaries, isReady, intervalMs: this.#limits.summaryMs, log });
  }

  start(): void {
    this.#abort = new AbortController();
    this.#startedAt = this.#options.now();
    this.#state = { kind: 'starting' };
    this.#options.outbox.retryAside();
    this.#running = this.#loop();
    this.#summaries.start();
  }

  /** Ends within a moment, whatever the network does: what was not acknowledged is sent again after the next start. */
  async stop(): Promise<void> {
    this.#abort.abort();
    const summaries = this.#summaries.stop();
    this.#options.pool.close();
    await this.#running;
    await summaries;
    this.#state = { kind: 'stopped' };
  }

  /** Whether this sensor may act under its name. */
  get standing(): Standing {
    return this.#standing;
  }

  figures(): SyncFigures {
    const { outbox, now, pool } = this.#options;
    const syncedUntil = this.#syncedUntil();
    return {
      state: this.#state,
      where: pool.where,
      lagMs: syncedUntil === undefined ? undefined : Math.max(0, now() - syncedUntil),
      outboxRows: this.#bound.rows,
      setAside: outbox.asideCount(),
      thinned: Number(outbox.recall('thinned') ?? 0),
      sent: this.#sender.sent,
    };
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#bound.keep();
        await this.#prepare();
        await this.#pass();
        this.#recovered();
        await this.#sleep(this.#limits.intervalMs);
      } catch (error) {
        // A bug must not end the daemon for the sake of a copy: it is said, and tried again slowly.
        if (!this.#isStopped) await this.#sleep(this.#failed(error));
      }
    }
  }

  async #prepare(): Promise<void> {
    if (this.#isPrepared) return;
    await this.#fitSchema();
    await this.#claim.claim({ version: this.#options.version, startedAt: this.#startedAt });
    await this.#tellAgainWhenDue();
    await this.#beat();
    this.#isPrepared = true;
    this.#standing = 'claimed';
  }

  /** Where the centre lost what it was told, or holds what we no longer know: the rows that stand for the present go, and all is marked. */
  async #tellAgainWhenDue(): Promise<void> {
    const { outbox, log } = this.#options;
    const due = outbox.recall('told_again') ?? 'done';
    if (due === 'done') return;
    await this.#sender.withdraw();
    if (due === 'due') {
      outbox.markAll();
      log.info('everything is told to the central database', { target: this.#options.pool.where });
    }
    outbox.remember('told_again', 'done');
  }

  async #fitSchema(): Promise<void> {
    const { migrations, log } = this.#options;
    const present = await migrations.present();
    if (present > migrations.wanted)
      throw new CentralError(
        `Cannot sync: the central schema is version ${present}, want at most ${migrations.wanted}; it was made by a newer guardian`,
        { failure: 'schema', hint: 'Upgrade this sensor; until then it goes on alone.' },
      );
    if (present === migrations.wanted) return;
    const { version, applied } = await migrations.run().catch((error: unknown) => {
      if (!(error instanceof CentralError) || error.failure !== 'denied') throw error;
      throw new CentralError(
        `Cannot sync: the central schema is version ${present}, want ${migrations.wanted}, and this sensor's user may not change it`,
        { failure: 'schema', cause: error, hint: 'Run "guardian central migrate --user ..." as somebody who may.' },
      );
    });
    if (applied.length > 0) log.info('central schema migrated', { version: String(version), keys: applied });
  }

  /** Everything that is marked now, and what becomes marked behind the place where the pass stands is left to the next. */
  async #pass(): Promise<void> {
    const { outbox, now } = this.#options;
    const startedAt = now();
    const refused: CentralError[] = [];
    for (const relation of outbox.relations) {
      for await (const refusal of this.#sendAll(relation)) {
        if (this.#isStopped) return;
        if (refusal !== undefined) refused.push(refusal);
        await this.#beatWhenDue();
      }
    }
    if (refused[0] !== undefined) throw refused[0];
    outbox.remember('synced_until', String(startedAt));
    await this.#beatWhenDue();
  }

  /** Yields after each batch, and last why a table takes no more: it must not hold up the others. */
  async *#sendAll(relation: string): AsyncGenerator<CentralError | undefined> {
    try {
      for await (const _ of this.#sender.send(relation)) yield undefined;
    } catch (error) {
      if (!(error instanceof CentralError) || !OF_ONE_TABLE.has(error.failure)) throw error;
      yield error;
    }
  }

  async #beatWhenDue(): Promise<void> {
    if (this.#uptimeMs() - this.#lastBeatAt >= this.#limits.heartbeatMs) {
      await this.#bound.keep();
      await this.#fitSchema();
      await this.#beat();
    }
  }

  async #beat(): Promise<void> {
    const { counters, version, now } = this.#options;
    const { outboxRows, setAside, thinned } = this.figures();
    const syncedUntil = this.#syncedUntil();
    await this.#claim.beat({
      version,
      startedAt: this.#startedAt,
      now: now(),
      syncedUntil,
      outboxRows,
      setAside,
      thinned,
      counters: counters(),
    });
    this.#lastBeatAt = this.#uptimeMs();
  }

  #recovered(): void {
    if (this.#state.kind !== 'syncing')
      this.#options.log.info('central database in reach', { target: this.#options.pool.where });
    this.#state = { kind: 'syncing' };
    this.#failures = 0;
    this.#said = '';
  }

  /** Says what failed, once for each reason. Returns how long to wait. */
  #failed(error: unknown): number {
    const { log, now, random } = this.#options;
    this.#failures += 1;
    this.#isPrepared = false;
    const bound = Math.min(this.#limits.maxBackOffMs, FIRST_BACK_OFF_MS * 2 ** Math.min(this.#failures - 1, 10));
    const waitMs = bound * (0.5 + random() / 2);
    const { failure, hint } = error instanceof CentralError ? error : ({ failure: 'else', hint: undefined } as const);
    const why = error instanceof Error ? error.message : String(error);
    this.#state = { kind: 'waiting', failure, why, hint, retryAt: now() + waitMs };
    if (failure === 'name' || failure === 'schema') this.#standing = { barred: why, by: failure };
    else if (this.#standing === 'unknown') this.#standing = 'unclaimed';
    if (why !== this.#said)
      log.warn('no sync with the central database', { err: error, target: this.#options.pool.where });
    this.#said = why;
    return waitMs;
  }

  #uptimeMs(): number {
    return this.#options.uptimeMs?.() ?? performance.now();
  }

  #syncedUntil(): number | undefined {
    const told = this.#options.outbox.recall('synced_until');
    return told === undefined ? undefined : Number(told);
  }

  get #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }

  async #sleep(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }
}
