import { voicesOf } from './engine-families.ts';
import type { Override } from './override.ts';
import type { Policy } from './policy.ts';
import { detectionRatio, enginesWithOpinion, type Report } from './report.ts';
import type { Judgement, Reason, VerdictState } from './verdict.ts';

/** Everything `judge()` may look at. */
export interface Evidence {
  /** The latest report of each source. */
  readonly reports: readonly Report[];
  /** The operator's word that covers the observable, if any. */
  readonly override?: Override;
  /** Why the observable may never be blocked (`whyNeverBlock`), if so. */
  readonly guard?: string;
  /** Why the host is shared between strangers (`sharedHosting`), if so. */
  readonly sharedHosting?: string;
  /** Why the name counts as popular, if so. */
  readonly popular?: string;
}

/**
 * A community score from which a few engines are not believed below "strong". Google's resolver carries 520 while two
 * engines call it a command server; a fresh or unknown name has 0.
 */
const GOOD_REPUTATION = 50;

/**
 * Decides what an observable is held to be. Pure: the same evidence and policy give the same judgement, with every
 * step as a reason. The order is the meaning: the operator first, then what is known, then how sure it is, then
 * what caps it, and last the guards that nothing overrides.
 */
export function judge(evidence: Evidence, policy: Policy): Judgement {
  const judged =
    evidence.override === undefined
      ? judgeReports(evidence, policy)
      : judgeByOperator(evidence.override, evidence, policy);
  return guarded(judged, evidence.guard);
}

function judgeByOperator(override: Override, evidence: Evidence, policy: Policy): Judgement {
  const { action, pattern, reason } = override;
  const text = `${override.origin} ${action}s ${pattern.text}${reason === '' ? '' : `: ${reason}`}`;
  const word: Reason = { code: `operator_${action}`, text };
  const own = judgeReports(evidence, policy);
  if (action === 'block')
    return { ...own, state: 'malicious', strong: true, block: true, reasons: [word, ...own.reasons], policyLine: text };
  return { ...own, strong: false, block: false, reasons: [word, ...own.reasons], policyLine: text };
}

function judgeReports(evidence: Evidence, policy: Policy): Judgement {
  if (evidence.reports.length === 0) {
    return settled(
      'unasked',
      { code: 'unasked', text: 'No source has been asked about it yet.' },
      'unasked: no report',
    );
  }
  const found = evidence.reports.filter((report) => report.outcome === 'found');
  const speaking = found.filter((report) => enginesWithOpinion(report.stats) > 0);
  const report = strongest(speaking);
  if (report !== undefined) return judgeEngines(report, evidence, policy);
  if (found.length > 0) {
    return settled(
      'no_opinion',
      { code: 'no_opinion', text: `${names(found)} knows it, and no engine has an opinion.` },
      'no_opinion: 0 engines with an opinion',
    );
  }
  return settled(
    'not_found',
    { code: 'not_found', text: `${names(evidence.reports)} has no record of it. That is not an acquittal.` },
    'not_found: no record',
  );
}

function judgeEngines(report: Report, evidence: Evidence, policy: Policy): Judgement {
  const count = countVoices(report);
  const reasons: Reason[] = [{ code: 'engines', text: sentenceOfEngines(report) }, ...count.merged];
  const uncapped = levelOf(count, policy);
  const cap = uncapped.state === 'malicious' && !uncapped.strong ? capOf(report, evidence) : undefined;
  if (cap !== undefined) reasons.push(cap);
  const state = cap === undefined ? uncapped.state : 'suspicious';
  const policyLine =
    cap === undefined
      ? uncapped.line
      : `${uncapped.line}, capped at suspicious below policy.strong_at ${policy.strongAt} (${cap.code})`;
  return {
    state,
    strong: uncapped.strong,
    block: state === 'malicious',
    reasons,
    policyLine,
    ratio: detectionRatio(report),
  };
}

interface VoiceCount {
  /** Independent voices that say malicious. */
  readonly malicious: number;
  /** Independent voices that say malicious or suspicious. */
  readonly concerned: number;
  /** A reason for each family that was counted once. */
  readonly merged: readonly Reason[];
}

