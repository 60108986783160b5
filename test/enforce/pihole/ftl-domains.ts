import { readFileSync, statSync } from 'node:fs';

/** A row of the stand-in's domain list. */
export interface FtlRow {
  readonly id: number;
  readonly type: string;
  readonly kind: string;
  readonly domain: string;
  comment: string | null;
  enabled: boolean;
  groups: number[];
}

/** A list the stand-in subscribes to. */
export interface FtlList {
  readonly id: number;
  readonly address: string;
  readonly type: string;
  comment: string | null;
  enabled: boolean;
  number: number;
  invalid_domains: number;
  abp_entries: number;
  date_updated: number;
  status: number;
  names: Set<string>;
  etag?: string;
  cached?: string;
}

/** What a Pi-hole holds, and what it answers for a name because of it. Priorities as Pi-hole documents them. */
export class FtlDomains {
  rows: FtlRow[] = [];
  lists: FtlList[] = [];
  isBlocking = true;
  #nextId = 1;

  /** A row that a person made in the web page. */
  personAdds(type: string, kind: string, domain: string, comment: string | null = null, enabled = true): FtlRow {
    const row: FtlRow = { id: this.#nextId++, type, kind, domain, comment, enabled, groups: [0] };
    this.rows.push(row);
    return row;
  }

  row(type: string, kind: string, domain: string): FtlRow | undefined {
    return this.rows.find((row) => row.type === type && row.kind === kind && row.domain === domain);
  }

  /** @returns the error of SQLite where there is such a row. */
  insert(type: string, kind: string, domain: string, comment: string | null, enabled: boolean): string | undefined {
    if (this.row(type, kind, domain) !== undefined)
      return 'UNIQUE constraint failed: domainlist.domain, domainlist.type';
    this.personAdds(type, kind, domain, comment, enabled);
    return undefined;
  }

  remove(type: string, kind: string, domain: string): boolean {
    const before = this.rows.length;
    this.rows = this.rows.filter((row) => !(row.type === type && row.kind === kind && row.domain === domain));
    return this.rows.length < before;
  }

  personSubscribes(address: string, type: string, names: readonly string[], comment: string | null = null): FtlList {
    const list = this.#list(address, type, comment);
    list.names = new Set(names);
    list.number = names.length;
    list.status = 1;
    return list;
  }

  subscribe(address: string, type: string, comment: string | null): string | undefined {
    if (this.lists.some((list) => list.address === address && list.type === type))
      return 'UNIQUE constraint failed: adlist.address, adlist.type';
    this.#list(address, type, comment);
    return undefined;
  }

  blocks(name: string): boolean {
    if (!this.isBlocking) return false;
    const active = this.rows.filter((row) => row.enabled && row.groups.includes(0));
    const exact = (type: string) =>
      active.some((row) => row.type === type && row.kind === 'exact' && row.domain === name);
    const regex = (type: string) =>
      active.some((row) => row.type === type && row.kind === 'regex' && new RegExp(row.domain).test(name));
    const listed = (type: string) =>
      this.lists.some((list) => list.enabled && list.type === type && list.names.has(name));
    if (exact('allow') || regex('allow')) return false;
    if (exact('deny')) return true;
    if (listed('allow')) return false;
    return listed('block') || regex('deny');
  }

  /** What `/api/search/{domain}` gives: exact rows, regular expressions that match, lists that hold it. */
  search(name: string): { domains: FtlRow[]; gravity: (FtlList & { domain: string })[] } {
    return {
      domains: this.rows.filter((row) =>
        row.kind === 'exact' ? row.domain === name : new RegExp(row.domain).test(name),
      ),
      gravity: this.lists.filter((list) => list.names.has(name)).map((list) => ({ ...list, domain: name })),
    };
  }

  /** Reads every list again, as gravity.sh does: an empty or missing body leaves the old copy in force. */
  async gravity(): Promise<string> {
    const lines: string[] = [];
    for (const list of this.lists.filter((one) => one.enabled)) {
      const body = await fetchList(list);
      this.#take(list, body, lines);
    }
    return lines.join('\n');
  }

  #take(list: FtlList, body: string | 'unchanged' | undefined, lines: string[]): void {
    if (body === undefined || body === '') {
      list.status = list.cached === undefined ? 4 : 3;
      lines.push(`  [✗] Retrieval failed / empty list ${list.address}`);
      return;
    }
    const changed = body !== 'unchanged' && body !== list.cached;
    list.status = changed ? 1 : 2;
    if (body !== 'unchanged') list.cached = body;
    const { names, invalid } = parseList(list.cached ?? '');
    list.names = names;
    list.number = names.size;
    list.invalid_domains = invalid;
    if (changed) list.date_updated = Math.floor(Date.now() / 1000);
    lines.push(`  [i] Parsed ${names.size} exact domains (blocking, ignored ${invalid} non-domain entries)`);
  }

  #list(address: string, type: string, comment: string | null): FtlList {
    const list: FtlList = {
      id: this.#nextId++,
      address,
      type,
      comment,
      enabled: true,
      number: 0,
      invalid_domains: 0,
      abp_entries: 0,
      date_updated: 0,
      status: 0,
      names: new Set(),
    };
    this.lists.push(list);
    return list;
  }
}

async function fetchList(list: FtlList): Promise<string | 'unchanged' | undefined> {
  try {
    if (list.address.startsWith('file://')) {
      const path = list.address.slice('file://'.length);
      // gravity.sh wants a regular file that others may read.
      if ((statSync(path).mode & 0o004) === 0) return undefined;
      return readFileSync(path, 'utf8');
    }
    const answer = await fetch(list.address, {
      headers: { 'user-agent': 'curl/8.5.0', ...(list.etag === undefined ? {} : { 'if-none-match': list.etag }) },
    });
    if (answer.status === 304) return 'unchanged';
    if (answer.status !== 200) return undefined;
    const etag = answer.headers.get('etag');
    if (etag !== null) list.etag = etag;
    return await answer.text();
  } catch {
    return undefined;
  }
}

function parseList(text: string): { names: Set<string>; invalid: number } {
  const names = new Set<string>();
  let invalid = 0;
  for (const line of text.split('\n')) {
    const word = (line.split('#')[0] ?? '').trim().toLowerCase();
    if (word === '' || /^[!;[]/.test(word)) continue;
    if (/^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+$/.test(word)) names.add(word);
    else invalid++;
  }
  return { names, invalid };
}
