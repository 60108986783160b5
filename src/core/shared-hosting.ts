import { parentAmong } from './domain-name.ts';
import type { Observable } from './observable.ts';
import { placeOf } from './registrable-domain.ts';
import { hostOfUrl } from './web-url.ts';

/**
 * Delivery networks and cloud fronts that serve many customers below one name and are not in the private section of the
 * Public Suffix List (their customers get paths or generated hosts, not delegations). One customer's bad page must not
 * condemn the others; false positives of this kind are on record for cloudfront, discordapp and googleapis hosts.
 */
const DELIVERY_NETWORKS: ReadonlySet<string> = new Set([
  'akadns.net',
  'akamaihd.net',
  'akamaized.net',
  'cdn.discordapp.com',
  'cloudflare-dns.com',
  'edgekey.net',
  'edgesuite.net',
  'fastly.net',
  'fbcdn.net',
  'googleusercontent.com',
  'googlevideo.com',
  'gvt1.com',
  'gvt2.com',
  'llnwd.net',
  'mozgcp.net',
  'nflxvideo.net',
  'raw.githubusercontent.com',
  'windows.net',
]);

/**
 * Why a host is shared between strangers, as a short phrase, or undefined where it is not known to be.
 * Addresses and files are never known to be shared by their value alone.
 */
export function sharedHosting(observable: Observable): string | undefined {
  if (observable.kind === 'url') return sharedName(hostOfUrl(observable.value));
  return observable.kind === 'domain' ? sharedName(observable.value) : undefined;
}

function sharedName(name: string): string | undefined {
  const place = placeOf(name);
  if (place.sharedSuffix) return `a customer's host below ${place.suffix}`;
  const network = parentAmong(name, DELIVERY_NETWORKS);
  return network === undefined ? undefined : `a host of the delivery network ${network}`;
}
