import ipaddr from 'ipaddr.js';
import { whyNeverAsk, whyNeverBlock } from '../../core/guards.ts';
import { isPublicAddress } from '../../core/ip-address.ts';
import { keyOf, type Observable, parseObservable, parseObservableOf } from '../../core/observable.ts';
import { hostOfUrl } from '../../core/web-url.ts';
import type { Feed } from './feed.ts';
import type { FeedRow } from './feed-book.ts';
import type { FeedEntry } from './feed-entry.ts';

const NOWHERE = { names: new Set<string>(), addresses: new Set<string>(), hosts: new Set<string>() };

/** Shorter prefixes hold whole provinces of the Internet; the largest network of Spamhaus DROP is a /8's fraction. */
const SHORTEST_PREFIX = { ipv4: 8, ipv6: 16 } as const;

/** Ranks are rounded up to these, so that the daily shuffle of a list changes few rows. */
const RANKS = [100, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000];

/**
 * Turns entries into keys. Every text is parsed into its canonical form or refused and counted: a feed is a stranger's
 * file. Evidence about what is never blocked anyway (public suffixes, reserved names, private addresses) is refused too.
 */
export class EntryScreen {
  readonly #feed: Feed;
  #refused = 0;
  #accepted = 0;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  /** Entries that were no entry. */
  get refused(): number {
    return this.#refused;
  }

  get accepted(): number {
    return this.#accepted;
  }

  /** The rows of some entries. A URL also makes a hint that its host carries one. */
  rows(entries: readonly FeedEntry[]): FeedRow[] {
    const rows: FeedRow[] = [];
    for (const entry of entries) {
      const key = this.#keyOf(entry.text);
      if (key === undefined) continue;
      const rank = entry.rank === undefined ? null : roundedRank(entry.rank);
      rows.push({ key, rank });
      if (key.startsWith('url:')) rows.push({ key: `urlhost:${hostOfUrl(key.slice(4))}`, rank: null });
    }
    return rows;
  }

  #keyOf(text: string): string | undefined {
    const key = text.includes('/') && !text.includes('://') ? this.#networkKey(text) : this.#observableKey(text);
    if (key === undefined) this.#refused += 1;
    else if (key !== LEFT_OUT) {
      this.#accepted += 1;
      return key;
    }
    return undefined;
  }

  #observableKey(text: string): string | undefined {
    const observable = this.#observable(text);
    if (observable === undefined) return undefined;
    if (this.#feed.kind !== undefined && observable.kind !== this.#feed.kind) return LEFT_OUT;
    if (this.#feed.role === 'evidence' && isMeaningless(observable)) return undefined;
    return keyOf(observable);
  }

  #observable(text: string): Observable | undefined {
    switch (this.#feed.format) {
      case 'urls':
        return acceptedOf(parseObservableOf('url', text));
      case 'ips':
        return acceptedOf(parseObservableOf('ip', text));
      case 'domains':
      case 'hosts':
      case 'ranked':
        return acceptedOf(parseObservableOf('domain', text));
      case 'warninglist':
        return acceptedOf(parseObservable(text.replace(/^\./, '')));
      default:
        return acceptedOf(parseObservable(withoutPort(text)));
    }
  }

  #networkKey(text: string): string | undefined {
    const { format, role, kind } = this.#feed;
    if (format === 'domains' || format === 'hosts' || format === 'urls' || !ipaddr.isValidCIDR(text)) return undefined;
    if (kind !== undefined && kind !== 'ip') return LEFT_OUT;
    const [address, length] = ipaddr.parseCIDR(text);
    const family = address.kind();
    if (length < SHORTEST_PREFIX[family]) return undefined;
    const type = family === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
    const network = type.networkAddressFromCIDR(text).toString();
    if (role === 'evidence' && !isPublicAddress(network)) return undefined;
    return length === (family === 'ipv4' ? 32 : 128) ? `ip:${network}` : `net:${network}/${length}`;
  }
}

// A URL below a shared suffix (a storage bucket) is good evidence about itself; a suffix as an entry is a mistake.
function isMeaningless(observable: Observable): boolean {
  const why = observable.kind === 'url' ? whyNeverAsk : whyNeverBlock;
  return why(observable, NOWHERE) !== undefined;
}

/** A good entry of another kind than the feed was asked for. */
const LEFT_OUT = '';

/** ThreatFox and MISP write `192.0.2.1:443`; the port says nothing about the address. */
function withoutPort(text: string): string {
  return /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? /^(\[[0-9a-f:.]+\]):\d+$/i.exec(text)?.[1] ?? text;
}

function acceptedOf(parsed: { readonly ok: boolean; readonly value?: Observable }): Observable | undefined {
  return parsed.ok ? parsed.value : undefined;
}

function roundedRank(rank: number): number {
  return RANKS.find((one) => rank <= one) ?? 10_000_000;
}
