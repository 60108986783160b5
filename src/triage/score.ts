import type { ObservableKind } from '../core/observable.ts';
import type { Via } from '../core/sighting.ts';

/** What is known of an observable when its worth is reckoned. */
export interface Signals {
  readonly kind: ObservableKind;
  readonly via: Via;
  /** Suricata alerted on it. */
  readonly alerted: boolean;
  /** The host is one customer's below a suffix or network shared by many. */
  readonly shared: boolean;
}

/** A worth and what it is made of, by name. */
export interface Score {
  readonly total: number;
  readonly parts: Readonly<Record<string, number>>;
}

/** A name says most per question; an address is shared by many; a URL's host answers for most URLs. */
const WORTH_OF_KIND: Readonly<Record<ObservableKind, number>> = { domain: 10, file: 9, ip: 5, url: 2 };

/** An alert is somebody's evidence already: it outweighs everything that is only a suspicion. */
const WORTH_OF_ALERT = 100;

/** Hosts of shared networks are many, change daily, and most of them are harmless. */
const WORTH_OF_SHARED = -3;

/** What a question is worth. Pure, and the parts add up to the total, so that it can be explained. */
export function score(signals: Signals): Score {
  const parts: Record<string, number> = { [`kind_${signals.kind}`]: WORTH_OF_KIND[signals.kind] };
  if (signals.alerted) parts.alert = WORTH_OF_ALERT;
  if (signals.shared) parts.shared_hosting = WORTH_OF_SHARED;
  return { total: Object.values(parts).reduce((sum, part) => sum + part, 0), parts };
}
