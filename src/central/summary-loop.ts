import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import { CentralError } from './central-error.ts';
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
  #said = '';

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
    const { intervalMs } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await this.#refresh().catch((error: unknown) => this.#say(error));
      await pause(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #refresh(): Promise<void> {
    if (!this.#options.isReady()) return;
    for await (const _ of this.#options.keeper.refresh()) if (this.#abort.signal.aborted) return;
  }

  /** Once for each reason: what is due stays so. The sync says aloud what is wrong with the centre as a whole. */
  #say(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const isSyncs = error instanceof CentralError && (error.failure === 'lost' || !this.#options.isReady());
    if (isSyncs || why === this.#said) this.#options.log.debug('summaries not made anew', { err: error });
    else this.#options.log.warn('summaries not made anew', { err: error });
    if (!isSyncs) this.#said = why;
  }
}
