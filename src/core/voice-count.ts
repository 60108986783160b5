import { familyOf, voicesOf } from './engine-families.ts';
import { enginesIn, type Report } from './report.ts';
import type { Reason } from './verdict.ts';

/** Each correction takes this much off a voice's weight here, down to the floor: learning is bounded. */
const CORRECTION_STEP = 0.2;
const LEAST_WEIGHT = 0.4;

/** How many independent voices accuse, over all sources. */
export interface VoiceCount {
  /** Independent voices that say malicious, by weight. */
  readonly malicious: number;
  /** Independent voices that say malicious or suspicious, by weight. */
  readonly concerned: number;
  /** A source that was not among the others' engines says malicious too. */
  readonly confirmed: boolean;
  /** What was counted once, and whose word counts less here. */
  readonly notes: readonly Reason[];
}

/**
 * Counts independent voices over all sources. A source with many engines is counted from its own numbers with the repeats
 * taken off (it may list fewer engines than it counted); a feed adds its weight unless its voice was heard already.
 */
export function countVoices(reports: readonly Report[], corrections: ReadonlyMap<string, number>): VoiceCount {
  const notes: Reason[] = [];
  const heard = new Set<string>();
  let malicious = 0;
  let concerned = 0;
  let sources = 0;
  for (const report of [...reports].sort((a, b) => enginesIn(b.stats) - enginesIn(a.stats))) {
    const fresh = report.flagged.filter((one) => !heard.has(familyOf(one.engine)));
    const repeated = report.flagged.length > 0 && fresh.length === 0;
    if (repeated) {
      notes.push({
        code: 'same_voice',
        text: `${report.source} is among the engines counted already, and counts once.`,
      });
      continue;
    }
    const counted = countReport(report, fresh, corrections, notes);
    malicious += counted.malicious;
    concerned += counted.concerned;
    if (counted.malicious > 0) sources++;
    for (const one of report.flagged) heard.add(familyOf(one.engine));
  }
  return { malicious, concerned, confirmed: sources > 1, notes };
}

function countReport(
  report: Report,
  flagged: Report['flagged'],
  corrections: ReadonlyMap<string, number>,
  notes: Reason[],
): { readonly malicious: number; readonly concerned: number } {
  const { stats } = report;
  const accusing = flagged.filter((one) => one.category === 'malicious');
  const voices = voicesOf(flagged);
  const accusers = voicesOf(accusing);
  // A feed has one engine, and its weight stands for the count.
  const isFeed = report.flagged.length === 1 && enginesIn(stats) === stats.malicious;
  let malicious = isFeed
    ? stats.malicious
    : stats.malicious - (report.flagged.length - flagged.length) - (accusing.length - accusers.size);
  let concerned = isFeed ? malicious : stats.malicious + stats.suspicious - (report.flagged.length - voices.size);
  for (const [family, engines] of voices) {
    if (engines.length > 1) {
      notes.push({
        code: 'correlated',
        text: `${engines.join(', ')} speak with one voice (${family}) and count once.`,
      });
    }
    const lost = 1 - weightOf(family, corrections);
    if (lost === 0) continue;
    notes.push({
      code: 'learned',
      text: `${engines.join(', ')} was overruled here ${corrections.get(family)} times and counts ${(1 - lost).toFixed(1)}.`,
    });
    concerned -= lost;
    if (accusers.has(family)) malicious -= lost;
  }
  return { malicious: Math.max(0, malicious), concerned: Math.max(0, concerned) };
}

function weightOf(family: string, corrections: ReadonlyMap<string, number>): number {
  return Math.max(LEAST_WEIGHT, 1 - CORRECTION_STEP * (corrections.get(family) ?? 0));
}
