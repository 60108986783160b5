import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import type { Outbox } from './outbox.ts';

export interface OutboxBoundOptions {
  readonly outbox: Pick<Outbox, 'count' | 'thin'>;
  /** Marked rows above which the oldest of what may be given up goes. */
  readonly maxRows: number;
  readonly log: Log;
}

/** Marks deleted at a time: a few milliseconds. */
const THIN_STEP = 5_000;

/** Keeps what waits for the centre within the disk's share. */
export class OutboxBound {
  readonly #options: OutboxBoundOptions;
  #rows = 0;

  constructor(options: OutboxBoundOptions) {
    this.#options = options;
  }

  /** Marked rows when they were counted last. */
  get rows(): number {
    return this.#rows;
  }

  /** Counts what is marked, and gives up what is above the limit. In steps, with the event loop between them. */
  async keep(): Promise<void> {
    const { outbox, maxRows, log } = this.#options;
    let rows = 0;
    for (const sum of outbox.count()) {
      rows = sum;
      await pause(0);
    }
    const excess = rows - maxRows;
    let thinned = 0;
    while (thinned < excess) {
      const step = outbox.thin(Math.min(THIN_STEP, excess - thinned));
      if (step === 0) break;
      thinned += step;
      await pause(0);
    }
    if (thinned > 0) log.warn('oldest sightings and names not sent to the central database', { count: thinned });
    this.#rows = rows - thinned;
  }
}
