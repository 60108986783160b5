import type { FtlDomains, FtlList, FtlRow } from './ftl-domains.ts';

/** A row as the API shows it. */
export function shownRow(row: FtlRow): object {
  return { ...row, unicode: row.domain, date_added: 1, date_modified: 1 };
}

/** A list as the API shows it. */
export function shownList({ names: _names, etag: _etag, cached: _cached, ...list }: FtlList): object {
  return { ...list, groups: [0], date_added: 1, date_modified: 1 };
}

/** A search as the API shows it. */
export function shownSearch(found: ReturnType<FtlDomains['search']>): object {
  return { domains: found.domains.map(shownRow), gravity: found.gravity.map(shownList) };
}
