import ipaddr from 'ipaddr.js';
import { type Surroundings, whyNeverBlock } from './guards.ts';
import { isPublicAddress } from './ip-address.ts';
import type { Pattern } from './pattern.ts';

/** A network that is wider belongs to many, and nobody means all of them: ISPs hold less. */
const WIDEST_PREFIX = { ipv4: 8, ipv6: 32 } as const;

/** Where ranges begin that are not of single hosts on the Internet (IANA special-purpose registries). */
const SPECIAL_STARTS = [
  '0.0.0.0',
  '10.0.0.0',
  '100.64.0.0',
  '127.0.0.0',
  '169.254.0.0',
  '172.16.0.0',
  '192.168.0.0',
  '224.0.0.0',
  '240.0.0.0',
  '::',
  'fc00::',
  'fe80::',
  'ff00::',
] as const;

/**
 * The guard that forbids blocking all that a pattern covers, as a sentence, or undefined where none does. It is the word as a whole that
 * is refused: what each thing it covers is worth is never asked then.
 */
export function whyNeverBlockAll(pattern: Pattern, surroundings: Surroundings): string | undefined {
  switch (pattern.kind) {
    case 'exact':
      return whyNeverBlock(pattern.observable, surroundings);
    case 'below':
      return whyNeverBlock({ kind: 'domain', value: pattern.domain }, surroundings);
    case 'network':
      return guardOfNetwork(pattern.cidr, surroundings);
  }
}

function guardOfNetwork(cidr: string, { addresses, hosts }: Surroundings): string | undefined {
  const [start, bits] = ipaddr.parseCIDR(cidr);
  const widest = WIDEST_PREFIX[start.kind()];
  if (bits < widest) return `${cidr} is wider than /${widest}, and most of it belongs to others`;
  const contains = (text: string): boolean => {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.parse(text);
    return address.kind() === start.kind() && address.match(start, bits);
  };
  const needed = [...addresses, ...hosts].find(contains);
  if (needed !== undefined) return `${needed} in it is needed by this machine`;
  if (!isPublicAddress(start.toString()) || SPECIAL_STARTS.some(contains)) {
    return `${cidr} covers private or reserved addresses`;
  }
  return undefined;
}
