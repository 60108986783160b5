import type { VerdictState } from '../core/verdict.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How long an answer is trusted before it is asked for again, by state. The n-th answer in the same state waits for the
 * n-th time, and the last entry repeats. Fresh names change most: engines miss much in a site's first week, and results
 * often appear only with the next scan (Peng et al., IMC 2019).
 */
const RECHECK_AFTER: Readonly<Record<VerdictState, readonly number[]>> = {
  not_found: [DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS],
  no_opinion: [DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS],
  clean: [DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS],
  noise: [7 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS],
  suspicious: [DAY_MS, 3 * DAY_MS, 7 * DAY_MS],
  // A day before the block ends by default, so that it never ends or goes on unexamined.
  malicious: [6 * DAY_MS],
  unasked: [],
};

/** When to ask again: `answers` is how many answers in a row led to this state, the present one included. */
export function recheckAt(state: VerdictState, answers: number, answeredAt: number): number | undefined {
  const waits = RECHECK_AFTER[state];
  const wait = waits[Math.min(answers, waits.length) - 1];
  return wait === undefined ? undefined : answeredAt + wait;
}
