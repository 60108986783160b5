import ipaddr from 'ipaddr.js';
import { keyOf, type Observable } from '../core/observable.ts';
import { placeOf } from '../core/registrable-domain.ts';
import { hostOfUrl } from '../core/web-url.ts';

/** How a listed entry covers an observable. Only `exact` and `network` say something about the observable itself. */
export type FeedRelation =
  /** The observable itself is listed. */
  | 'exact'
  /** A domain above it is listed. */
  | 'parent'
  /** A network that holds the address is listed. */
  | 'network'
  /** The host of the URL is listed. */
  | 'host'
  /** A URL on this host is listed: a reason to ask about the host, never to condemn it. */
  | 'url_on_host';

/** A key to look up, and what a hit on it would mean. */
export interface FeedKeyToTry {
  readonly key: string;
  readonly relation: FeedRelation;
  /** The name stands above the registrable domain, where strangers share it. */
  readonly aboveRegistrable: boolean;
}

/** Ancestors looked up at most, those nearest to the root: a name can have 127 labels. */
const MAX_ANCESTORS = 8;

/** Every key under which an entry may stand that covers an observable. `prefixes` are the network lengths in use. */
export function feedKeysOf(observable: Observable, prefixes: readonly number[]): readonly FeedKeyToTry[] {
  const exact: FeedKeyToTry = { key: keyOf(observable), relation: 'exact', aboveRegistrable: false };
  switch (observable.kind) {
    case 'file':
      return [exact];
    case 'ip':
      return [exact, urlOnHost(observable.value), ...networksAround(observable.value, prefixes)];
    case 'domain':
      return [exact, urlOnHost(observable.value), ...ancestorsOf(observable.value)];
    case 'url':
      return [exact, ...keysOfUrlHost(hostOfUrl(observable.value), prefixes)];
  }
}

function keysOfUrlHost(host: string, prefixes: readonly number[]): readonly FeedKeyToTry[] {
  const isAddress = ipaddr.isValid(host);
  const listed: FeedKeyToTry = {
    key: `${isAddress ? 'ip' : 'domain'}:${host}`,
    relation: 'host',
    aboveRegistrable: false,
  };
  const around = isAddress ? networksAround(host, prefixes) : ancestorsOf(host);
  return [listed, urlOnHost(host), ...around];
}

function urlOnHost(host: string): FeedKeyToTry {
  return { key: `urlhost:${host}`, relation: 'url_on_host', aboveRegistrable: false };
}

function ancestorsOf(name: string): readonly FeedKeyToTry[] {
  const registrableLength = placeOf(name).registrable?.length ?? Number.POSITIVE_INFINITY;
  const labels = name.split('.');
  const ancestors: FeedKeyToTry[] = [];
  for (let count = Math.min(labels.length - 1, MAX_ANCESTORS + 1); count >= 2; count -= 1) {
    const ancestor = labels.slice(-count).join('.');
    const aboveRegistrable = ancestor.length < registrableLength;
    ancestors.push({ key: `domain:${ancestor}`, relation: 'parent', aboveRegistrable });
  }
  return ancestors;
}

function networksAround(address: string, prefixes: readonly number[]): readonly FeedKeyToTry[] {
  if (prefixes.length === 0) return [];
  const kind = address.includes(':') ? ipaddr.IPv6 : ipaddr.IPv4;
  const longest = address.includes(':') ? 128 : 32;
  return prefixes
    .filter((length) => length < longest)
    .map((length) => ({
      key: `net:${kind.networkAddressFromCIDR(`${address}/${length}`).toString()}/${length}`,
      relation: 'network',
      aboveRegistrable: false,
    }));
}
