import type { Feed } from './feed.ts';
import type { KeptFeed } from './feed-book.ts';

/** Part of the interval by which a read is put off at random, so that no host is asked by everybody at one time. */
const JITTER = 0.1;

/** First wait after a failure; doubled with each, up to the feed's own interval. */
const FIRST_RETRY_MS = 5 * 60_000;

/**
 * When a feed is read next, epoch milliseconds: at once when it never was or is read in another way than before, after its
 * interval when it was, sooner after a failure; never within its host's minimum, and not before the host's `Retry-After`.
 * `random` gives a number from 0 up to 1; `isOther` says that something else about it changed that wants a new read.
 */
export function nextRefreshAt(
  feed: Feed,
  kept: KeptFeed | undefined,
  options: { origin: string; random: number; isOther?: boolean },
): number {
  if (kept?.triedAt === undefined) return 0;
  const { failures, triedAt, retryAt } = kept;
  const interval =
    failures > 0 ? Math.min(feed.everyMs, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16)) : feed.everyMs;
  const isSame = kept.origin === options.origin && options.isOther !== true;
  const due = isSame ? triedAt + interval * (1 + JITTER * options.random) : triedAt;
  return Math.round(Math.max(due, triedAt + feed.minEveryMs, retryAt ?? 0));
}
