import { observableOfKey } from '../core/observable.ts';
import type { DocumentOf } from './document.ts';
import type { OverrideOutcome, TargetOutcome, WouldHit } from './publish-outcome.ts';

/** A reload of a large ruleset takes minutes on a small machine; the daemon's own targets give up earlier. */
export const PUBLISH_TIMEOUT_MS = 5 * 60_000;

/** One target's outcome as documents show it: observables by value. */
export interface TargetOutcomeFacts extends Omit<TargetOutcome, 'added' | 'removed' | 'failed'> {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly failed: readonly { readonly observable: string; readonly error: string }[];
}

/** What came of an operator's word, as documents show it. */
export interface OverrideOutcomeFacts {
  readonly affected: readonly {
    readonly observable: string;
    readonly state: string;
    readonly blockedBefore: boolean;
    readonly blocked: boolean;
    readonly conflict?: string;
  }[];
  readonly targets: readonly TargetOutcomeFacts[];
  readonly conflicts: readonly string[];
}

/** `POST /v1/publish`. */
export type PublishDocument = DocumentOf<{
  readonly dryRun: boolean;
  readonly targets: readonly TargetOutcomeFacts[];
  /** Only of a dry run. */
  readonly wouldHit?: readonly WouldHit[];
}>;

/** `POST|DELETE /v1/overrides`. */
export type OverrideOutcomeDocument = DocumentOf<OverrideOutcomeFacts>;

/** A target's outcome with observables by value. */
export function targetOutcomeFacts(outcome: TargetOutcome): TargetOutcomeFacts {
  return {
    ...outcome,
    added: outcome.added.map(valueOfKey),
    removed: outcome.removed.map(valueOfKey),
    failed: outcome.failed.map(({ key, error }) => ({ observable: valueOfKey(key), error })),
  };
}

/** An override's outcome with observables by value. */
export function overrideOutcomeFacts({ affected, targets, conflicts }: OverrideOutcome): OverrideOutcomeFacts {
  return {
    affected: affected.map(({ key, ...rest }) => ({ observable: valueOfKey(key), ...rest })),
    targets: targets.map(targetOutcomeFacts),
    conflicts,
  };
}

function valueOfKey(key: string): string {
  return observableOfKey(key).value;
}
