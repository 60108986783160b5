import { array, record, shown } from './pihole-problem.ts';

/** What a Pi-hole does at present, and did in its rolling window of 24 hours. */
export interface PiholeFigures {
  /** `undefined` where it does not say. */
  readonly blocking: boolean | undefined;
  /** The window of 24 hours: it goes down as well as up. */
  readonly queries: number;
  readonly blocked: number;
  readonly cached: number;
  readonly forwarded: number;
  /** Answered while its database was held by another process, and so as if nothing were blocked. */
  readonly unchecked: number;
  readonly queriesPerSecond: number;
  readonly activeClients: number;
  /** Names on its lists. */
  readonly listedNames: number;
  /** Share (0 to 1) of one CPU that FTL takes. */
  readonly cpuShare: number;
  /** Names that had to leave its cache for others since FTL started: a cache that is too small. */
  readonly cacheEvicted: number;
  /** Which run of FTL this is, and how long it lasts. */
  readonly pid: number;
  readonly uptimeMs: number;
}

/** What happened in ten minutes. FTL counts it as it happens, and keeps it over a restart. */
export interface HistorySlot {
  /** Seconds since the epoch by Pi-hole's clock: the middle of the ten minutes. */
  readonly timestamp: number;
  readonly queries: number;
  readonly blocked: number;
  readonly cached: number;
  readonly forwarded: number;
}

/** A query that was blocked, as far as it matters here. */
export interface BlockedQuery {
  readonly id: number;
  /** Seconds since the epoch by Pi-hole's clock, with a fraction. */
  readonly time: number;
  readonly domain: string;
  readonly client: string;
  /** What blocked it: the id of an entry, or for a list `-id - 2` (measured; its documentation does not say). */
  readonly listId: number;
}

/** Answers of `/stats/summary`, `/info/ftl`, `/info/metrics` and `/dns/blocking`. */
export interface FigureAnswers {
  readonly summary: unknown;
  readonly ftl: unknown;
  readonly metrics: unknown;
  readonly blocking: unknown;
}

/** The figures in four answers; undefined where they are of another shape. */
export function figuresOf(answers: FigureAnswers): PiholeFigures | undefined {
  const queries = record(record(answers.summary)?.queries);
  const ftl = record(record(answers.ftl)?.ftl);
  if (queries === undefined || ftl === undefined) return undefined;
  const cache = record(record(record(record(answers.metrics)?.metrics)?.dns)?.cache);
  return {
    blocking: blockingOf(answers.blocking),
    queries: countOf(queries.total),
    blocked: countOf(queries.blocked),
    cached: countOf(queries.cached),
    forwarded: countOf(queries.forwarded),
    unchecked: countOf(record(queries.status)?.DBBUSY),
    queriesPerSecond: amountOf(queries.frequency),
    activeClients: countOf(record(record(answers.summary)?.clients)?.active),
    listedNames: countOf(record(record(answers.summary)?.gravity)?.domains_being_blocked),
    cpuShare: amountOf(ftl['%cpu']) / 100,
    cacheEvicted: countOf(cache?.evicted),
    pid: countOf(ftl.pid),
    uptimeMs: amountOf(ftl.uptime),
  };
}

/** The slots in an answer of `/history`, the oldest first. */
export function slotsOf(body: unknown): readonly HistorySlot[] {
  return array(record(body)?.history)
    .map(record)
    .flatMap((slot) =>
      typeof slot?.timestamp !== 'number'
        ? []
        : [
            {
              timestamp: slot.timestamp,
              queries: countOf(slot.total),
              blocked: countOf(slot.blocked),
              cached: countOf(slot.cached),
              forwarded: countOf(slot.forwarded),
            },
          ],
    )
    .sort((a, b) => a.timestamp - b.timestamp);
}

/** The queries in an answer of `/queries`, the oldest first, and how many there were in all. */
export function blockedQueriesOf(body: unknown): { readonly queries: readonly BlockedQuery[]; readonly total: number } {
  const queries = array(record(body)?.queries)
    .map(record)
    .flatMap((query) => {
      const { id, time, list_id: listId } = query ?? {};
      if (typeof id !== 'number' || typeof time !== 'number' || typeof listId !== 'number') return [];
      return [{ id, time, listId, domain: shown(query?.domain), client: shown(record(query?.client)?.ip) }];
    })
    .sort((a, b) => a.time - b.time || a.id - b.id);
  return { queries, total: countOf(record(body)?.recordsFiltered) };
}

function blockingOf(body: unknown): boolean | undefined {
  const said = record(body)?.blocking;
  if (said === 'enabled') return true;
  return said === 'disabled' ? false : undefined;
}

function countOf(value: unknown): number {
  return Math.floor(amountOf(value));
}

/** JSON holds any number; what is none, or below nothing, is 0. */
function amountOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : 0;
}
