import { isWithin, parentAmong } from './domain-name.ts';
import { isPublicAddress } from './ip-address.ts';
import type { Observable } from './observable.ts';
import { placeOf } from './registrable-domain.ts';
import { hostOfUrl } from './web-url.ts';

/**
 * What this machine needs to keep working: its gateway, resolvers, Pi-hole, database and its own names. Canonical names and
 * addresses. A name protects everything below it too.
 */
export interface Surroundings {
  readonly names: ReadonlySet<string>;
  readonly addresses: ReadonlySet<string>;
  /** Hosts of others that are asked and read from (sources, feeds). Each protects itself and what it stands below, and no neighbour. */
  readonly hosts: ReadonlySet<string>;
}

/** RFC 6761, RFC 6762, RFC 8375 and ICANN's reserved `internal`: names that mean nothing outside. */
const SPECIAL_USE_SUFFIXES: ReadonlySet<string> = new Set([
  'alt',
  'arpa',
  'example',
  'internal',
  'invalid',
  'local',
  'localhost',
  'onion',
  'test',
  // Names of home routers' own zones: not reserved by anybody, yet internal wherever they are seen.
  'corp',
  'fritz.box',
  'home',
  'lan',
  'localdomain',
  'mail.home',
]);

/**
 * The guard that forbids blocking an observable, as a sentence, or undefined where none does. No policy, source or
 * operator overrides it: a mistake here takes the network down.
 */
export function whyNeverBlock(observable: Observable, surroundings: Surroundings): string | undefined {
  switch (observable.kind) {
    case 'domain':
      return guardOfName(observable.value, surroundings);
    case 'ip':
      return guardOfAddress(observable.value, surroundings);
    case 'url':
      return guardOfHost(hostOfUrl(observable.value), surroundings);
    case 'file':
      return undefined;
  }
}

/**
 * Why a question about an observable may not leave this machine, or undefined where it may. Internal and reserved
 * names, private addresses and names of the own network stay here (DESIGN: read-only and private towards sources).
 */
export function whyNeverAsk(observable: Observable, surroundings: Surroundings): string | undefined {
  if (observable.kind === 'file') return undefined;
  const host = observable.kind === 'url' ? hostOfUrl(observable.value) : observable.value;
  return isAddress(host) ? privateAddress(host) : internalName(host, surroundings);
}

function internalName(name: string, surroundings: Surroundings): string | undefined {
  const special = specialUse(name);
  if (special !== undefined) return special;
  const place = placeOf(name);
  if (!place.delegated)
    return `.${place.suffix} is not a top-level domain of the Internet, so ${name} is an internal name`;
  for (const own of surroundings.names) if (isWithin(name, own)) return `${name} is one of this network's own names`;
  return undefined;
}

function guardOfHost(host: string, surroundings: Surroundings): string | undefined {
  return isAddress(host) ? guardOfAddress(host, surroundings) : guardOfName(host, surroundings);
}

function guardOfName(name: string, surroundings: Surroundings): string | undefined {
  if (!name.includes('.')) return `${name} is a single label`;
  const place = placeOf(name);
  if (place.registrable === undefined) return `${name} is a public suffix: everything below it belongs to others`;
  const special = specialUse(name);
  if (special !== undefined) return special;
  for (const own of surroundings.names) {
    if (isWithin(name, own) || isWithin(own, name)) return `${own} is needed by this machine`;
  }
  for (const host of surroundings.hosts) {
    if (isWithin(host, name)) return `${host} is a source of this machine's`;
  }
  return undefined;
}

function guardOfAddress(address: string, surroundings: Surroundings): string | undefined {
  return surroundings.addresses.has(address) || surroundings.hosts.has(address)
    ? `${address} is needed by this machine`
    : privateAddress(address);
}

function privateAddress(address: string): string | undefined {
  return isPublicAddress(address) ? undefined : `${address} is a private or reserved address`;
}

function specialUse(name: string): string | undefined {
  const suffix = parentAmong(name, SPECIAL_USE_SUFFIXES);
  return suffix === undefined ? undefined : `.${suffix} is reserved for internal use`;
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host);
}
