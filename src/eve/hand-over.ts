import type { EvePipeline } from './eve-pipeline.ts';
import type { IntakeBatch } from './intake-batch.ts';

export interface HandOverOptions {
  readonly pipeline: EvePipeline;
  readonly send: (batch: IntakeBatch) => void;
  readonly flushIntervalMs: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Half of the promise that what is new is handed over within 200 ms. */
const TICK_MS = 100;
/**
 * Rows in one batch. Packing one takes some 0.6 us, in which nothing is received, and what Suricata sends meanwhile has to fit its socket:
 * at 5,000 events a second that holds 12 ms at least.
 */
const MOST_ROWS = 5_000;
/** More batches are not sent while these wait to be dealt with; the pipeline merges meanwhile. */
const MAX_IN_FLIGHT = 2;

/**
 * Decides when the pipeline is emptied: what is new soon, counts of what is known rarely, nothing while main is behind. On a quiet network
 * its thread sleeps.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires: in a tick, because there is something to look at, or when everything is due. */
  #isNear = false;
  #inFlight = 0;
  #lastFullAt = 0;
  /** Rows that waited when everything became due, and still do. */
  #due = 0;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  start(): void {
    this.#lastFullAt = this.#options.now();
    this.#options.pipeline.onBytes = () => this.#comeSoon();
    this.#comeSoon();
  }

  /** Hands over everything, also when main is behind: there is no later. */
  stop(): void {
    this.#options.pipeline.onBytes = undefined;
    clearTimeout(this.#timer);
    do this.#flush('all');
    while (this.#options.pipeline.waiting > 0);
  }

  /** Main has dealt with a batch. */
  acknowledge(): void {
    this.#inFlight--;
    this.#comeSoon();
  }

  #comeSoon(): void {
    if (!this.#isNear) this.#schedule(TICK_MS);
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#isNear = delayMs <= TICK_MS;
    this.#timer = setTimeout(() => this.#tick(), delayMs);
  }

  #tick(): void {
    this.#empty();
    const { flushIntervalMs, now, pipeline } = this.#options;
    const isBusy = this.#due > 0 || pipeline.isUrgent;
    const untilDue = Math.min(flushIntervalMs, this.#lastFullAt + flushIntervalMs - now());
    this.#schedule(isBusy ? TICK_MS : Math.max(TICK_MS, untilDue));
  }

  #empty(): void {
    if (this.#inFlight >= MAX_IN_FLIGHT) return;
    const now = this.#options.now();
    const elapsed = now - this.#lastFullAt;
    // A clock set back counts as due, else counts would wait for it to catch up.
    if (elapsed >= this.#options.flushIntervalMs || elapsed < 0) {
      this.#lastFullAt = now;
      // Its counters are handed over even where no row waits.
      this.#due = Math.max(1, this.#options.pipeline.waiting);
    }
    this.#flush(this.#due > 0 ? 'all' : 'fresh');
    this.#due = Math.max(0, this.#due - MOST_ROWS);
  }

  #flush(which: 'all' | 'fresh'): void {
    const batch = this.#options.pipeline.flush(which, MOST_ROWS);
    if (batch === undefined) return;
    this.#inFlight++;
    this.#options.send(batch);
  }
}