// Starts from the source's own counts and takes the repeats off: a source may list fewer engines than it counted.
function countVoices(report: Report): VoiceCount {
  const merged: Reason[] = [];
  for (const [family, engines] of voicesOf(report.flagged)) {
    if (engines.length > 1)
      merged.push({
        code: 'correlated',
        text: `${engines.join(', ')} speak with one voice (${family}) and count once.`,
      });
  }
  const malicious = report.flagged.filter((engine) => engine.category === 'malicious');
  return {
    malicious: report.stats.malicious - (malicious.length - voicesOf(malicious).size),
    concerned:
      report.stats.malicious + report.stats.suspicious - (report.flagged.length - voicesOf(report.flagged).size),
    merged,
  };
}

interface Level {
  readonly state: VerdictState;
  readonly strong: boolean;
  readonly line: string;
}

function levelOf(count: VoiceCount, policy: Policy): Level {
  const { malicious, concerned } = count;
  if (malicious >= policy.strongAt)
    return level('malicious', true, `malicious: ${engines(malicious)} >= policy.strong_at ${policy.strongAt}`);
  if (malicious >= policy.maliciousAt)
    return level('malicious', false, `malicious: ${engines(malicious)} >= policy.malicious_at ${policy.maliciousAt}`);
  if (concerned >= policy.suspiciousAt)
    return level(
      'suspicious',
      false,
      `suspicious: ${engines(concerned)} >= policy.suspicious_at ${policy.suspiciousAt}`,
    );
  if (concerned > 0)
    return level('noise', false, `noise: ${engines(concerned)} < policy.suspicious_at ${policy.suspiciousAt}`);
  return level('clean', false, 'clean: 0 of the engines with an opinion');
}

function capOf(report: Report, evidence: Evidence): Reason | undefined {
  if (evidence.sharedHosting !== undefined) {
    return {
      code: 'shared_hosting',
      text: `It is ${evidence.sharedHosting}: one bad page there says little about the host.`,
    };
  }
  if (evidence.popular !== undefined)
    return { code: 'popular', text: `It is popular (${evidence.popular}): a mistake would hit many.` };
  const { harmless, malicious } = report.votes;
  if (report.reputation >= GOOD_REPUTATION && harmless >= malicious) {
    return {
      code: 'reputation',
      text: `Its community reputation is ${report.reputation}, with ${harmless} harmless to ${malicious} malicious votes.`,
    };
  }
  return undefined;
}

function guarded(judgement: Judgement, guard: string | undefined): Judgement {
  if (guard === undefined || !judgement.block) return judgement;
  const reason: Reason = { code: 'guard', text: `Never blocked: ${guard}.` };
  return {
    ...judgement,
    block: false,
    reasons: [...judgement.reasons, reason],
    policyLine: `${judgement.policyLine}; not blocked, a hard guard forbids it`,
  };
}

function strongest(reports: readonly Report[]): Report | undefined {
  return [...reports].sort((a, b) => b.stats.malicious - a.stats.malicious || b.askedAt - a.askedAt)[0];
}

function sentenceOfEngines(report: Report): string {
  const { flagged, source } = report;
  const who =
    flagged.length === 0
      ? ''
      : ` (${flagged
          .slice(0, 12)
          .map((one) => `${one.engine}: ${one.result}`)
          .join(', ')}${flagged.length > 12 ? ', ...' : ''})`;
  return `${source} counts ${detectionRatio(report)} engines${who}, ${enginesWithOpinion(report.stats)} with an opinion.`;
}

function settled(state: VerdictState, reason: Reason, policyLine: string): Judgement {
  return { state, strong: false, block: false, reasons: [reason], policyLine };
}

function level(state: VerdictState, strong: boolean, line: string): Level {
  return { state, strong, line };
}

function engines(count: number): string {
  return count === 1 ? '1 independent engine' : `${count} independent engines`;
}

function names(reports: readonly Report[]): string {
  return [...new Set(reports.map((report) => report.source))].join(' and ');
}
