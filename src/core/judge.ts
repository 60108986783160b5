import type { Override } from './override.ts';
import type { Policy } from './policy.ts';
import { detectionRatio, enginesIn, enginesWithOpinion, type Report } from './report.ts';
import type { Judgement, Reason, VerdictState } from './verdict.ts';
import { countVoices, type VoiceCount } from './voice-count.ts';

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
  /** How often operators here allowed what a voice flagged, by `familyOf`. */
  readonly corrections?: ReadonlyMap<string, number>;
  /** The time of the judgement, epoch milliseconds. Absent: nothing is held to be old. */
  readonly now?: number;
}

/**
 * A community score from which a few engines are not believed below "strong". Google's resolver carries 520 while two
 * engines call it a command server; a fresh or unknown name has 0.
 */
const GOOD_REPUTATION = 50;

/** VirusTotal's own documentation: a GET returns the last analysis, however old. Beyond this, few engines prove little. */
const STALE_AFTER_MS = 90 * 24 * 3_600_000;

/** Sums of weights are compared with whole numbers: a tenth lost to floating point must not tip a threshold. */
const ROUNDING = 1e-9;

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
  const { action, pattern, reason, sensor } = override;
  const who = sensor === undefined ? override.origin : `${override.origin} (sensor ${sensor}, for all sensors)`;
  const text = `${who} ${action}s ${pattern.text}${reason === '' ? '' : `: ${reason}`}`;
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
  if (speaking.length > 0) return judgeEngines(speaking, evidence, policy);
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

function judgeEngines(reports: readonly Report[], evidence: Evidence, policy: Policy): Judgement {
  const count = countVoices(reports, evidence.corrections ?? new Map());
  const reasons: Reason[] = [
    ...reports.map((report): Reason => ({ code: 'engines', text: sentenceOfEngines(report) })),
    ...count.notes,
  ];
  const uncapped = levelOf(count, policy);
  const cap = uncapped.state === 'malicious' && !uncapped.strong ? capOf(reports, evidence) : undefined;
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
    ratio: detectionRatio(widest(reports)),
  };
}

interface Level {
  readonly state: VerdictState;
  readonly strong: boolean;
  readonly line: string;
}

function levelOf(count: VoiceCount, policy: Policy): Level {
  const { malicious, concerned } = count;
  if (malicious + ROUNDING >= policy.strongAt) {
    return level('malicious', true, `malicious: ${engines(malicious)} >= policy.strong_at ${policy.strongAt}`);
  }
  if (malicious + ROUNDING >= policy.maliciousAt) {
    const line = `malicious: ${engines(malicious)} >= policy.malicious_at ${policy.maliciousAt}`;
    return level(
      'malicious',
      count.confirmed,
      count.confirmed ? `${line}, and strong: a second source says so too` : line,
    );
  }
  if (concerned + ROUNDING >= policy.suspiciousAt) {
    return level(
      'suspicious',
      false,
      `suspicious: ${engines(concerned)} >= policy.suspicious_at ${policy.suspiciousAt}`,
    );
  }
  if (concerned > 0)
    return level('noise', false, `noise: ${engines(concerned)} < policy.suspicious_at ${policy.suspiciousAt}`);
  return level('clean', false, 'clean: 0 of the engines with an opinion');
}

function capOf(reports: readonly Report[], evidence: Evidence): Reason | undefined {
  if (evidence.sharedHosting !== undefined) {
    return {
      code: 'shared_hosting',
      text: `It is ${evidence.sharedHosting}: one bad page there says little about the host.`,
    };
  }
  if (evidence.popular !== undefined) {
    return { code: 'popular', text: `It is popular (${evidence.popular}): a mistake would hit many.` };
  }
  return reputationOf(reports) ?? staleness(reports, evidence.now);
}

function reputationOf(reports: readonly Report[]): Reason | undefined {
  const liked = reports.find(
    ({ reputation, votes }) => reputation >= GOOD_REPUTATION && votes.harmless >= votes.malicious,
  );
  if (liked === undefined) return undefined;
  const { harmless, malicious } = liked.votes;
  return {
    code: 'reputation',
    text: `Its community reputation is ${liked.reputation}, with ${harmless} harmless to ${malicious} malicious votes.`,
  };
}

function staleness(reports: readonly Report[], now: number | undefined): Reason | undefined {
  if (now === undefined) return undefined;
  const accusing = reports.filter((report) => report.stats.malicious > 0);
  const isOld = ({ lastAnalysisAt }: Report): boolean =>
    lastAnalysisAt !== undefined && now - lastAnalysisAt > STALE_AFTER_MS;
  if (accusing.length === 0 || !accusing.every(isOld)) return undefined;
  const latest = Math.max(...accusing.map((report) => report.lastAnalysisAt ?? 0));
  return {
    code: 'stale',
    text: `The last analysis is of ${new Date(latest).toISOString().slice(0, 10)}: too old to block by.`,
  };
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

/** The report with the most engines: its ratio is the one people know. */
function widest(reports: readonly Report[]): Report {
  return reports.reduce((best, report) => (enginesIn(report.stats) > enginesIn(best.stats) ? report : best));
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
  // A weight is shown with its tenth; a whole number of engines as people write it.
  const shown = Number(count.toFixed(1));
  return shown === 1 ? '1 independent engine' : `${shown} independent engines`;
}

function names(reports: readonly Report[]): string {
  return [...new Set(reports.map((report) => report.source))].join(' and ');
}
