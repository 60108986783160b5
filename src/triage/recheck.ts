import type { ObservableKind } from '../core/observable.ts';
import type { VerdictState } from '../core/verdict.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Situations that differ in how long an answer is trusted. `clean` is of a name young or of unknown age, `clean_established` of an old or
 * popular one; a file's bytes never change, so only the engines' knowledge of them can.
 */
export const RECHECK_CASES = [
  'not_found',
  'no_opinion',
  'clean',
  'clean_established',
  'noise',
  'suspicious',
  'malicious',
  'file_malicious',
  'file_unknown',
] as const;
export type RecheckCase = (typeof RECHECK_CASES)[number];

/** Waits in milliseconds. The n-th answer in the same state waits for the n-th, and the last entry repeats. */
export type RecheckTable = Readonly<Record<RecheckCase, readonly number[]>>;

/**
 * Fresh names change most: engines miss much in a site's first week, and results often appear only with the next scan (Peng et al., IMC
 * 2019: even the best vendors missed 30 %).
 */
export const DEFAULT_RECHECKS: RecheckTable = {
  not_found: [DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS],
  no_opinion: [DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS],
  clean: [DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS],
  clean_established: [30 * DAY_MS, 90 * DAY_MS],
  noise: [7 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS],
  suspicious: [DAY_MS, 3 * DAY_MS, 7 * DAY_MS],
  // A day before the block ends by default, so that it never ends or goes on unexamined.
  malicious: [6 * DAY_MS],
  file_malicious: [90 * DAY_MS],
  file_unknown: [DAY_MS, 7 * DAY_MS, 30 * DAY_MS],
};

/** What the age of an answer depends on besides its state. */
export interface RecheckFacts {
  readonly kind?: ObservableKind;
  /** The name is popular, or was registered long before it was asked about. */
  readonly established?: boolean;
}

/** Registered this long ago, a name is no campaign's fresh one. */
export const ESTABLISHED_AFTER_MS = 30 * DAY_MS;

/** When to ask again: `answers` is how many answers in a row led to this state, the present one included. */
export function recheckAt(
  state: VerdictState,
  answers: number,
  answeredAt: number,
  facts: RecheckFacts = {},
  table: RecheckTable = DEFAULT_RECHECKS,
): number | undefined {
  if (state === 'unasked') return undefined;
  const waits = table[caseOf(state, facts)];
  const wait = waits[Math.max(0, Math.min(answers, waits.length) - 1)];
  return wait === undefined ? undefined : answeredAt + wait;
}

function caseOf(state: Exclude<VerdictState, 'unasked'>, { kind, established = false }: RecheckFacts): RecheckCase {
  if (state === 'clean' && established) return 'clean_established';
  if (kind !== 'file') return state;
  if (state === 'malicious') return 'file_malicious';
  return state === 'not_found' || state === 'no_opinion' ? 'file_unknown' : state;
}
