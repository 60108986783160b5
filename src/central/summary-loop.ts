import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import type { SummaryKeeper } from './summary-keeper.ts';

export interface SummaryLoopOptions {
  readonly keeper: SummaryKeeper;
  /** Whether the sync is through: before that summaries would be made of half the rows, and of no schema at first. */
  readonly isReady: () => boolean;
  readonly intervalMs: number;
  readonly log: Log;
}

/** Makes summaries anew beside the sync and not in its way: an hour of a busy network takes seconds, rows have to be there within two. */
export class SummaryLoop {
  readonly #options: SummaryLoopOptions;
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SummaryLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#abort = new AbortController();
    this.#running = this.#loop();
  }

  /** The pool is somebody else's: a statement under way ends with it. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const { log, intervalMs } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      // The sync says aloud what is wrong with the centre; what is due stays so.
      await this.#refresh().catch((error: unknown) => log.debug('summaries not made anew', { err: error }));
      await pause(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #refresh(): Promise<void> {
    if (!this.#options.isReady()) return;
    for await (const _ of this.#options.keeper.refresh()) if (this.#abort.signal.aborted) return;
  }
}
