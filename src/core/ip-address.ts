import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { accepted, type Parsed, refused } from './parsed.ts';

/**
 * Parses an IPv4 or IPv6 address into its canonical text: dotted quad, or RFC 5952 lower-case IPv6 without a zone.
 * An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) becomes its IPv4 address, since both are one host.
 */
export function parseIpAddress(text: string): Parsed<string> {
  if (text === '') return refused('empty');
  if (text.length > 64) return refused('too_long');
  const unbracketed = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const plain = unbracketed.split('%', 1)[0] ?? '';
  // net.isIP first: ipaddr.js also reads octal, hexadecimal and short forms, which no canonical source sends.
  if (isIP(plain) === 0) return refused('bad_address');
  return accepted(ipaddr.process(plain).toString());
}

/**
 * Whether an address belongs to a single host on the public Internet. Private, loopback, link-local, multicast,
 * documentation and otherwise reserved ranges are not (IANA special-purpose registries, as ipaddr.js knows them).
 * `address` must be canonical.
 */
export function isPublicAddress(address: string): boolean {
  return ipaddr.parse(address).range() === 'unicast';
}

/** Whether a canonical address is IPv6. */
export function isIpv6(address: string): boolean {
  return address.includes(':');
}
