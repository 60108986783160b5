import type { Log } from '../../lib/log.ts';
import type { Feed, FeedRole } from './feed.ts';
import type { ChangedFeed, FeedBook } from './feed-book.ts';
import { FeedProblem } from './feed-problem.ts';
import { type FeedSwap, originOf, type RefreshOptions, refreshFeed } from './feed-refresh.ts';
import { nextRefreshAt } from './feed-schedule.ts';
import { type FeedStatus, feedStatus } from './feed-status.ts';
import { Pace } from './pace.ts';

/** A feed's new version. `touched` can be asked what was added and removed until the handler is done. */
export interface FeedChange {
  readonly name: string;
  readonly role: FeedRole;
  readonly added: number;
  readonly removed: number;
  readonly entries: number;
  readonly touched: ChangedFeed;
}

export interface FeedRunnerOptions {
  /** The configured feeds. Those that are kept and not among them are removed, with what they said. */
  readonly feeds: readonly Feed[];
  readonly book: FeedBook;
  /** Told of each new version that differs, before anything else is fetched. */
  readonly onChanged: (change: FeedChange) => void | Promise<void>;
  readonly log: Log;
  readonly now: () => number;
  /** From 0 up to 1, for the jitter. */
  readonly random: () => number;
  /** For one whole refresh; default 5 minutes. */
  readonly timeoutMs?: number;
  /** Longest body over the wire; default 64 MiB. */
  readonly maxBytes?: number;
  /** Longest body after decompression; default 256 MiB. */
  readonly maxUnpackedBytes?: number;
  /** Tests keep their hosts on this machine. */
  readonly allowLoopback?: boolean;
  readonly userAgent?: string;
}

const TIMEOUT_MS = 5 * 60_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
const USER_AGENT = 'home-network-guardian';

/** Longest sleep: a clock that was set is noticed within it. */
const MAX_SLEEP_MS = 60_000;

/**
 * Keeps every configured feed fresh: one at a time, each at its own interval, the overdue first. A feed that fails keeps
 * its last good version; `status` and the log say so.
 */
export class FeedRunner {
  readonly #options: FeedRunnerOptions;
  readonly #dueAt = new Map<string, number>();
  #feeds: readonly Feed[];
  /** Other feeds than now, which are taken over as soon as what is under way has ended. */
  #followed: readonly Feed[] | undefined;
  #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #refreshing: { readonly feed: Feed; readonly abort: AbortController } | undefined;

  constructor(options: FeedRunnerOptions) {
    this.#options = options;
    this.#feeds = options.feeds;
  }

