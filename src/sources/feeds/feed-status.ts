import type { Feed, FeedFormat, FeedRole } from './feed.ts';
import type { KeptFeed } from './feed-book.ts';

/** What `status` shows of a feed. Times are epoch milliseconds. */
export interface FeedStatus {
  readonly name: string;
  readonly role: FeedRole;
  readonly format: FeedFormat;
  /**
   * `waiting`: never read yet. `current`: the last attempt was good. `kept`: it was not, and the last good version counts.
   * `missing`: no attempt was good yet.
   */
  readonly state: 'waiting' | 'current' | 'kept' | 'missing';
  readonly isRefreshing: boolean;
  readonly entries: number;
  /** When the version that counts was read or confirmed last. */
  readonly fetchedAt: number | undefined;
  readonly changedAt: number | undefined;
  readonly nextAt: number | undefined;
  /** What went wrong in the last attempt. */
  readonly problem: string | undefined;
  readonly licence: string | undefined;
}

/** The status of a feed from what is kept of it. */
export function feedStatus(
  feed: Feed,
  kept: KeptFeed | undefined,
  now: { readonly nextAt: number | undefined; readonly isRefreshing: boolean },
): FeedStatus {
  return {
    name: feed.name,
    role: feed.role,
    format: feed.format,
    state: stateOf(kept),
    ...now,
    entries: kept?.entries ?? 0,
    fetchedAt: kept?.fetchedAt,
    changedAt: kept?.changedAt,
    problem: kept?.problem,
    licence: feed.licence,
  };
}

function stateOf(kept: KeptFeed | undefined): FeedStatus['state'] {
  if (kept?.triedAt === undefined) return 'waiting';
  if (kept.problem === undefined) return 'current';
  return kept.fetchedAt === undefined ? 'missing' : 'kept';
}
