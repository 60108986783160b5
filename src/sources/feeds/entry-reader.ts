import type { Feed } from './feed.ts';
import type { FeedEntry } from './feed-entry.ts';
import { JsonItems } from './json-items.ts';
import { type LineReader, lineReaderOf } from './line-readers.ts';
import { LineSplitter } from './line-splitter.ts';
import { mispEntries } from './misp-attribute.ts';

/** Reads entries out of a stream of bytes. One object per version of a feed. */
export interface EntryReader {
  /** The entries that `chunk` completes. */
  push(chunk: Buffer): readonly FeedEntry[];
  /** The entries left at the end. `complete`: whether the text ended where its format says it may. */
  end(): { readonly entries: readonly FeedEntry[]; readonly complete: boolean };
  /** Lines or elements that could not be read at all. */
  readonly unreadable: number;
}

/** The reader for a feed's format. For `misp` it reads one event. */
export function entryReader(feed: Feed): EntryReader {
  if (feed.format === 'misp') return new ItemReader('Attribute', mispEntries);
  if (feed.format === 'warninglist') return new ItemReader('list', (item) => (typeof item === 'string' ? [item] : []));
  return new LineEntryReader(lineReaderOf(feed));
}

class LineEntryReader implements EntryReader {
  readonly #lines = new LineSplitter();
  readonly #reader: LineReader;
  #unreadable = 0;

  constructor(reader: LineReader) {
    this.#reader = reader;
  }

  get unreadable(): number {
    return this.#unreadable + this.#lines.tooLong;
  }

  push(chunk: Buffer): readonly FeedEntry[] {
    return this.#read(this.#lines.push(chunk));
  }

  end(): { readonly entries: readonly FeedEntry[]; readonly complete: boolean } {
    return { entries: this.#read(this.#lines.end()), complete: true };
  }

  #read(lines: readonly string[]): readonly FeedEntry[] {
    const entries: FeedEntry[] = [];
    for (const line of lines) {
      const read = this.#reader(line);
      if (read === 'unreadable') this.#unreadable += 1;
      else entries.push(...read);
    }
    return entries;
  }
}

class ItemReader implements EntryReader {
  readonly #items: JsonItems;
  readonly #textsOf: (item: unknown) => readonly string[];

  constructor(name: string, textsOf: (item: unknown) => readonly string[]) {
    this.#items = new JsonItems([name]);
    this.#textsOf = textsOf;
  }

  get unreadable(): number {
    return this.#items.bad;
  }

  push(chunk: Buffer): readonly FeedEntry[] {
    return this.#items.push(chunk).flatMap((item) => this.#textsOf(item).map((text) => ({ text })));
  }

  end(): { readonly entries: readonly FeedEntry[]; readonly complete: boolean } {
    return { entries: [], complete: this.#items.isComplete };
  }
}
