import { setTimeout as pause } from 'node:timers/promises';

/**
 * The rest between two writes. FTL answers no DNS during one; with 50 ms between, ten rows at a time never held an answer
 * up for more than 55 ms (measured).
 */
const REST_MS = 50;

/** Lets FTL breathe between writes. */
export class WritePace {
  readonly #now: () => number;
  #restUntil = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Does one write after the rest since the last one; whoever calls waits for each before the next. */
  async take<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
    // A clock that was set back must not make this wait for long.
    const waitMs = Math.min(this.#restUntil - this.#now(), REST_MS);
    if (waitMs > 0) await pause(waitMs, undefined, { signal });
    try {
      return await write();
    } finally {
      this.#restUntil = this.#now() + REST_MS;
    }
  }
}
