import { setTimeout as pause } from 'node:timers/promises';
import { CredentialsError, UnavailableError } from '../../core/errors.ts';
import {
  findingOf,
  listsOf,
  type PiholeFinding,
  type PiholeList,
  type PiholeRow,
  refusalsOf,
  rowsOf,
} from './pihole-answers.ts';
import type { EntryPlace } from './pihole-book.ts';
import type { PiholeHttp, PiholeReply, PiholeRequest } from './pihole-http.ts';
import { isPassing, problemOf, record, unexpected } from './pihole-problem.ts';
import type { PiholeSession } from './pihole-session.ts';

/** What a client is made of. */
export interface PiholeClientOptions {
  readonly http: PiholeHttp;
  readonly session: PiholeSession;
}

/** One entry of the domain list. */
export interface EntryName {
  readonly place: EntryPlace;
  readonly item: string;
}

type Question = Omit<PiholeRequest, 'sid' | 'signal'>;

/** A database that is held by another process is asked again this many times, this far apart. */
const PASSING_TRIES = 4;
const PASSING_PAUSE_MS = 250;
/** Users report runs of 45 minutes; who waits here is only the next run. */
const GRAVITY_TIMEOUT_MS = 60 * 60_000;

/** The API of a Pi-hole 6, as far as blocking needs it: read what concerns a name, add, delete, subscribe, read lists again. */
export class PiholeClient {
  readonly #options: PiholeClientOptions;

  constructor(options: PiholeClientOptions) {
    this.#options = options;
  }

  /** What it answers at a path below `/api`, as it is: for its figures, of which blocking needs none. */
  async read(path: string, signal: AbortSignal): Promise<unknown> {
    const reply = await this.#ask({ method: 'GET', path }, signal);
    if (reply.status !== 200) throw unexpected(reply, 'read figures');
    return reply.body;
  }

  /** Whether it blocks at all: a person can switch that off. */
  async isBlocking(signal: AbortSignal): Promise<boolean> {
    const reply = await this.#ask({ method: 'GET', path: '/dns/blocking' }, signal);
    if (reply.status !== 200) throw unexpected(reply, 'read the blocking status');
    return record(reply.body)?.blocking !== 'disabled';
  }

  /** How many denied names it holds, enabled or not. Cheap whatever their number. */
  async deniedTotal(signal: AbortSignal): Promise<number> {
    const reply = await this.#ask({ method: 'GET', path: '/info/ftl' }, signal);
    const database = record(record(record(reply.body)?.ftl)?.database);
    const total = record(record(database?.domains)?.denied)?.total;
    return typeof total === 'number' ? total : Number.POSITIVE_INFINITY;
  }

  /** When it last put a database that gravity built into force, epoch milliseconds by its own clock; 0 where it does not say. */
  async lastGravityAt(signal: AbortSignal): Promise<number> {
    const reply = await this.#ask({ method: 'GET', path: '/stats/summary' }, signal);
    const at = record(record(reply.body)?.gravity)?.last_update;
    return typeof at === 'number' ? at * 1000 : 0;
  }

  /** Everything that decides about a name: the user's and our entries, regular expressions that match it, lists that hold it. */
  async find(domain: string, signal: AbortSignal): Promise<PiholeFinding> {
    const reply = await this.#ask({ method: 'GET', path: `/search/${encodeURIComponent(domain)}` }, signal);
    if (reply.status !== 200) throw unexpected(reply, 'look up a name');
    return findingOf(reply.body);
  }

  /** One entry, or undefined where there is none. */
  async row({ place, item }: EntryName, signal: AbortSignal): Promise<PiholeRow | undefined> {
    const reply = await this.#ask({ method: 'GET', path: `/domains/${place}/${encodeURIComponent(item)}` }, signal);
    if (reply.status === 404) return undefined;
    if (reply.status !== 200) throw unexpected(reply, 'read an entry');
    return rowsOf(reply.body).find((row) => row.domain === item);
  }

  /** All entries of a place. Freezes DNS for about 20 microseconds a row, so ask `deniedTotal` first. */
  async rows(place: EntryPlace, signal: AbortSignal): Promise<readonly PiholeRow[]> {
    const reply = await this.#ask({ method: 'GET', path: `/domains/${place}` }, signal);
    if (reply.status !== 200) throw unexpected(reply, 'read the entries');
    return rowsOf(reply.body);
  }