  /** Registers the feeds and begins with the overdue ones. Returns at once. */
  start(): void {
    this.#abort = new AbortController();
    for (const feed of this.#feeds) this.#register(feed);
    this.#wake();
  }

  /**
   * Takes over other feeds. What is not among them is removed with what it said; what is new, or is read in another way or with
   * another key, is read as soon as its host's minimum allows. All others go on, and every last good version stays. Returns at once.
   */
  follow(feeds: readonly Feed[]): void {
    if (this.#abort.signal.aborted) return;
    this.#followed = feeds;
    const reading = this.#refreshing;
    if (reading !== undefined && !isStillRead(reading.feed, feeds)) reading.abort.abort();
    this.#wake();
  }

  /** Gives up what is under way; versions that count stay. */
  async stop(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Reads a feed now, whatever its interval says. Resolves when that is done, also when it failed: see `status`. */
  refresh(name: string): Promise<void> {
    this.#running = this.#running.then(() => {
      const feed = this.#find(name);
      return feed === undefined ? undefined : this.#refresh(feed);
    });
    return this.#running;
  }

  /** Each configured feed: fresh or not, since when, how many entries, and what went wrong. */
  status(): readonly FeedStatus[] {
    return this.#feeds.map((feed) =>
      feedStatus(feed, this.#options.book.find(feed.name), {
        nextAt: this.#dueAt.get(feed.name),
        isRefreshing: this.#refreshing?.feed.name === feed.name,
      }),
    );
  }

  #wake(): void {
    this.#running = this.#running.then(() => this.#work()).finally(() => this.#sleep());
  }

  async #work(): Promise<void> {
    if (this.#followed !== undefined) this.#takeOver(this.#followed);
    await this.#retire();
    while (!this.#abort.signal.aborted && this.#followed === undefined) {
      const feed = this.#nextDue();
      if (feed === undefined) return;
      await this.#refresh(feed);
    }
  }

  // Between two reads and never during one: validators of the old origin must not be kept for the new one.
  #takeOver(feeds: readonly Feed[]): void {
    const before = this.#feeds;
    this.#feeds = feeds;
    this.#followed = undefined;
    for (const feed of feeds) {
      this.#register(
        feed,
        before.find((one) => one.name === feed.name),
      );
    }
  }

  #register(feed: Feed, before: Feed = feed): void {
    this.#schedule(feed, before.authKey !== feed.authKey || before.role !== feed.role);
    this.#options.book.register({ name: feed.name, role: feed.role, origin: originOf(feed) });
  }

  #find(name: string): Feed | undefined {
    return this.#feeds.find((feed) => feed.name === name);
  }

  #nextDue(): Feed | undefined {
    const due = this.#feeds.filter((feed) => this.#due(feed) <= this.#options.now());
    return due.sort((a, b) => this.#due(a) - this.#due(b))[0];
  }

  #due(feed: Feed): number {
    return this.#dueAt.get(feed.name) ?? 0;
  }

  #sleep(): void {
    if (this.#abort.signal.aborted || this.#feeds.length === 0) return;
    const next = Math.min(...this.#feeds.map((feed) => this.#due(feed)));
    const wait = Math.max(1, Math.min(MAX_SLEEP_MS, next - this.#options.now()));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake(), wait);
  }

  #schedule(feed: Feed, isOther = false): void {
    const { book, random } = this.#options;
    const options = { origin: originOf(feed), random: random(), isOther };
    this.#dueAt.set(feed.name, nextRefreshAt(feed, book.find(feed.name), options));
  }

  async #refresh(feed: Feed): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const abort = new AbortController();
    const signal = AbortSignal.any([this.#abort.signal, abort.signal]);
    this.#refreshing = { feed, abort };
    try {
      const swap = await refreshFeed(feed, this.#refreshOptions(), signal);
      if (swap === undefined) this.#options.book.keepUnchanged(feed.name, this.#options.now());
      this.#logSuccess(feed, swap);
    } catch (error) {
      if (signal.aborted) return;
      this.#keepFailure(feed, error);
    } finally {
      this.#refreshing = undefined;
      this.#schedule(feed);
    }
  }

  #refreshOptions(): RefreshOptions {
    const { book, now, timeoutMs, maxBytes, maxUnpackedBytes, allowLoopback, userAgent } = this.#options;
    return {
      book,
      now,
      timeoutMs: timeoutMs ?? TIMEOUT_MS,
      maxBytes: maxBytes ?? MAX_BYTES,
      maxUnpackedBytes: maxUnpackedBytes ?? MAX_UNPACKED_BYTES,
      allowLoopback: allowLoopback ?? false,
      userAgent: userAgent ?? USER_AGENT,
      onSwap: (feed, swap) => this.#tell(feed, swap),
    };
  }

  async #tell(feed: Pick<Feed, 'name' | 'role'>, swap: Pick<FeedSwap, 'added' | 'removed' | 'entries'>): Promise<void> {
    if (swap.added === 0 && swap.removed === 0) return;
    const { name, role } = feed;
    const { added, removed, entries } = swap;
    const touched = this.#options.book.seen(name);
    await this.#options.onChanged({ name, role, added, removed, entries, touched });
  }

  #logSuccess(feed: Feed, swap: FeedSwap | undefined): void {
    const { log } = this.#options;
    if (swap === undefined) log.debug('feed is unchanged', { source: feed.name });
    else log.info('feed read', { source: feed.name, count: swap.entries, added: swap.added, removed: swap.removed });
  }

  // A defect is noted like a failure too: one feed that trips us must not end the others' refreshing.
  #keepFailure(feed: Feed, error: unknown): void {
    const { book, log, now } = this.#options;
    const problem = error instanceof Error ? error.message : String(error);
    const retry = error instanceof FeedProblem && error.retryAt !== undefined ? { retryAt: error.retryAt } : {};
    const isNew = book.find(feed.name)?.problem !== problem;
    book.keepFailure(feed.name, { at: now(), problem, ...retry });
    const fields = { source: feed.name, reason: problem, count: book.find(feed.name)?.entries ?? 0 };
    if (!(error instanceof FeedProblem)) log.error('feed cannot be read', { ...fields, err: error });
    else if (isNew) log.warn('feed keeps its last good version', fields);
    else log.debug('feed keeps its last good version', fields);
  }

  /** Removes what feeds said that are no longer configured. */
  async #retire(): Promise<void> {
    const { book, now, log } = this.#options;
    const pace = new Pace(this.#abort.signal);
    for (const kept of book.all()) {
      if (this.#find(kept.name) !== undefined || this.#abort.signal.aborted) continue;
      const load = book.load(kept.name, () => ({ at: now(), etag: undefined, lastModified: undefined }));
      try {
        await pace.through(load.write());
        const swap = load.swap();
        await this.#tell(kept, { ...swap, entries: 0 });
        await pace.through(load.settle());
        book.forget(kept.name);
        log.info('feed removed', { source: kept.name, removed: swap.removed });
      } catch (error) {
        // Given up half-way: the next start goes on.
        if (!this.#abort.signal.aborted) throw error;
      } finally {
        await new Pace(new AbortController().signal).through(load.close());
      }
    }
  }
}

/** Whether what is being read of a feed is still wanted, and wanted in this way. */
function isStillRead(feed: Feed, feeds: readonly Feed[]): boolean {
  const next = feeds.find((one) => one.name === feed.name);
  return (
    next !== undefined && next.authKey === feed.authKey && next.role === feed.role && originOf(next) === originOf(feed)
  );
}
