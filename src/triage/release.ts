import type { Report } from '../core/report.ts';
import type { Judgement } from '../core/verdict.ts';

/**
 * A block that one answer speaks against: it goes on until a second answer in a row does. Scanners drop and find the same name
 * again from one day to the next, and a block that comes and goes protects nobody.
 */
export function keptForNow(before: Judgement, latest: Judgement, newest: Report, endsAt: number): Judgement {
  const ratio = latest.ratio === undefined ? '' : `, ${latest.ratio}`;
  return {
    ...before,
    reasons: [
      ...before.reasons,
      {
        code: 'clean_once',
        text: `The latest answer (${newest.source}${ratio}, ${day(newest.askedAt)}) holds it ${latest.state.replace('_', ' ')}: a second one in a row ends the block, at the latest it ends on ${day(endsAt)}.`,
      },
    ],
    policyLine: `${before.policyLine}; kept, since only one answer speaks against it (${latest.policyLine})`,
  };
}

/** A verdict whose evidence was not confirmed in time: it stays as history, and nothing is blocked by it. */
export function withoutBlock(judgement: Judgement, confirmedAt: number): Judgement {
  return {
    ...judgement,
    block: false,
    reasons: [
      ...judgement.reasons,
      {
        code: 'unconfirmed',
        text: `Its evidence was not confirmed since ${day(confirmedAt)}, so the block ended. An answer that confirms it blocks it again.`,
      },
    ],
    policyLine: `${judgement.policyLine}; not blocked, evidence not confirmed since ${day(confirmedAt)} (policy.block_expires)`,
  };
}

/** When something last said that it is bad, epoch milliseconds; undefined when nothing does. */
export function confirmedAt(reports: readonly Report[]): number | undefined {
  const accusing = reports.filter(
    ({ outcome, stats }) => outcome === 'found' && stats.malicious + stats.suspicious > 0,
  );
  return accusing.length === 0 ? undefined : Math.max(...accusing.map(({ askedAt }) => askedAt));
}

/**
 * The latest time to ask about something blocked, so that its block never ends unexamined: a seventh of the block's length before its
 * end, which is a day of the default week.
 */
export function lastCallAt(endsAt: number, blockExpiresMs: number): number {
  return endsAt - blockExpiresMs / 7;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
