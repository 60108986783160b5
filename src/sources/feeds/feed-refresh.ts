import { createHash } from 'node:crypto';
import type { Download } from './download.ts';
import type { Feed } from './feed.ts';
import type { FeedBook, FeedLoading, KeptFeed } from './feed-book.ts';
import { type LocationOptions, openLocation } from './feed-location.ts';
import { FeedProblem } from './feed-problem.ts';
import { FeedReading, type ReadingCounts } from './feed-reading.ts';
import { readMispFeed } from './misp-feed.ts';
import { Pace } from './pace.ts';
import type { UnpackLimits } from './unpack.ts';

/** A feed whose version was just replaced. While it is handled, the book still knows what was removed. */
export interface FeedSwap extends ReadingCounts {
  readonly added: number;
  readonly removed: number;
  readonly entries: number;
}

export interface RefreshOptions extends LocationOptions, UnpackLimits {
  readonly book: FeedBook;
  /** For one refresh, body included. */
  readonly timeoutMs: number;
  /** Called after the swap, before the removed entries are deleted. */
  readonly onSwap: (feed: Feed, swap: FeedSwap) => void | Promise<void>;
}

/** A list below this share of its last good version is a mistake of its host's until it has lasted. */
const SHRUNK_SHARE = 0.5;

/** A list that stays short or empty for so long is meant so. */
const SHRINK_BELIEVED_AFTER_MS = 7 * 24 * 3_600_000;

/** How the problems of lists that are too short begin, and no others. */
const SHORT = 'Cannot use feed';

/** More entries are nobody's list for a home. */
const MAX_ENTRIES = 5_000_000;

/** Where and how a feed is read, as a hash: validators of another origin must not be sent. */
export function originOf(feed: Feed): string {
  const { location, format, column, conditions, kind, maxEntries } = feed;
  const text = JSON.stringify([location, format, column, conditions, kind, maxEntries]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/**
 * Reads a registered feed and swaps its new version in. `undefined` when its host says that nothing changed.
 * @throws FeedProblem when it brought nothing that may replace the last good version, which then stays;
 * the reason of `signal`.
 */
export async function refreshFeed(
  feed: Feed,
  options: RefreshOptions,
  signal: AbortSignal,
): Promise<FeedSwap | undefined> {
  const { book, now } = options;
  const kept = book.find(feed.name);
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const bounded = AbortSignal.any([signal, timeout]);
  const pace = new Pace(bounded);
  const version: { at: number; etag?: string | undefined; lastModified?: string | undefined } = { at: now() };
  const load = book.load(feed.name, () => ({ ...version, etag: version.etag, lastModified: version.lastModified }));
  try {
    const validators = { etag: kept?.etag, lastModified: kept?.lastModified };
    const body = await openLocation(feed, undefined, validators, { ...options, signal: bounded });
    if (body.kind === 'unchanged') return undefined;
    const { reading, complete } = await readInto(load, feed, body, { ...options, pace, signal: bounded });
    reading.checkFormat();
    checkSize(feed, load.entries, kept, now());
    if (complete) Object.assign(version, body.validators);
    await pace.through(load.write());
    version.at = now();
    const swap = { ...load.swap(), ...reading.counts, entries: load.entries };
    await options.onSwap(feed, swap);
    await pace.through(load.settle());
    return swap;
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) throw tooSlow(feed, options.timeoutMs);
    throw error;
  } finally {
    // Also when the signal has aborted: what is half written must go.
    await new Pace(new AbortController().signal).through(load.close());
  }
}

async function readInto(
  load: FeedLoading,
  feed: Feed,
  body: Download & { kind: 'body' },
  options: RefreshOptions & { readonly pace: Pace; readonly signal: AbortSignal },
): Promise<{ readonly reading: FeedReading; readonly complete: boolean }> {
  const reading = new FeedReading(feed, options, options.pace);
  const take: FeedLoading['put'] = (rows) => {
    load.put(rows);
    if (load.entries > MAX_ENTRIES) {
      throw new FeedProblem(`Cannot read feed "${feed.name}": it has more than ${MAX_ENTRIES} entries, want fewer`);
    }
  };
  if (feed.format !== 'misp') {
    await reading.read(body, take);
    return { reading, complete: true };
  }
  const open = (file: string): Promise<Download> =>
    openLocation(feed, file, { etag: undefined, lastModified: undefined }, options);
  return {
    reading,
    complete: await readMispFeed(body, { feed, book: options.book, reading, pace: options.pace, open, take }),
  };
}

function checkSize(feed: Feed, entries: number, kept: KeptFeed | undefined, now: number): void {
  const before = kept?.entries ?? 0;
  // The last attempt must have been short too: after a week switched off the first short answer proves nothing.
  const wasShort = kept?.problem?.startsWith(SHORT) === true;
  const lasted = wasShort && now - (kept?.fetchedAt ?? now) > SHRINK_BELIEVED_AFTER_MS;
  if (entries === 0 && !(lasted && before > 0)) {
    throw new FeedProblem(`${SHORT} "${feed.name}": it is empty, want at least one entry`);
  }
  if (entries >= before * SHRUNK_SHARE || lasted) return;
  throw new FeedProblem(`${SHORT} "${feed.name}": it shrank from ${before} to ${entries} entries, want at least half`, {
    hint: 'Its last good version stays; the short one is believed when it lasts for a week.',
  });
}

function tooSlow(feed: Feed, timeoutMs: number): FeedProblem {
  return new FeedProblem(`Cannot read feed "${feed.name}": it took longer than ${timeoutMs} ms, want less`);
}
