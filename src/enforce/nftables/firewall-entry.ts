import type { DesiredState, Indicator } from '../../core/indicator.ts';
import { isIpv6, isPublicAddress, parseIpAddress } from '../../core/ip-address.ts';
import type { Observable, ObservableKey } from '../../core/observable.ts';

/** One address as it should stand in a set. */
export interface FirewallEntry {
  readonly key: ObservableKey;
  readonly address: string;
  readonly family: 'set4' | 'set6';
  /** Whole seconds until its evidence ends, rounded down, at least 1. */
  readonly timeoutS: number;
  /** Starts with `OWN_COMMENT`. */
  readonly comment: string;
}

/** What of the desired state belongs into the firewall. */
export interface FirewallPlan {
  readonly entries: ReadonlyMap<ObservableKey, FirewallEntry>;
  /** What is no address, and addresses that strangers share. */
  readonly unsupported: ReadonlySet<ObservableKey>;
  /** Why, for each of the addresses that strangers share. */
  readonly shared: ReadonlyMap<string, string>;
  readonly failed: ReadonlyMap<ObservableKey, string>;
}

/** The first word of the comment on every element of ours, by which it is told from what others put into the sets. */
export const OWN_COMMENT = 'guardian';

/** nft refuses comments over 128 bytes. */
const MAX_COMMENT_LENGTH = 100;

/** The longest timeout given to the kernel. A longer block is renewed while guardian runs. */
export const MAX_TIMEOUT_S = 365 * 86_400;

/**
 * Picks what may stand in a firewall set: public addresses that stand alone. A name is never resolved to an address, and an
 * address that strangers share stays out, since dropping its packets would hit them all. What is past its end at `now` is left out.
 */
export function planFirewall(
  desired: DesiredState,
  whyShared: (observable: Observable) => string | undefined,
  now: number,
): FirewallPlan {
  const entries = new Map<ObservableKey, FirewallEntry>();
  const unsupported = new Set<ObservableKey>();
  const shared = new Map<string, string>();
  const failed = new Map<ObservableKey, string>();
  for (const [key, indicator] of desired) {
    const { kind, value } = indicator.observable;
    const why = kind === 'ip' ? whyShared(indicator.observable) : undefined;
    if (why !== undefined) shared.set(value, why);
    if (kind !== 'ip' || why !== undefined) unsupported.add(key);
    else if (!isBlockableAddress(value)) failed.set(key, 'it is not a public address in canonical form');
    else if (indicator.expiresAt - now >= 1000) entries.set(key, entryOf(key, indicator, now));
  }
  return { entries, unsupported, shared, failed };
}

/** Whether a text is a canonical address on the public Internet: nothing else ever reaches nft. */
export function isBlockableAddress(text: string): boolean {
  const parsed = parseIpAddress(text);
  return parsed.ok && parsed.value === text && isPublicAddress(text);
}

/** Any text as a comment that nft takes as it stands. */
export function commentOf(source: string, ratio: string): string {
  const words = [OWN_COMMENT, source, ratio].filter((word) => word !== '').join(' ');
  return words.replace(/[^A-Za-z0-9 ._/-]/g, '_').slice(0, MAX_COMMENT_LENGTH);
}

function entryOf(key: ObservableKey, { observable, source, ratio, expiresAt }: Indicator, now: number): FirewallEntry {
  return {
    key,
    address: observable.value,
    family: isIpv6(observable.value) ? 'set6' : 'set4',
    timeoutS: Math.min(Math.floor((expiresAt - now) / 1000), MAX_TIMEOUT_S),
    comment: commentOf(source, ratio),
  };
}
