import { setTimeout as pause } from 'node:timers/promises';

/**
 * FTL answers no DNS during a write. The rest after it is as long as it took, so that DNS has half of the time, on a slow board too,
 * and whoever asks waits for one write at most; this is the least, for what FTL does after its answer.
 */
const LEAST_REST_MS = 20;
/** What takes longer than this waited for something else: a lock of the database, or this process. */
const LONGEST_REST_MS = 250;

/** Lets FTL breathe between writes. */
export class WritePace {
  readonly #now: () => number;
  #restMs = 0;
  #restUntil = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Does one write after the rest since the last one; whoever calls waits for each before the next. */
  async take<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
    // A clock that was set back must not make this wait for long.
    const waitMs = Math.min(this.#restUntil - this.#now(), this.#restMs);
    if (waitMs > 0) await pause(waitMs, undefined, { signal });
    const startedAt = performance.now();
    try {
      return await write();
    } finally {
      this.#restMs = Math.min(LONGEST_REST_MS, Math.max(LEAST_REST_MS, performance.now() - startedAt));
      this.#restUntil = this.#now() + this.#restMs;
    }
  }
}
