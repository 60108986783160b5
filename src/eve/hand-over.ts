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

/** Decides when the pipeline is emptied: what is new soon, counts of what is known rarely, nothing while main is behind. */
export class HandOver {
  readonly #options: HandOverOptions;
  #timer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #lastFullAt = 0;
  /** Rows that waited when everything became due, and still do. */
  #due = 0;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  start(): void {
    this.#lastFullAt = this.#options.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Hands over everything, also when main is behind: there is no later. */
  stop(): void {
    clearInterval(this.#timer);
    do this.#flush('all');
    while (this.#options.pipeline.waiting > 0);
  }

  /** Main has dealt with a batch. */
  acknowledge(): void {
    this.#inFlight--;
  }

  #tick(): void {
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
