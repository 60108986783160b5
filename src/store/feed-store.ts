import type { Statement } from 'better-sqlite3';
import { type Observable, type ObservableKey, observableOfKey } from '../core/observable.ts';
import { type FeedKeyToTry, type FeedRelation, feedKeysOf } from './feed-keys.ts';
import { FeedLoad } from './feed-load.ts';
import { FeedSeen } from './feed-seen.ts';
import type { Sqlite } from './sqlite-file.ts';

/** What a feed says of its entries: bad; popular; suffixes of dynamic DNS; hosts that strangers share. */
export type FeedRole = 'evidence' | 'popularity' | 'dynamic_dns' | 'shared_hosting';

/** A feed and the version of it that counts. Times are epoch milliseconds; `undefined` means never. */
export interface StoredFeed {
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

/** One feed's word about an observable. */
export interface FeedHit {
  readonly feed: string;
  readonly role: FeedRole;
  /** The entry that covers it: `domain:example.com`, `net:192.0.2.0/24`, `urlhost:example.com`. */
  readonly entry: string;
  readonly relation: FeedRelation;
  /** When the feed last said so, epoch milliseconds. A feed that cannot be read keeps its entries, and this stays behind. */
  readonly confirmedAt: number;
  /** Popularity only: at least this good a rank. */
  readonly rank?: number;
}

/** What to remember of a version that was swapped in. */
export interface FeedVersion {
  readonly at: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

interface Row {
  readonly id: number;
  readonly name: string;
  readonly role: FeedRole;
  readonly origin: string;
  readonly generation: number;
  readonly entries: number;
  readonly etag: string | null;
  readonly last_modified: string | null;
  readonly fetched_at: number | null;
  readonly changed_at: number | null;
  readonly tried_at: number | null;
  readonly retry_at: number | null;
  readonly failures: number;
  readonly problem: string | null;
}

interface EntryRow {
  readonly key: string;
  readonly feed_id: number;
  readonly since: number;
  readonly until: number | null;
  readonly rank: number | null;
}

/** The tables of feeds. Entries stay on disk; in memory are only the feeds themselves. */
export class FeedStore {
  readonly #db: Sqlite;
  readonly #rows = new Map<number, Row>();
  readonly #select: Statement<[], Row>;
  readonly #register: Statement;
  readonly #unchanged: Statement;
  readonly #failed: Statement;
  readonly #swap: Statement;
  readonly #forget: Statement;
  readonly #hits: Statement<[string], EntryRow>;
  readonly #partOf: Statement<[number, string, string], { keys: string }>;
  readonly #keepPart: Statement;
  readonly #forgetParts: Statement;
  #prefixes: { readonly v4: readonly number[]; readonly v6: readonly number[] } | undefined;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#select = db.prepare('SELECT * FROM feeds ORDER BY name');
    this.#register = db.prepare(
      `INSERT INTO feeds (name, role, origin, generation, entries, failures) VALUES (?, ?, ?, 0, 0, 0)
       ON CONFLICT (name) DO UPDATE SET role = excluded.role, origin = excluded.origin, etag = NULL, last_modified = NULL,
         retry_at = NULL
       WHERE role <> excluded.role OR origin <> excluded.origin`,
    );
    this.#unchanged = db.prepare(
      'UPDATE feeds SET fetched_at = ?, tried_at = ?, retry_at = NULL, failures = 0, problem = NULL WHERE id = ?',
    );
    this.#failed = db.prepare(
      'UPDATE feeds SET tried_at = ?, problem = ?, retry_at = ?, failures = failures + 1 WHERE id = ?',
    );
    this.#swap = db.prepare(
      `UPDATE feeds SET generation = ?, entries = ?, fetched_at = ?, changed_at = ?, tried_at = ?, etag = ?,
         last_modified = ?, retry_at = NULL, failures = 0, problem = NULL WHERE id = ?`,
    );
    this.#forget = db.prepare('DELETE FROM feeds WHERE id = ?');
    this.#hits = db.prepare('SELECT key, feed_id, since, until, rank FROM feed_entries WHERE key = ?');
    this.#partOf = db.prepare('SELECT keys FROM feed_parts WHERE feed_id = ? AND part = ? AND version = ?');
    this.#keepPart = db.prepare(
      `INSERT INTO feed_parts (feed_id, part, version, keys) VALUES (?, ?, ?, ?)
       ON CONFLICT (feed_id, part) DO UPDATE SET version = excluded.version, keys = excluded.keys`,
    );
    this.#forgetParts = db.prepare(
      'DELETE FROM feed_parts WHERE feed_id = ? AND part NOT IN (SELECT value FROM json_each(?))',
    );
    this.#reread();
  }

  /** Names a feed. Another role or origin than before makes the next fetch a full one; its entries stay until then. */
  register(feed: { readonly name: string; readonly role: FeedRole; readonly origin: string }): void {
    this.#register.run(feed.name, feed.role, feed.origin);
    this.#reread();
  }

  /** All feeds, by name. */
  all(): readonly StoredFeed[] {
    return [...this.#rows.values()].map(storedFeed);
  }

  find(name: string): StoredFeed | undefined {
    const row = this.#row(name);
    return row === undefined ? undefined : storedFeed(row);
  }

  /** Notes that the version that counts was confirmed. */
  keepUnchanged(name: string, at: number): void {
    this.#unchanged.run(at, at, this.#row(name)?.id);
    this.#reread();
  }

  /** Notes an attempt that brought nothing; the version that counts stays. */
  keepFailure(
    name: string,
    failure: { readonly at: number; readonly problem: string; readonly retryAt?: number },
  ): void {
    this.#failed.run(failure.at, failure.problem, failure.retryAt ?? null, this.#row(name)?.id);
    this.#reread();
  }

  /** Begins a new version of a registered feed. `version` is asked for when it is swapped in. */
  load(name: string, version: () => FeedVersion): FeedLoad {
    const row = this.#row(name);
    if (row === undefined) throw new Error(`Cannot load feed "${name}": it was never registered`);
    const onSwap = (generation: number, entries: number): void => {
      const { at, etag, lastModified } = version();
      this.#swap.run(generation, entries, at, at, at, etag ?? null, lastModified ?? null, row.id);
      this.#reread();
    };
    return new FeedLoad(this.#db, { feedId: row.id, generation: row.generation, onSwap });
  }

  /** Forgets a feed whose entries were all swapped out and settled. */
  forget(name: string): void {
    const row = this.#row(name);
    if (row === undefined) return;
    this.#db.transaction(() => {
      this.#forgetParts.run(row.id, '[]');
      this.#forget.run(row.id);
    })();
    this.#reread();
  }

  /** What the feeds say about an observable: one indexed read for each name it may be listed under. Empty where nothing covers it. */
  hits(observable: Observable): readonly FeedHit[] {
    return this.#hitsWhere(observable, (entry, feed) => isListed(entry, feed.generation));
  }

  /** What was seen on the network and is touched by the latest change of a feed. See `FeedSeen`. */
  seen(name: string): FeedSeen {
    const row = this.#row(name);
    return new FeedSeen(this.#db, {
      feedId: row?.id ?? -1,
      generation: row?.generation ?? 0,
      isTouched: (observable, touches) => this.#hitsWhere(observable, (entry) => touches(entry)).length > 0,
    });
  }

  /** The kept keys of a part of a feed, or undefined where this version of it was not fetched yet. */
  part(name: string, part: string, version: string): readonly string[] | undefined {
    const keys = this.#partOf.get(this.#row(name)?.id ?? -1, part, version)?.keys;
    return keys === undefined ? undefined : keys.split('\n').filter((key) => key !== '');
  }

  keepPart(name: string, part: string, version: string, keys: readonly string[]): void {
    this.#keepPart.run(this.#row(name)?.id, part, version, keys.join('\n'));
  }

  /** Forgets the parts that are not among `parts`. */
  retainParts(name: string, parts: readonly string[]): void {
    this.#forgetParts.run(this.#row(name)?.id ?? -1, JSON.stringify(parts));
  }

  #hitsWhere(observable: Observable, counts: (entry: EntryRow, feed: Row) => boolean): readonly FeedHit[] {
    const tries = feedKeysOf(observable, this.#prefixesFor(observable));
    const hits: FeedHit[] = [];
    for (const tried of tries) {
      for (const entry of this.#hits.all(tried.key)) {
        const feed = this.#rows.get(entry.feed_id);
        if (feed !== undefined && counts(entry, feed) && mayMean(tried, feed.role))
          hits.push(hitOf(entry, feed, tried));
      }
    }
    return hits;
  }

  // Networks are found by trying each length that is in use at all; there are few, and most feeds have none.
  #prefixesFor({ kind, value }: Observable): readonly number[] {
    if (kind !== 'ip' && kind !== 'url') return [];
    this.#prefixes ??= this.#readPrefixes();
    if (kind === 'ip') return value.includes(':') ? this.#prefixes.v6 : this.#prefixes.v4;
    return /^https?:\/\/\[/.test(value) ? this.#prefixes.v6 : this.#prefixes.v4;
  }

  #readPrefixes(): { readonly v4: readonly number[]; readonly v6: readonly number[] } {
    const [v4, v6] = [new Set<number>(), new Set<number>()];
    const keys = this.#db.prepare<[], { key: string }>(
      "SELECT key FROM feed_entries WHERE key >= 'net:' AND key < 'net;'",
    );
    for (const { key } of keys.iterate()) {
      const family = key.indexOf(':', 'net:'.length) === -1 ? v4 : v6;
      family.add(Number(key.slice(key.lastIndexOf('/') + 1)));
    }
    return { v4: [...v4], v6: [...v6] };
  }

  #row(name: string): Row | undefined {
    for (const row of this.#rows.values()) if (row.name === name) return row;
    return undefined;
  }

  #reread(): void {
    this.#rows.clear();
    for (const row of this.#select.all()) this.#rows.set(row.id, row);
    this.#prefixes = undefined;
  }
}

