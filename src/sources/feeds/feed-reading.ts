import type { Download } from './download.ts';
import { entryReader } from './entry-reader.ts';
import { EntryScreen } from './entry-screen.ts';
import type { Feed } from './feed.ts';
import type { FeedRow } from './feed-book.ts';
import type { FeedEntry } from './feed-entry.ts';
import { FeedProblem } from './feed-problem.ts';
import type { Pace } from './pace.ts';
import { type UnpackLimits, unpack } from './unpack.ts';

/** Bytes parsed in one go: about a thousand lines. */
const PIECE_BYTES = 16_384;

/** What reading came to. */
export interface ReadingCounts {
  readonly accepted: number;
  /** Entries that are none: no name, no address, a public suffix, a private address. */
  readonly refused: number;
  /** Lines that are too long, or not of the feed's format. */
  readonly unreadable: number;
}

/** Reads bodies of one feed into rows, in small pieces, and refuses what is not such a list at all. */
export class FeedReading {
  readonly #feed: Feed;
  readonly #screen: EntryScreen;
  readonly #limits: UnpackLimits;
  readonly #pace: Pace;
  #unreadable = 0;

  constructor(feed: Feed, limits: UnpackLimits, pace: Pace) {
    this.#feed = feed;
    this.#screen = new EntryScreen(feed);
    this.#limits = limits;
    this.#pace = pace;
  }

  get counts(): ReadingCounts {
    return { accepted: this.#screen.accepted, refused: this.#screen.refused, unreadable: this.#unreadable };
  }

  /**
   * Reads one body to its end, or up to `maxEntries` of the feed.
   * @throws FeedProblem when it breaks off, is too long, or is a web page.
   */
  async read(body: Download & { kind: 'body' }, take: (rows: readonly FeedRow[]) => void): Promise<void> {
    const reader = entryReader(this.#feed);
    try {
      let isFirst = true;
      for await (const chunk of unpack(body.stream, body.isGzip, this.#limits)) {
        if (isFirst) this.#refuseWebPage(chunk);
        isFirst = false;
        for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
          this.#take(reader.push(chunk.subarray(at, at + PIECE_BYTES)), take);
          await this.#pace.breathe();
        }
        if (this.#isFull()) return;
      }
      const { entries, complete } = reader.end();
      this.#take(entries, take);
      if (!complete) throw this.#problem('its JSON breaks off', 'want a whole document');
    } catch (error) {
      throw this.#failureOf(error);
    } finally {
      this.#unreadable += reader.unreadable;
    }
  }

  /** @throws FeedProblem when most of what was read is not what the feed's format says. */
  checkFormat(): void {
    const { accepted, refused, unreadable } = this.counts;
    const bad = refused + unreadable;
    if (bad <= accepted) return;
    throw this.#problem(`${bad} of its ${bad + accepted} entries are none`, `want format "${this.#feed.format}"`);
  }

  #take(entries: readonly FeedEntry[], take: (rows: readonly FeedRow[]) => void): void {
    if (entries.length > 0 && !this.#isFull()) take(this.#screen.rows(entries));
  }

  #isFull(): boolean {
    return this.#feed.maxEntries !== undefined && this.#screen.accepted >= this.#feed.maxEntries;
  }

  #refuseWebPage(chunk: Buffer): void {
    if (chunk.subarray(0, 512).toString('utf8').trimStart().startsWith('<')) {
      throw this.#problem('it is a web page', 'want a list');
    }
  }

  #failureOf(error: unknown): unknown {
    if (error instanceof FeedProblem || !(error instanceof Error)) return error;
    // Of zlib, of the connection (a body cut short), or of the file.
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error.name === 'AbortError') return error;
    return this.#problem(`it breaks off (${error.message.slice(0, 100)})`, 'want a whole list', error);
  }

  #problem(is: string, want: string, cause?: unknown): FeedProblem {
    return new FeedProblem(
      `Cannot read feed "${this.#feed.name}": ${is}, ${want}`,
      cause === undefined ? {} : { cause },
    );
  }
}
