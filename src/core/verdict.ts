import type { Observable } from './observable.ts';

/**
 * What we hold an observable to be. `malicious suspicious noise clean` were judged; `not_found` and `no_opinion` are
 * answers that acquit nobody; `unasked` is everything else.
 */
export const VERDICT_STATES = [
  'malicious',
  'suspicious',
  'noise',
  'clean',
  'not_found',
  'no_opinion',
  'unasked',
] as const;
export type VerdictState = (typeof VERDICT_STATES)[number];

/** One step of the judgement. `code` is stable, for programs; `text` is a sentence for people. */
export interface Reason {
  readonly code: string;
  readonly text: string;
}

/** What `judge()` decides from evidence and policy alone. */
export interface Judgement {
  readonly state: VerdictState;
  /** Malicious beyond `policy.strong_at`: caps and holds do not apply. */
  readonly strong: boolean;
  /** Whether this may be published as an indicator. Implies `malicious`. */
  readonly block: boolean;
  /** Steps in the order they were taken; never empty. */
  readonly reasons: readonly Reason[];
  /** The single line of policy that decided, quotable: `malicious: 7 independent engines >= policy.malicious_at 5`. */
  readonly policyLine: string;
  /** `7/92` of the report that decided, where there is one. */
  readonly ratio?: string;
}

/** A judgement that is kept: about what, since when, until when. */
export interface Verdict extends Judgement {
  readonly observable: Observable;
  /** A malicious verdict that waits for a person before anything is published. */
  readonly held: boolean;
  /** When the state last changed, epoch milliseconds. */
  readonly since: number;
  readonly judgedAt: number;
  /** When the evidence is asked for again, epoch milliseconds. */
  readonly recheckAt?: number;
}
