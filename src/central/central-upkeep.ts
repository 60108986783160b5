import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import type { CentralPool } from './central-pool.ts';
import { type CentralKeeping, forgetOldRows } from './central-retention.ts';
import { SET_BACK_S } from './server-clock.ts';

export interface CentralUpkeepOptions {
  readonly pool: CentralPool;
  readonly sensor: string;
  readonly keeping: CentralKeeping;
  readonly log: Log;
  readonly now: () => number;
  /** From 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly intervalMs?: number;
}

/** Rows of an hour are forgotten in a second or two; longer gaps would make that minutes. */
const INTERVAL_MS = 3_600_000;
/** A sensor that spoke within this time may be the one that does it. */
const ACTIVE_S = 3_600;

/** Keeps the central database from growing without end. Of all sensors the first by name does it, by its own retention. */
export class CentralUpkeep {
  readonly #options: CentralUpkeepOptions;
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: CentralUpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#abort = new AbortController();
    this.#running = this.#loop();
  }

  /** The pool is somebody else's: a statement under way ends with it or by its timeout. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  /** Forgets what is old, where it is this sensor's turn. Returns how many rows went. @throws CentralError */
  async run(): Promise<number> {
    const { pool, keeping, now } = this.#options;
    if (!(await this.#isOurTurn())) return 0;
    return forgetOldRows({ pool, keeping, now, signal: this.#abort.signal });
  }

  async #loop(): Promise<void> {
    const { log, random, intervalMs = INTERVAL_MS } = this.#options;
    for (;;) {
      // Sensors that were started together do not all come at once; and none comes before it made the schema.
      await pause(intervalMs * (0.5 + random()), undefined, { signal: this.#abort.signal }).catch(() => undefined);
      if (this.#abort.signal.aborted) return;
      try {
        const count = await this.run();
        if (count > 0) log.info('old rows of the central database forgotten', { count });
      } catch (error) {
        // The sync says it aloud, and the next time does more.
        log.debug('old rows of the central database not forgotten', { err: error });
      }
    }
  }

  async #isOurTurn(): Promise<boolean> {
    const [row] = await this.#options.pool.use((connection) =>
      connection.rows(
        `SELECT min(sensor) AS first FROM sensors WHERE heartbeat >= UTC_TIMESTAMP(3) - INTERVAL ${ACTIVE_S} SECOND
           AND heartbeat <= UTC_TIMESTAMP(3) + INTERVAL ${SET_BACK_S} SECOND`,
      ),
    );
    return row?.first === this.#options.sensor;
  }
}
