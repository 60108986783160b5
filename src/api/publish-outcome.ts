import { type ObservableKey, observableOfKey } from '../core/observable.ts';
import type { ControlStores } from './control-stores.ts';

/** What became, or would become, of one target. */
export interface TargetOutcome {
  readonly target: string;
  readonly added: readonly ObservableKey[];
  readonly removed: readonly ObservableKey[];
  /** In place after the drive, proved or not. */
  readonly published: number;
  readonly proved: number;
  readonly failed: readonly { readonly key: ObservableKey; readonly error: string }[];
  /** What a person should know although it went through. */
  readonly notice?: string;
  /** Why the target as a whole could not be driven. */
  readonly error?: string;
}

/** What came of driving every target to the desired state, or what would come of it. */
export interface PublishOutcome {
  readonly targets: readonly TargetOutcome[];
}

/** What became of one observable after an operator's word. */
export interface AffectedObservable {
  readonly key: ObservableKey;
  readonly state: string;
  readonly blockedBefore: boolean;
  readonly blocked: boolean;
  /** Why it is not as the operator said: a hard guard, another word. */
  readonly conflict?: string;
}

/** What came of an operator's word. */
export interface OverrideOutcome {
  readonly affected: readonly AffectedObservable[];
  readonly targets: readonly TargetOutcome[];
  /** Sentences about other words that cover the same observables, or guards that stand above this one. */
  readonly conflicts: readonly string[];
}

/** What came of taking a word back. */
export interface ForgetOutcome extends OverrideOutcome {
  /** Whether there was such a word. */
  readonly forgotten: boolean;
}

/** A new block, and which devices used the name lately: those a mistake would hit. */
export interface WouldHit {
  readonly observable: string;
  readonly devices: readonly string[];
}

const LATELY_MS = 7 * 86_400_000;

/** For each observable that would be added somewhere: the devices that used it within the past seven days. */
export function wouldHit(outcome: PublishOutcome, stores: ControlStores, now: number): readonly WouldHit[] {
  const keys = new Set(outcome.targets.flatMap(({ added }) => added));
  return [...keys].map((key) => {
    const observable = observableOfKey(key);
    const stored = stores.observables.find(observable);
    const clients = stored === undefined ? [] : stores.sightings.clientsOf(stored.id);
    const lately = clients.filter(({ client, lastSeenAt }) => client !== '' && lastSeenAt >= now - LATELY_MS);
    return { observable: observable.value, devices: lately.map(({ client }) => client) };
  });
}
