import { type FtlReply, ok } from './ftl-auth.ts';
import type { FtlDomains } from './ftl-domains.ts';

/** Ten minutes of history. */
const SLOT_S = 600;
/** As many slots as FTL shows: a day and the present one. */
const SLOTS = 145;

interface Query {
  readonly id: number;
  readonly time: number;
  readonly domain: string;
  readonly client: string;
  readonly status: 'GRAVITY' | 'DENYLIST' | 'REGEX' | 'FORWARDED' | 'CACHE';
  readonly listId: number | null;
}

/** What a Pi-hole counts: queries with what became of them, a window of a day, slots of ten minutes, one run of FTL after the other. */
export class FtlQueries {
  /** Everything in the window; a test may take some out, as FTL does with what is older than a day. */
  all: Query[] = [];
  unchecked = 0;
  pid = 4711;
  startedAt = 0;
  readonly #domains: FtlDomains;
  readonly #now: () => number;
  #nextId = 29_854;

  constructor(domains: FtlDomains, now: () => number) {
    this.#domains = domains;
    this.#now = now;
  }

  /** A device asks. `how` is what becomes of it where it is not blocked. */
  ask(domain: string, client: string, how: 'FORWARDED' | 'CACHE' = 'FORWARDED'): void {
    const blocked = this.#whatBlocks(domain);
    const time = this.#now() / 1000;
    this.all.push({
      id: this.#nextId++,
      time,
      domain,
      client,
      status: blocked?.status ?? how,
      listId: blocked?.listId ?? null,
    });
  }

  /** FTL starts again: counters of the run begin anew, the history is read back from the database, or there is none. */
  restart(keepsHistory: boolean): void {
    this.pid += 100;
    this.startedAt = this.#now();
    if (keepsHistory) return;
    this.all = [];
    this.#nextId = 0;
  }

  /** Answers `GET` of the paths that tell figures; undefined for others. */
  answer(path: string, query: URLSearchParams): FtlReply | undefined {
    switch (path) {
      case '/stats/summary':
        return ok(this.#summary());
      case '/info/ftl':
        return ok({ ftl: this.#ftl() });
      case '/info/metrics':
        return ok({ metrics: { dns: this.#metrics(), dhcp: {} } });
      case '/history':
        return ok({ history: this.#history() });
      case '/queries':
        return ok(this.#page(query));
      default:
        return undefined;
    }
  }

  // Exact entries before lists before regular expressions, as Pi-hole documents it.
  #whatBlocks(domain: string): { status: Query['status']; listId: number } | undefined {
    if (!this.#domains.blocks(domain)) return undefined;
    const { domains, gravity } = this.#domains.search(domain);
    const rows = domains.filter((row) => row.type === 'deny' && row.enabled);
    const exact = rows.find((row) => row.kind === 'exact');
    if (exact !== undefined) return { status: 'DENYLIST', listId: exact.id };
    const list = gravity.find((one) => one.type === 'block' && one.enabled);
    if (list !== undefined) return { status: 'GRAVITY', listId: -list.id - 2 };
    const regex = rows.find((row) => row.kind === 'regex');
    return regex === undefined ? undefined : { status: 'REGEX', listId: regex.id };
  }

  #counts(queries: readonly Query[]) {
    const of = (status: Query['status']) => queries.filter((one) => one.status === status).length;
    return {
      total: queries.length,
      cached: of('CACHE'),
      blocked: queries.filter(isBlocked).length,
      forwarded: of('FORWARDED'),
    };
  }

  #summary(): object {
    const { total, blocked, cached, forwarded } = this.#counts(this.all);
    return {
      queries: {
        total,
        blocked,
        percent_blocked: total === 0 ? 0 : (100 * blocked) / total,
        unique_domains: new Set(this.all.map((one) => one.domain)).size,
        forwarded,
        cached,
        frequency: 4.4,
        types: { A: total, AAAA: 0 },
        status: { GRAVITY: blocked, FORWARDED: forwarded, CACHE: cached, DBBUSY: this.unchecked },
        replies: { IP: total },
      },
      clients: { active: new Set(this.all.map((one) => one.client)).size, total: 7 },
      gravity: { domains_being_blocked: 1_050_000, last_update: 0 },
    };
  }

  #ftl(): object {
    return {
      database: { gravity: 1_050_000, groups: 3, lists: this.#domains.lists.length },
      privacy_level: 0,
      query_frequency: 4.4,
      clients: { total: 7, active: 7 },
      pid: this.pid,
      uptime: this.#now() - this.startedAt + 0.962611,
      '%mem': 0.4577036201953888,
      '%cpu': 4.5,
      dnsmasq: { dns_queries_forwarded: this.#sinceStart(), dns_local_answered: 0 },
    };
  }

  #metrics(): object {
    return {
      cache: { size: 10_000, inserted: 72, evicted: 3, expired: 0, immortal: 12, content: [] },
      replies: {
        local: 0,
        forwarded: this.#sinceStart(),
        optimized: 0,
        unanswered: 0,
        auth: 0,
        sum: this.#sinceStart(),
      },
    };
  }

  #sinceStart(): number {
    return this.all.filter((one) => one.time * 1000 >= this.startedAt).length;
  }

  #history(): readonly object[] {
    const now = this.#now() / 1000;
    const last = now - (now % SLOT_S) + SLOT_S / 2;
    return Array.from({ length: SLOTS }, (_, at) => {
      const timestamp = last - (SLOTS - 1 - at) * SLOT_S;
      const within = this.all.filter(({ time }) => time >= timestamp - SLOT_S / 2 && time < timestamp + SLOT_S / 2);
      return { timestamp, ...this.#counts(within) };
    });
  }

  #page(query: URLSearchParams): object {
    const from = Number(query.get('from') ?? 0);
    const found = this.all.filter(
      (one) => one.time >= from && (query.get('upstream') !== 'blocklist' || isBlocked(one)),
    );
    const length = Number(query.get('length') ?? 100);
    // The newest first, as FTL shows them.
    const page = found.slice(-length).reverse();
    return {
      queries: page.map(({ id, time, domain, client, status, listId }) => ({
        id,
        time,
        type: 'A',
        status,
        dnssec: 'UNKNOWN',
        domain,
        upstream: null,
        reply: { type: 'IP', time: 8.36e-5 },
        client: { ip: client, name: null },
        list_id: listId,
        ede: { code: -1, text: null },
        cname: null,
      })),
      cursor: this.#nextId - 1,
      recordsTotal: this.all.length,
      recordsFiltered: found.length,
      draw: 0,
    };
  }
}

function isBlocked({ status }: Query): boolean {
  return status === 'GRAVITY' || status === 'DENYLIST' || status === 'REGEX';
}
