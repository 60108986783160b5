import type { Indicator } from '../../core/indicator.ts';
import { isIpv6 } from '../../core/ip-address.ts';
import type { ObservableKind } from '../../core/observable.ts';

/** The head of a list file. */
export interface ListHead {
  readonly sensor: string;
  readonly entries: number;
  /** For formats with a `serialIn`: grows with every change of the list. */
  readonly serial: number;
}

/**
 * How indicators are written for one product. Values are canonical, so a format joins and never escapes.
 * A list is never empty: it always has a header. Pi-hole takes an empty list for a failed download and keeps the old one.
 */
export interface ListFormat {
  readonly name: string;
  /** File name below `lists.dir`, where the format is one of the files kept there. */
  readonly file?: string;
  readonly mediaType: string;
  readonly kinds: ReadonlySet<ObservableKind>;
  readonly head: (head: ListHead) => string;
  /** The lines of one indicator, each with its newline. */
  readonly lines: (indicator: Indicator) => string;
  readonly tail?: string;
  /**
   * Whether a reader of this format looks only at the entry nearest to a name. An entry inside a wider one would then open a
   * hole below itself, so that it is left out: the wider one covers it.
   */
  readonly nearestWins?: boolean;
  /** The serial of a list of this format as it was written, or undefined where it has none. Only of formats that have serials. */
  readonly serialIn?: (text: string) => number | undefined;
}

const DOMAINS: ReadonlySet<ObservableKind> = new Set(['domain']);
const ADDRESSES: ReadonlySet<ObservableKind> = new Set(['ip']);
const EVERYTHING: ReadonlySet<ObservableKind> = new Set(['domain', 'ip', 'url', 'file']);

/** A serial has 32 bits (RFC 1035 3.3.13). One at the end, which nobody reaches by seconds before 2106, was not written by us. */
const MAX_SERIAL = 2 ** 32 - 1;

/**
 * A name stands below the name of its zone, and both together must fit into 253 characters: unbound and BIND load nothing of
 * a zone with a name that is too long. This leaves 51 for the zone's own name and a `*.`, and real names are far shorter.
 */
const MAX_RPZ_NAME_LENGTH = 200;

// No time and nothing else that changes by itself in a header: an unchanged list is the same bytes, so its ETag holds.
function headWith(comment: string): (head: ListHead) => string {
  return ({ sensor, entries }) =>
    `${comment} Home Network Guardian, sensor ${sensor}: ${entries} ${entries === 1 ? 'entry' : 'entries'}\n` +
    `${comment} Each is explained by: guardian explain NAME. Undone by: guardian allow NAME\n`;
}

const domains: ListFormat = {
  name: 'domains',
  file: 'domains.txt',
  mediaType: 'text/plain',
  kinds: DOMAINS,
  head: headWith('#'),
  lines: ({ observable }) => `${observable.value}\n`,
};

const hosts: ListFormat = {
  name: 'hosts',
  file: 'hosts.txt',
  mediaType: 'text/plain',
  kinds: DOMAINS,
  head: headWith('#'),
  // Both families: with an IPv4 line alone AAAA questions are still forwarded.
  lines: ({ observable }) => `0.0.0.0 ${observable.value}\n:: ${observable.value}\n`,
};

const adblock: ListFormat = {
  name: 'adblock',
  file: 'adblock.txt',
  mediaType: 'text/plain',
  kinds: DOMAINS,
  head: headWith('!'),
  // The only form that AdGuard Home, Pi-hole and browsers all read takes what stands below a name too. That never reaches a
  // parent or a neighbour; who wants the exact host subscribes to domains.txt instead.
  lines: ({ observable }) => `||${observable.value}^\n`,
};