/** The observable that a listed key is about, where it is one. */
export function observableOfEntry(entry: string): Observable | undefined {
  return entry.startsWith('net:') || entry.startsWith('urlhost:') ? undefined : observableOfKey(entry as ObservableKey);
}

// Above the registrable domain strangers live: only lists of such suffixes mean all of them.
function mayMean(tried: FeedKeyToTry, role: FeedRole): boolean {
  return !tried.aboveRegistrable || role === 'dynamic_dns' || role === 'shared_hosting';
}

function hitOf(entry: EntryRow, feed: Row, tried: FeedKeyToTry): FeedHit {
  return {
    feed: feed.name,
    role: feed.role,
    entry: entry.key,
    relation: tried.relation,
    confirmedAt: feed.fetched_at ?? 0,
    ...(entry.rank === null ? {} : { rank: entry.rank }),
  };
}

function isListed(entry: EntryRow, generation: number): boolean {
  return entry.since <= generation && (entry.until === null || entry.until > generation);
}

function storedFeed(row: Row): StoredFeed {
  return {
    name: row.name,
    role: row.role,
    origin: row.origin,
    entries: row.entries,
    etag: row.etag ?? undefined,
    lastModified: row.last_modified ?? undefined,
    fetchedAt: row.fetched_at ?? undefined,
    changedAt: row.changed_at ?? undefined,
    triedAt: row.tried_at ?? undefined,
    retryAt: row.retry_at ?? undefined,
    failures: row.failures,
    problem: row.problem ?? undefined,
  };
}
