import { LRUCache } from 'lru-cache';
import { parseIpAddress } from '../../core/ip-address.ts';
import { isOurComment } from './entry-comment.ts';
import type { PiholeFinding } from './pihole-answers.ts';
import type { PiholeClient } from './pihole-client.ts';
import { type BlockedQuery, blockedQueriesOf } from './pihole-figures.ts';
import { nameOfWildcard } from './wanted-entry.ts';

/** A device that asked for a name which we had blocked. */
export interface PiholeHit {
  /** The name we block; for an entry that covers what stands below it, the one it was made of. */
  readonly name: string;
  /** Canonical address; `''` where Pi-hole hides it. */
  readonly client: string;
  readonly count: number;
}

/** Queries looked at in one go: FTL takes 6 ms for a thousand (measured), and 500 in 15 s is a device gone mad. */
const MOST_QUERIES = 500;
/** What blocked a query is looked up once an entry; more wait for the next time. */
const MOST_SEARCHES = 20;
/** How far back each reading begins again: the status of a query changes while its answer is on the way. */
const OVERLAP_S = 5;
/** Entries and lists whose owner is remembered. */
const MOST_CAUSES = 5_000;
/** Counted queries that are known again: those of the overlap, and of the last minutes when Pi-hole's clock went back into them. */
const MOST_COUNTED = 5_000;

/** Times in seconds since 1970. */
export interface PresentSlot {
  readonly begin: number;
  readonly end: number;
}

/** `list_id` names an entry or a list: ours by this name, ours as a list, or somebody else's. */
type Cause = { readonly name: string } | 'our list' | 'not ours';

/** Reads from Pi-hole's query log who asked for what we block. A Pi-hole without a log (privacy level) brings nothing. */
export class HitReader {
  readonly #client: PiholeClient;
  readonly #ourList: string;
  readonly #causes = new LRUCache<number, Cause>({ max: MOST_CAUSES });
  /** What was counted already, by id and time, since ids begin anew when FTL has no database. */
  readonly #counted = new LRUCache<string, true>({ max: MOST_COUNTED });
  /** The time of the newest query that was counted; undefined before the first reading. */
  #newest: number | undefined;
  #missed = 0;

  constructor(client: PiholeClient, ourList: string) {
    this.#client = client;
    this.#ourList = ourList;
  }

  /** Blocked queries that were too many to look at. */
  get missed(): number {
    return this.#missed;
  }

  /**
   * Hits since the last reading; the first one only finds the place to begin at. `presentS` is the present slot of Pi-hole's own
   * clock, from its first second to its last.
   */
  async read(presentS: PresentSlot, signal: AbortSignal): Promise<readonly PiholeHit[]> {
    if (this.#newest === undefined) {
      const [last] = (await this.#ask('length=1', signal)).queries;
      this.#newest = last?.time ?? 0;
      if (last !== undefined) this.#counted.set(idOf(last), true);
      return [];
    }
    // Its clock was ahead and is right again: what comes now would lie before the newest until that time is reached.
    if (this.#newest > presentS.end) this.#newest = presentS.begin;
    const from = Math.max(0, Math.floor(this.#newest) - OVERLAP_S);
    const { queries, total } = await this.#ask(`length=${MOST_QUERIES}&from=${from}`, signal);
    const fresh = queries.filter((query) => !this.#counted.has(idOf(query)));
    // Where the answer reaches back to what is known, nothing lies between; else what did not fit in was never seen.
    if (fresh.length === queries.length) this.#missed += Math.max(0, total - Math.max(MOST_QUERIES, queries.length));
    return this.#count(fresh, signal);
  }

  async #count(fresh: readonly BlockedQuery[], signal: AbortSignal): Promise<readonly PiholeHit[]> {
    const hits = new Map<string, PiholeHit>();
    let searches = 0;
    for (const query of fresh) {
      const isKnown = this.#causes.has(query.listId);
      // The rest stays uncounted, and is read again next time.
      if (!isKnown && ++searches > MOST_SEARCHES) break;
      const name = nameOf(await this.#causeOf(query, signal), query);
      this.#counted.set(idOf(query), true);
      this.#newest = Math.max(this.#newest ?? 0, query.time);
      if (name === undefined) continue;
      const client = clientOf(query);
      const key = `${client} ${name}`;
      hits.set(key, { name, client, count: (hits.get(key)?.count ?? 0) + 1 });
    }
    return [...hits.values()];
  }

  async #causeOf(query: BlockedQuery, signal: AbortSignal): Promise<Cause> {
    const known = this.#causes.get(query.listId);
    if (known !== undefined) return known;
    const cause = causeIn(await this.#client.find(query.domain, signal), query.listId, this.#ourList);
    this.#causes.set(query.listId, cause);
    return cause;
  }

  async #ask(parameters: string, signal: AbortSignal) {
    return blockedQueriesOf(await this.#client.read(`/queries?upstream=blocklist&${parameters}`, signal));
  }
}

function causeIn({ rows, lists }: PiholeFinding, listId: number, ourList: string): Cause {
  if (listId < 0)
    return lists.some(({ id, address }) => id === -listId - 2 && address === ourList) ? 'our list' : 'not ours';
  const row = rows.find(({ id, comment }) => id === listId && isOurComment(comment));
  if (row === undefined) return 'not ours';
  return { name: row.place === 'deny/regex' ? nameOfWildcard(row.domain) : row.domain };
}

function nameOf(cause: Cause, query: BlockedQuery): string | undefined {
  if (cause === 'not ours') return undefined;
  return cause === 'our list' ? query.domain : cause.name;
}

/** Pi-hole shows `0.0.0.0` where its privacy level hides who asked. */
function clientOf({ client }: BlockedQuery): string {
  const parsed = parseIpAddress(client);
  return parsed.ok && parsed.value !== '0.0.0.0' ? parsed.value : '';
}

function idOf({ id, time }: BlockedQuery): string {
  return `${id}@${time}`;
}
