import type { ObservableKey } from '../../core/observable.ts';
import type { LiveSet } from './datasets.ts';

/** An entry of a live set. */
export interface SetEntry {
  readonly set: LiveSet;
  readonly entry: string;
}

/** Gives the JSON object that Suricata puts into every alert about an entry. */
export type ContextOf = (entry: SetEntry) => string;

/** The key of the indicator that an entry stands for. */
export function keyOfEntry({ set, entry }: SetEntry): ObservableKey {
  return set === 'ips' ? `ip:${entry}` : `domain:${set === 'dotted' ? entry.slice(1) : entry}`;
}
