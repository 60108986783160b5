import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Observable } from '../core/observable.ts';
import type { Log } from '../lib/log.ts';
import type { Store } from '../store/store.ts';

/** Verdicts judged anew in one transaction: enough to be quick, few enough to let events in between. */
const PAGE = 500;

export interface RejudgingOptions {
  readonly store: Store;
  /** A fingerprint of what verdicts are made by, besides the evidence. */
  readonly basis: () => string;
  readonly rejudge: (observable: Observable) => unknown;
  /** What should be published may have changed. */
  readonly onDecided: () => void;
  readonly log: Log;
}

/**
 * Judges everything anew when policy, operator's allow list, feeds or surroundings are others than those it was judged by: after a
 * reload, and after a start with a changed configuration. What is blocked comes first, so that what is now allowed is released at once.
 */
export class Rejudging {
  readonly #options: RejudgingOptions;
  #run = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: RejudgingOptions) {
    this.#options = options;
  }

  /** Begins where something changed since everything was last judged. Returns at once. A run under way gives way to it. */
  start(): void {
    const { store, basis } = this.#options;
    if (store.basis.read() === basis()) return;
    const run = ++this.#run;
    this.#running = this.#running.then(() => this.#judgeAll(run)).catch((error: unknown) => this.#note(error));
  }

  /** Gives up what is under way: the next start goes on from the beginning. */
  async stop(): Promise<void> {
    this.#run++;
    await this.#running;
  }

  async #judgeAll(run: number): Promise<void> {
    const { store, basis, onDecided, log } = this.#options;
    const judgedBy = basis();
    let count = await this.#judge(
      run,
      [...store.indicators.desired(0).values()].map(({ observable }) => observable),
    );
    if (run === this.#run) onDecided();
    for (let cursor: number | undefined = 0; cursor !== undefined; ) {
      // Before each page: the store may have been closed in between.
      await nextTurn();
      if (run !== this.#run) return;
      const page: ReturnType<Store['verdicts']['page']> = store.verdicts.page({ limit: PAGE, cursor });
      count += await this.#judge(
        run,
        page.verdicts.map(({ observable }) => observable),
      );
      cursor = page.next;
    }
    if (run !== this.#run) return;
    store.transactDurably(() => store.basis.keep(judgedBy));
    onDecided();
    if (count > 0) log.info('judged anew, since what verdicts are made by has changed', { count });
  }

  async #judge(run: number, observables: readonly Observable[]): Promise<number> {
    const { store, rejudge } = this.#options;
    let at = 0;
    for (; at < observables.length; at += PAGE) {
      await nextTurn();
      if (run !== this.#run) return 0;
      store.transact(() => observables.slice(at, at + PAGE).forEach((observable) => void rejudge(observable)));
    }
    return observables.length;
  }

  // Told and not thrown: what is blocked stays as it is, and the next reload or start tries again.
  #note(error: unknown): void {
    this.#options.log.error('cannot judge everything anew', { err: error });
  }
}
