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
/** More batches are not sent while these wait to be dealt with; the pipeline merges meanwhile. */
const MAX_IN_FLIGHT = 2;

/** Decides when the pipeline is emptied: what is new soon, counts of what is known rarely, nothing while main is behind. */
export class HandOver {
  readonly #options: HandOverOptions;
  #timer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #lastFullAt = 0;

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
    this.#flush('all');
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
    if (elapsed < this.#options.flushIntervalMs && elapsed >= 0) {
      this.#flush('fresh');
      return;
    }
    this.#lastFullAt = now;
    this.#flush('all');
  }

  #flush(which: 'all' | 'fresh'): void {
    const batch = this.#options.pipeline.flush(which);
    if (batch === undefined) return;
    this.#inFlight++;
    this.#options.send(batch);
  }
}