const rpz: ListFormat = {
  name: 'rpz',
  file: 'rpz.zone',
  mediaType: 'text/dns',
  kinds: DOMAINS,
  head: (head) =>
    `${headWith(';')(head)}$TTL 60\n@ IN SOA localhost. root.localhost. ${head.serial} 3600 600 86400 60\n@ IN NS localhost.\n`,
  serialIn: (text) => {
    const serial = Number(/^@ IN SOA localhost\. root\.localhost\. (\d{1,10}) /m.exec(text)?.[1]);
    return Number.isInteger(serial) && serial < MAX_SERIAL ? serial : undefined;
  },
  lines: ({ observable: { value }, subdomains }) => {
    if (value.length > MAX_RPZ_NAME_LENGTH) return `; Left out, since it is too long for a zone: ${value}\n`;
    return `${value} CNAME .\n${subdomains ? `*.${value} CNAME .\n` : ''}`;
  },
  // A wildcard does not reach below a name that has an entry of its own (RFC 4592 2.2.1).
  nearestWins: true,
};

const ips: ListFormat = {
  name: 'ips',
  file: 'ips.txt',
  mediaType: 'text/plain',
  kinds: ADDRESSES,
  head: headWith('#'),
  lines: ({ observable }) => `${observable.value}\n`,
};

const dnsmasq: ListFormat = {
  name: 'dnsmasq',
  mediaType: 'text/plain',
  kinds: DOMAINS,
  head: headWith('#'),
  // `address=/name/` takes everything below a name too; `host-record=` takes the name alone, and of it the addresses only: other
  // types are still asked upstream.
  lines: ({ observable: { value }, subdomains }) =>
    subdomains ? `address=/${value}/0.0.0.0\naddress=/${value}/::\n` : `host-record=${value},0.0.0.0,::\n`,
};

const unbound: ListFormat = {
  name: 'unbound',
  mediaType: 'text/plain',
  kinds: DOMAINS,
  head: (head) => `${headWith('#')(head)}server:\n`,
  // "transparent" answers every type of the name itself, with nothing where it has no data, and lets names below it through;
  // "typetransparent" would let types such as HTTPS through, which can hold addresses (RFC 9460 7.3).
  lines: ({ observable: { value }, subdomains }) =>
    subdomains
      ? `  local-zone: "${value}" always_null\n`
      : `  local-zone: "${value}" transparent\n  local-data: "${value} A 0.0.0.0"\n  local-data: "${value} AAAA ::"\n`,
  nearestWins: true,
};

const nftables: ListFormat = {
  name: 'nftables',
  mediaType: 'text/plain',
  kinds: ADDRESSES,
  head: (head) =>
    `${headWith('#')(head)}add table inet guardian\n` +
    // The sets of the nftables target: where they are there already, adding them with other flags would be an error.
    'add set inet guardian bad4 { type ipv4_addr; flags timeout; }\n' +
    'add set inet guardian bad6 { type ipv6_addr; flags timeout; }\n' +
    'flush set inet guardian bad4\nflush set inet guardian bad6\n',
  // By this comment the nftables target knows them as guardian's, gives them their end and takes them out.
  lines: ({ observable: { value } }) =>
    `add element inet guardian ${isIpv6(value) ? 'bad6' : 'bad4'} { ${value} comment "guardian" }\n`,
};

const csv: ListFormat = {
  name: 'csv',
  mediaType: 'text/csv',
  kinds: EVERYTHING,
  head: () => 'kind,value,subdomains,source,ratio,since,expires,permalink\n',
  lines: (indicator) =>
    `${[
      indicator.observable.kind,
      // A canonical URL may hold a comma, and holds no quote.
      `"${indicator.observable.value}"`,
      indicator.subdomains,
      indicator.source,
      indicator.ratio,
      new Date(indicator.since).toISOString(),
      new Date(indicator.expiresAt).toISOString(),
      indicator.permalink,
    ].join(',')}\n`,
};

/** All text formats that need nothing but the indicators, by the name `guardian export` takes. */
export const LIST_FORMATS: ReadonlyMap<string, ListFormat> = new Map(
  [domains, hosts, adblock, rpz, ips, dnsmasq, unbound, nftables, csv].map((format) => [format.name, format]),
);
