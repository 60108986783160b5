import { array, record, shown } from './pihole-problem.ts';

/** A row of Pi-hole's domain list, as far as it matters here. */
export interface PiholeRow {
  /** What `list_id` of a blocked query names; -1 where it does not say. */
  readonly id: number;
  /** `deny/exact`, `allow/regex`, ... */
  readonly place: string;
  readonly domain: string;
  readonly comment: string;
  readonly enabled: boolean;
}

/** A list that Pi-hole subscribes to. */
export interface PiholeList {
  /** `list_id` of a query that this list blocked is `-id - 2` (measured); -1 where it does not say. */
  readonly id: number;
  readonly address: string;
  readonly type: string;
  readonly comment: string;
  readonly enabled: boolean;
  /** Names it held when it was last read. */
  readonly number: number;
  readonly invalid: number;
  /** Seconds since the epoch by Pi-hole's clock; 0 when it was never read. */
  readonly updatedAt: number;
  /** 0 never read, 1 updated, 2 unchanged, 3 unavailable and an old copy used, 4 unavailable and nothing to use. */
  readonly status: number;
}

/** What a Pi-hole knows of one name. */
export interface PiholeFinding {
  readonly rows: readonly PiholeRow[];
  readonly lists: readonly PiholeList[];
}

/** The rows in an answer of `/domains`. */
export function rowsOf(body: unknown): readonly PiholeRow[] {
  return array(record(body)?.domains).flatMap(rowOf);
}

/** The lists in an answer of `/lists`. */
export function listsOf(body: unknown): readonly PiholeList[] {
  return array(record(body)?.lists).flatMap(listOf);
}

/** An answer of `/search/{domain}`. */
export function findingOf(body: unknown): PiholeFinding {
  const search = record(record(body)?.search);
  return { rows: array(search?.domains).flatMap(rowOf), lists: array(search?.gravity).flatMap(listOf) };
}

/** What a POST refused, by item. A status of 201 says nothing about that. */
export function refusalsOf(body: unknown): ReadonlyMap<string, string> {
  const errors = array(record(record(body)?.processed)?.errors).map(record);
  return new Map(errors.map((error) => [String(error?.item ?? ''), shown(error?.error)]));
}

function rowOf(value: unknown): readonly PiholeRow[] {
  const row = record(value);
  if (row === undefined || typeof row.domain !== 'string') return [];
  const comment = typeof row.comment === 'string' ? row.comment : '';
  const place = `${shown(row.type)}/${shown(row.kind)}`;
  return [{ id: idOf(row.id), place, domain: row.domain, comment, enabled: row.enabled === true }];
}

function listOf(value: unknown): readonly PiholeList[] {
  const list = record(value);
  if (list === undefined || typeof list.address !== 'string') return [];
  return [
    {
      id: idOf(list.id),
      address: list.address,
      type: shown(list.type),
      comment: typeof list.comment === 'string' ? list.comment : '',
      enabled: list.enabled === true,
      number: numberOf(list.number),
      invalid: numberOf(list.invalid_domains),
      updatedAt: numberOf(list.date_updated),
      status: numberOf(list.status),
    },
  ];
}

function idOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : -1;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
