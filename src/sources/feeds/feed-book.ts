import type { Observable } from '../../core/observable.ts';
import type { FeedRole } from './feed.ts';

/** A feed as it is kept. Times are epoch milliseconds; `undefined` means never. */
export interface KeptFeed {
  readonly name: string;
  readonly role: FeedRole;
  readonly origin: string;
  readonly entries: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly fetchedAt: number | undefined;
  readonly changedAt: number | undefined;
  readonly triedAt: number | undefined;
  readonly retryAt: number | undefined;
  readonly failures: number;
  readonly problem: string | undefined;
}

/** An entry in the form in which it is kept: `kind:value`, `net:CIDR` or `urlhost:HOST`. */
export interface FeedRow {
  readonly key: string;
  readonly rank: number | null;
}

/** Validators of a version, sent back with the next request. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** A new version of a feed on its way in. The generators are run to their ends, with pauses between the steps. */
export interface FeedLoading {
  /** Different entries so far. */
  readonly entries: number;
  put(rows: readonly FeedRow[]): void;
  write(): Iterable<void>;
  swap(): { readonly added: number; readonly removed: number };
  settle(): Iterable<void>;
  /** Gives up what was not swapped in. Always run at the end. */
  close(): Iterable<void>;
}

/** What the latest change of a feed touches. Each step of an iteration is a bounded piece of work. */
export interface ChangedFeed {
  /** What was already seen on the network and is covered by an added or removed entry. */
  observables(change: 'added' | 'removed'): Iterable<readonly Observable[]>;
  keys(change: 'added' | 'removed'): Iterable<readonly string[]>;
}

/** Where feeds and their entries are kept. */
export interface FeedBook {
  register(feed: { readonly name: string; readonly role: FeedRole; readonly origin: string }): void;
  all(): readonly KeptFeed[];
  find(name: string): KeptFeed | undefined;
  keepUnchanged(name: string, at: number): void;
  keepFailure(
    name: string,
    failure: { readonly at: number; readonly problem: string; readonly retryAt?: number },
  ): void;
  load(name: string, version: () => Validators & { readonly at: number }): FeedLoading;
  forget(name: string): void;
  seen(name: string): ChangedFeed;
  part(name: string, part: string, version: string): readonly string[] | undefined;
  keepPart(name: string, part: string, version: string, keys: readonly string[]): void;
  retainParts(name: string, parts: readonly string[]): void;
}
