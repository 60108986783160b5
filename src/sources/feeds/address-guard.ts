import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress, parseIpAddress } from '../../core/ip-address.ts';
import { FeedProblem } from './feed-problem.ts';

/** Which addresses besides public ones a feed may come from. */
export interface Reach {
  /** The own network: for a list on a machine of the operator's. */
  readonly allowPrivate: boolean;
  /** This machine. No configuration sets it; tests do. */
  readonly allowLoopback: boolean;
}

/** Why an address may not be connected to, or undefined where it may. `address` as the resolver gave it. */
export function whyNotReach(address: string, reach: Reach): string | undefined {
  const parsed = parseIpAddress(address);
  if (!parsed.ok) return `"${address.slice(0, 64)}" is no address`;
  if (isPublicAddress(parsed.value)) return undefined;
  const isLoopback = parsed.value.startsWith('127.') || parsed.value === '::1';
  if (isLoopback ? reach.allowLoopback : reach.allowPrivate) return undefined;
  return `${parsed.value} is a private or reserved address`;
}

/** Throws when the host of a URL is an address that may not be reached: literal ones never see the resolver. */
export function checkLiteralHost(url: URL, reach: Reach): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const why = isIP(host) === 0 ? undefined : whyNotReach(host, reach);
  if (why !== undefined) throw unreachable(url.hostname, why);
}

/**
 * A resolver for one connection that fails when any address of the name may not be reached. The check is made on the very
 * addresses that are connected to, so a name cannot answer one way when checked and another way when used.
 */
export function guardedLookup(reach: Reach): LookupFunction {
  return (hostname, options, done) => {
    const all: LookupOptions & { all: true } = { ...options, all: true };
    lookup(hostname, all, (error, addresses) => {
      const failure = error ?? refusalOf(hostname, addresses, reach);
      const [first] = addresses ?? [];
      if (failure !== undefined) done(failure, '', 0);
      else if (options.all === true) done(null, addresses);
      else done(null, first?.address ?? '', first?.family ?? 4);
    });
  };
}

function refusalOf(hostname: string, addresses: readonly LookupAddress[], reach: Reach): FeedProblem | undefined {
  for (const { address } of addresses) {
    const why = whyNotReach(address, reach);
    if (why !== undefined) return unreachable(hostname, why);
  }
  return undefined;
}

function unreachable(host: string, why: string): FeedProblem {
  return new FeedProblem(`Cannot fetch from "${host.slice(0, 253)}": ${why}, want a public one`, {
    hint: 'Set allow_private for this feed where its host is in your own network.',
  });
}
