import type { ObservableKey } from '../../core/observable.ts';
import { type FirewallEntry, MAX_TIMEOUT_S } from './firewall-entry.ts';
import type { FirewallSet } from './firewall-set.ts';

/** What stands in the firewall now; `undefined` where there is no such table or set. */
export interface FirewallState {
  /** The table as `nft -t list table` prints it: its rules, and its sets without elements. */
  readonly table: string | undefined;
  readonly set4: FirewallSet | undefined;
  readonly set6: FirewallSet | undefined;
}

/** The way from a state to a plan. */
export interface FirewallChanges {
  readonly add: readonly FirewallEntry[];
  /** In place with another end: taken out and put in anew, since kernels before 6.12 cannot change a timeout. */
  readonly renew: readonly FirewallEntry[];
  readonly remove: readonly FirewallRemoval[];
}

/** An element of ours that is no longer wanted. */
export interface FirewallRemoval {
  readonly key: ObservableKey;
  readonly address: string;
  readonly family: 'set4' | 'set6';
}

/**
 * Ends that differ by less are the same: the kernel counts in its own time, which drifts from ours by some 5 minutes in a
 * week at worst (500 ppm), and does not count while the machine sleeps.
 */
const TIMEOUT_SLACK_S = 30;

/** A block without an end is given the longest timeout, and a new one no more than once a day. */
const LONGEST_SLACK_S = 86_400;

/** Compares what is with what should be. Elements of others are left alone, also where they are what we want. */
export function changesTo(entries: ReadonlyMap<ObservableKey, FirewallEntry>, state: FirewallState): FirewallChanges {
  const add: FirewallEntry[] = [];
  const renew: FirewallEntry[] = [];
  for (const entry of entries.values()) {
    const element = state[entry.family]?.get(entry.address);
    if (element === undefined) add.push(entry);
    else if (element.isOurs && !endsAlike(element.expiresS, entry.timeoutS)) renew.push(entry);
  }
  return { add, renew, remove: [...unwanted('set4', entries, state), ...unwanted('set6', entries, state)] };
}

function* unwanted(
  family: 'set4' | 'set6',
  entries: ReadonlyMap<ObservableKey, FirewallEntry>,
  state: FirewallState,
): Generator<FirewallRemoval> {
  for (const [address, element] of state[family] ?? []) {
    const key = `ip:${address}`;
    if (element.isOurs && !entries.has(key)) yield { key, address, family };
  }
}

function endsAlike(expiresS: number | undefined, timeoutS: number): boolean {
  if (expiresS === undefined) return false;
  const slack = timeoutS === MAX_TIMEOUT_S ? LONGEST_SLACK_S : TIMEOUT_SLACK_S;
  return Math.abs(expiresS - timeoutS) <= slack;
}
