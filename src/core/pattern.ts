import ipaddr from 'ipaddr.js';
import { isWithin, parseDomainName } from './domain-name.ts';
import { keyOf, type Observable, parseObservable } from './observable.ts';
import { accepted, type Parsed } from './parsed.ts';
import { hostOfUrl } from './web-url.ts';

/** What an operator's word covers: one observable, a domain with everything below it (`*.`), or a network. */
export type Pattern =
  | { readonly kind: 'exact'; readonly observable: Observable; readonly text: string }
  | { readonly kind: 'below'; readonly domain: string; readonly text: string }
  | { readonly kind: 'network'; readonly cidr: string; readonly text: string };

/**
 * Parses `example.com`, `*.example.com` (the domain and everything below it), an address, a network in CIDR
 * notation, a URL or a hash. `text` is the canonical spelling: two patterns are one exactly when their texts are equal.
 */
export function parsePattern(text: string): Parsed<Pattern> {
  const trimmed = text.trim();
  if (trimmed.startsWith('*.')) {
    const domain = parseDomainName(trimmed.slice(2));
    return domain.ok ? accepted({ kind: 'below', domain: domain.value, text: `*.${domain.value}` }) : domain;
  }
  // The package finds that something is no network by an exception, which costs thirty times the rest.
  if (/^[0-9a-f:.]+\/\d+$/i.test(trimmed) && ipaddr.isValidCIDR(trimmed)) return accepted(networkPattern(trimmed));
  const observable = parseObservable(trimmed);
  if (!observable.ok) return observable;
  return accepted({ kind: 'exact', observable: observable.value, text: observable.value.value });
}

/** Whether a pattern covers an observable. A pattern of a host covers the URLs on it. */
export function covers(pattern: Pattern, observable: Observable): boolean {
  if (pattern.kind === 'exact') {
    if (keyOf(pattern.observable) === keyOf(observable)) return true;
    return (
      observable.kind === 'url' &&
      pattern.observable.kind !== 'url' &&
      hostOfUrl(observable.value) === pattern.observable.value
    );
  }
  const host = observable.kind === 'url' ? hostOfUrl(observable.value) : observable.value;
  if (pattern.kind === 'below') return observable.kind !== 'file' && isWithin(host, pattern.domain);
  return ipaddr.isValid(host) && inNetwork(host, pattern.cidr);
}

function networkPattern(text: string): Pattern {
  const [address, bits] = ipaddr.parseCIDR(text);
  const kind = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  const cidr = `${kind.networkAddressFromCIDR(`${address.toString()}/${bits}`).toString()}/${bits}`;
  return { kind: 'network', cidr, text: cidr };
}

function inNetwork(host: string, cidr: string): boolean {
  const address = ipaddr.parse(host);
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return address.kind() === network.kind() && address.match(network, bits);
}