  /**
   * Adds entries, without touching one that exists, and resolves with those refused and why. Callers keep to 10 at a time:
   * FTL answers no DNS meanwhile (measured: 3.4 ms each). One bad item makes FTL refuse all, so all are then tried alone.
   */
  async add(
    place: EntryPlace,
    items: readonly string[],
    comment: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    // No `groups`: it makes three commits of one, and an unknown group makes an entry that blocks nobody.
    const body = { domain: items, comment, enabled: true };
    const reply = await this.#ask({ method: 'POST', path: `/domains/${place}`, body }, signal);
    if (reply.status === 201 || reply.status === 200) return refusalsOf(reply.body);
    if (reply.status !== 400 || isPassing(reply)) throw unexpected(reply, 'add entries');
    const [only] = items;
    if (only !== undefined && items.length === 1) {
      const { message, hint } = problemOf(reply);
      return new Map([[only, [message, hint].filter((word) => word !== '').join(': ') || 'refused by Pi-hole']]);
    }
    const refused = new Map<string, string>();
    for (const item of items)
      for (const [name, why] of await this.add(place, [item], comment, signal)) refused.set(name, why);
    return refused;
  }

  /** Deletes entries in one transaction. Those that are gone already are no error. */
  async remove(entries: readonly EntryName[], signal: AbortSignal): Promise<void> {
    const body = entries.map(({ place, item }) => {
      const [type, kind] = place.split('/');
      return { item, type, kind };
    });
    const reply = await this.#ask({ method: 'POST', path: '/domains:batchDelete', body }, signal);
    if (reply.status !== 204 && reply.status !== 404) throw unexpected(reply, 'delete entries');
  }

  /** The list it subscribes to under this address, where it does. */
  async list(address: string, signal: AbortSignal): Promise<PiholeList | undefined> {
    const reply = await this.#ask({ method: 'GET', path: '/lists?type=block' }, signal);
    if (reply.status !== 200) throw unexpected(reply, 'read its lists');
    return listsOf(reply.body).find((list) => list.address === address && list.type !== 'allow');
  }

  /** Subscribes it to a list. One that it has already stays as it is. */
  async subscribe(address: string, comment: string, signal: AbortSignal): Promise<void> {
    const body = { address, comment, enabled: true };
    const reply = await this.#ask({ method: 'POST', path: '/lists?type=block', body }, signal);
    if (reply.status !== 201 && reply.status !== 200) throw unexpected(reply, 'subscribe to a list');
    for (const why of refusalsOf(reply.body).values()) {
      if (/UNIQUE/i.test(why)) return;
      throw new UnavailableError(`Cannot subscribe Pi-hole to "${address}": ${why}`, {
        hint: 'Check pihole.list_address.',
      });
    }
  }

  /** Ends a subscription; what the list held is unblocked at once, without a gravity run. */
  async unsubscribe(address: string, signal: AbortSignal): Promise<void> {
    const reply = await this.#ask(
      { method: 'DELETE', path: `/lists/${encodeURIComponent(address)}?type=block` },
      signal,
    );
    if (reply.status !== 204 && reply.status !== 404) throw unexpected(reply, 'end the subscription of a list');
  }

  /**
   * Makes it read all its lists again and resolves when that ended. Never two at once: FTL has no lock of its own and says 200
   * to anything, so the outcome is read from `list` afterwards. Not retried.
   */
  async gravity(signal: AbortSignal): Promise<boolean> {
    const reply = await this.#once({ method: 'POST', path: '/action/gravity', timeoutMs: GRAVITY_TIMEOUT_MS }, signal);
    if (reply.status !== 200) throw unexpected(reply, 'read its lists again');
    return /Done\.?/.test(reply.text.slice(-400));
  }

  async #ask(question: Question, signal: AbortSignal): Promise<PiholeReply> {
    let reply = await this.#once(question, signal);
    for (let tries = 1; tries < PASSING_TRIES && isPassing(reply); tries++) {
      await pause(PASSING_PAUSE_MS, undefined, { signal });
      reply = await this.#once(question, signal);
    }
    if (isPassing(reply)) throw unexpected(reply, 'use the database');
    return reply;
  }

  async #once(question: Question, signal: AbortSignal): Promise<PiholeReply> {
    const { http, session } = this.#options;
    const send = async (sid: string | null) => http.ask({ ...question, signal, ...(sid === null ? {} : { sid }) });
    const sid = await session.sid(signal);
    const reply = await send(sid);
    if (reply.status !== 401) return reply;
    // The session ended: FTL lost it, or somebody changed the password. Once more with a new one.
    session.drop(sid);
    const again = await send(await session.sid(signal));
    if (again.status !== 401) return again;
    throw new CredentialsError('Cannot use Pi-hole: it refuses a session that it has just given', {
      hint: 'Look at /var/log/pihole/FTL.log and webserver.log on the Pi-hole.',
    });
  }
}
