import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Observable } from '../core/observable.ts';
import type { Log } from '../lib/log.ts';
import type { Feed } from '../sources/feeds/feed.ts';
import { type FeedChange, FeedRunner } from '../sources/feeds/feed-runner.ts';
import type { FeedStatus } from '../sources/feeds/feed-status.ts';
import type { Store } from '../store/store.ts';
import type { Judgement } from './judgement.ts';
import type { Questions } from './questions.ts';

export interface FeedsOptions {
  readonly feeds: readonly Feed[];
  readonly store: Store;
  readonly judgement: Judgement;
  readonly questions: Questions;
  /** What should be published changed. */
  readonly onDecided: () => void;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
}

/** Keeps the feeds fresh, and judges anew what somebody here uses and a feed began or ceased to list. */
export class Feeds {
  readonly #options: FeedsOptions;
  readonly #runner: FeedRunner;

  constructor(options: FeedsOptions) {
    const { feeds, store, log, now, random } = options;
    this.#options = options;
    this.#runner = new FeedRunner({
      feeds,
      book: store.feeds,
      onChanged: (change) => this.#changed(change),
      log,
      now,
      random,
    });
  }

  start(): void {
    this.#runner.start();
  }

  stop(): Promise<void> {
    return this.#runner.stop();
  }

  /** Takes over other feeds; the last good versions of those that stay go on counting. */
  follow(feeds: readonly Feed[]): void {
    this.#runner.follow(feeds);
  }

  status(): readonly FeedStatus[] {
    return this.#runner.status();
  }

  async #changed({ name, touched, added, removed }: FeedChange): Promise<void> {
    const { log, questions, onDecided } = this.#options;
    let decided = false;
    for (const change of ['added', 'removed'] as const) {
      for (const page of touched.observables(change)) {
        decided = this.#judge(page, change === 'added' ? [name] : []) || decided;
        await nextTurn();
      }
    }
    log.info('feed changed', { source: name, added, removed });
    questions.wake();
    if (decided) onDecided();
  }

  #judge(page: readonly Observable[], feeds: readonly string[]): boolean {
    const { store, judgement, questions } = this.#options;
    return store.transact(() => {
      let decided = false;
      for (const observable of page) {
        const { indicatorChanged } = judgement.rejudge(observable);
        decided = indicatorChanged || decided;
        if (feeds.length > 0) questions.considerFeedHit(observable, feeds);
      }
      return decided;
    });
  }
}
