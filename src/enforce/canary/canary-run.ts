/**
 * What came of a canary at one target. `proved`: it was published, found there, withdrawn and gone. `unproved`: in place as far as we
 * know, and the target did not confirm it. `unsupported`: a target that holds no names. `left_behind`: it could not be withdrawn.
 */
export const CANARY_OUTCOMES = ['proved', 'unproved', 'unsupported', 'failed', 'left_behind'] as const;
export type CanaryOutcome = (typeof CANARY_OUTCOMES)[number];

/** One target's part in a run. */
export interface TargetProof {
  readonly target: string;
  readonly outcome: CanaryOutcome;
  /** From publishing to the target's answer, in milliseconds. */
  readonly tookMs: number;
  /** What a person should know where it is not proved. */
  readonly why?: string;
}

/** One run over all targets. */
export interface CanaryRun {
  /** When it began, epoch milliseconds. */
  readonly at: number;
  readonly name: string;
  readonly targets: readonly TargetProof[];
}
