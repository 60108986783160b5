import type { Statement } from 'better-sqlite3';
import { isWithin } from '../core/domain-name.ts';
import { type Observable, observableOfKey } from '../core/observable.ts';
import { registrableDomain } from '../core/registrable-domain.ts';
import { hostOfUrl } from '../core/web-url.ts';
import type { Sqlite } from './sqlite-file.ts';

/** Which change of a feed is meant: what its latest version brought, or what it dropped. */
export type FeedChangeKind = 'added' | 'removed';

/** The part of an entry that tells which version it belongs to. */
interface EntryLife {
  readonly feed_id: number;
  readonly since: number;
  readonly until: number | null;
}

export interface FeedSeenOptions {
  readonly feedId: number;
  readonly generation: number;
  /** Whether an entry for which `touches` holds covers the observable. */
  readonly isTouched: (observable: Observable, touches: (entry: EntryLife) => boolean) => boolean;
}

const ROWS_PER_STEP = 500;

/**
 * What was already seen on the network and is touched by the latest change of a feed: the listed thing itself, names
 * and URLs below a listed domain, addresses in a listed network, hosts of listed URLs. What was removed is known only
 * until the load that removed it is settled. Every generator does a bounded piece of work per step.
 */
export class FeedSeen {
  readonly #db: Sqlite;
  readonly #options: FeedSeenOptions;

  constructor(db: Sqlite, options: FeedSeenOptions) {
    this.#db = db;
    this.#options = options;
  }

  /** The seen observables, in pages, each once. */
  *observables(change: FeedChangeKind): Generator<readonly Observable[], void> {
    // The smaller side leads: a first million of entries meets a few thousand names, and later a few entries a million.
    if (this.#count(change) > this.#observables()) yield* this.#amongSeen(change, '', '~');
    else yield* this.#amongChanged(change);
  }

  /** The changed keys, in pages, as they are kept (`domain:...`, `net:...`, `urlhost:...`). */
  *keys(change: FeedChangeKind): Generator<readonly string[], void> {
    const { feedId, generation } = this.#options;
    const page = this.#db.prepare<[number, number, string], { key: string }>(
      change === 'added'
        ? `SELECT key FROM feed_entries INDEXED BY feed_entries_by_feed
           WHERE feed_id = ? AND since = ? AND key > ? ORDER BY key LIMIT ${ROWS_PER_STEP}`
        : `SELECT key FROM feed_entries INDEXED BY feed_entries_leaving
           WHERE feed_id = ? AND until = ? AND key > ? ORDER BY key LIMIT ${ROWS_PER_STEP}`,
    );
    let after = '';
    for (;;) {
      const keys = page.all(feedId, generation, after).map((row) => row.key);
      const last = keys.at(-1);
      if (last === undefined) return;
      yield keys;
      after = last;
    }
  }

  *#amongChanged(change: FeedChangeKind): Generator<readonly Observable[], void> {
    const exact = this.#db.prepare<[string], { key: string }>('SELECT key FROM observables WHERE key = ?');
    const below = this.#db.prepare<[string], { key: string }>('SELECT key FROM observables WHERE registrable = ?');
    let networks = false;
    const given = new Set<string>();
    for (const keys of this.keys(change)) {
      const found = keys.flatMap((key) => seenUnder(key, exact, below));
      networks ||= keys.some((key) => key.startsWith('net:'));
      const fresh = [...new Set(found)].filter((key) => !given.has(key));
      for (const key of fresh) given.add(key);
      yield fresh.map(observableOfKey);
    }
    if (!networks) return;
    for (const page of this.#amongSeen(change, 'ip:', 'ip;')) {
      yield page.filter((one) => !given.has(`${one.kind}:${one.value}`));
    }
  }

  *#amongSeen(change: FeedChangeKind, from: string, to: string): Generator<readonly Observable[], void> {
    const { feedId, generation, isTouched } = this.#options;
    const page = this.#db.prepare<[string, string], { key: string }>(
      `SELECT key FROM observables WHERE key > ? AND key < ? ORDER BY key LIMIT ${ROWS_PER_STEP}`,
    );
    const touches = (entry: EntryLife): boolean =>
      entry.feed_id === feedId && (change === 'added' ? entry.since : entry.until) === generation;
    let after = from;
    for (;;) {
      const keys = page.all(after, to).map((row) => row.key);
      const last = keys.at(-1);
      if (last === undefined) return;
      yield keys.map(observableOfKey).filter((observable) => isTouched(observable, touches));
      after = last;
    }
  }

  /** Whether there are more changed entries than seen things needs no exact figure: the first few thousand tell. */
  #count(change: FeedChangeKind): number {
    const { feedId, generation } = this.#options;
    const [index, column] = change === 'added' ? ['feed_entries_by_feed', 'since'] : ['feed_entries_leaving', 'until'];
    const row = this.#db
      .prepare<[number, number, number], { n: number }>(
        `SELECT count(*) AS n FROM (SELECT 1 FROM feed_entries INDEXED BY ${index} WHERE feed_id = ? AND ${column} = ? LIMIT ?)`,
      )
      .get(feedId, generation, this.#observables() + 1);
    return row?.n ?? 0;
  }

  #observables(): number {
    return this.#db.prepare<[], { n: number | null }>('SELECT max(id) AS n FROM observables').get()?.n ?? 0;
  }
}

function seenUnder(
  entry: string,
  exact: Statement<[string], { key: string }>,
  below: Statement<[string], { key: string }>,
): string[] {
  if (entry.startsWith('net:')) return [];
  if (entry.startsWith('urlhost:')) {
    const host = entry.slice('urlhost:'.length);
    return [`domain:${host}`, `ip:${host}`].filter((key) => exact.get(key) !== undefined);
  }
  if (!entry.startsWith('domain:')) return exact.get(entry) === undefined ? [] : [entry];
  const name = entry.slice('domain:'.length);
  return below
    .all(registrableDomain(name))
    .map((row) => row.key)
    .filter((key) => isBelow(key, name));
}

function isBelow(key: string, name: string): boolean {
  const { kind, value } = observableOfKey(key);
  return isWithin(kind === 'url' ? hostOfUrl(value) : value, name);
}
