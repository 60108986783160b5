import { enginesIn, type FlaggingEngine } from '../core/report.ts';
import type { ReportFacts, Story } from './story.ts';

/** More engines than this are named by their number. */
const MAX_NAMED = 3;

/**
 * Two to four sentences that end a worried person's worry, or make it justified: what the engines say and what it
 * means, what is special about it, whether it is blocked, who used it and what to do.
 */
export function summaryOf(story: Story): string {
  return [evidence(story), dates(story), circumstances(story), enforcement(story), users(story)]
    .filter((text) => text !== '')
    .join(' ');
}

function evidence(story: Story): string {
  const { verdict } = story;
  const report = decisiveReport(story.reports);
  switch (verdict.state) {
    case 'unasked':
      return unasked(story);
    case 'not_found':
      return `${sourcesOf(story)} has no record of it; that neither accuses nor acquits it, since new and rarely used names have none.`;
    case 'no_opinion':
      return `${sourcesOf(story)} knows it, and none of its engines has an opinion; that neither accuses nor acquits it.`;
    case 'clean':
      return report === undefined
        ? 'It is held to be clean.'
        : `None of the ${report.enginesWithOpinion} engines with an opinion flags it.`;
    default:
      if (verdict.state === 'malicious' && verdict.reasons[0]?.code === 'operator_block')
        return `${report === undefined ? '' : `${flags(report)} `}An operator holds it to be malicious.`;
      return `${report === undefined ? '' : `${flags(report)} `}${MEANING[verdict.state]}`.trim();
  }
}

const MEANING = {
  noise: 'One engine is noise: single engines are wrong far more often than right.',
  suspicious: 'That is too little to act on, so it is watched and shown.',
  malicious: 'It is held to be malicious.',
} as const;

function flags(report: ReportFacts): string {
  const bad = report.flagged.filter(({ category }) => category === 'malicious');
  const odd = report.flagged.filter(({ category }) => category === 'suspicious');
  const { malicious, suspicious } = report.stats;
  const total = enginesIn(report.stats);
  const doubts = `${suspicious} of ${total} engines ${suspicious === 1 ? 'finds' : 'find'} it suspicious${named(odd)}`;
  if (malicious === 0) return `No engine calls it malicious; ${doubts}.`;
  const accusers = `${malicious} of ${total} engines ${malicious === 1 ? 'flags' : 'flag'} it${named(bad)}`;
  return suspicious === 0 ? `${accusers}.` : `${accusers}, and ${doubts}.`;
}

function named(engines: readonly FlaggingEngine[]): string {
  if (engines.length === 0) return '';
  const names = engines.slice(0, MAX_NAMED).map(({ engine, result }) => `${engine}: ${result}`);
  const more = engines.length - names.length;
  return ` (${names.join(', ')}${more === 0 ? '' : ` and ${more} more`})`;
}

function unasked(story: Story): string {
  const { neverAsk, waiting, verdict, servedBy } = story;
  if (neverAsk !== undefined) return `No source was asked and none will be: ${neverAsk}.`;
  if (servedBy !== undefined) return `It needs no question of its own. ${servedBy}`;
  const failure =
    verdict.lastError === undefined ? '' : ` The last attempt brought no answer: ${sentence(verdict.lastError)}`;
  if (waiting !== undefined) return `No source has answered about it yet; the question waits for its turn.${failure}`;
  return `No source has answered about it yet; "guardian lookup ${story.observable}" asks now.${failure}`;
}

/** When that was so: an answer is as old as the analysis in it, not as the question. */
function dates({ reports }: Story): string {
  const report = decisiveReport(reports);
  if (report?.lastAnalysisAt === undefined) return '';
  const { lastAnalysisAt, askedAt } = report;
  const source = sourcesOf({ reports: [report] });
  return `${source} analysed it on ${day(lastAnalysisAt)} and was asked on ${day(askedAt)}.`;
}

function circumstances({ sharedHosting, verdict, reports }: Story): string {
  const accused = verdict.state === 'noise' || verdict.state === 'suspicious' || verdict.state === 'malicious';
  if (accused && sharedHosting !== undefined && !verdict.block)
    return `It is ${sharedHosting}, shared by many: one bad page there says little about the host.`;
  const correlated = verdict.reasons.find(({ code }) => code === 'correlated');
  return accused && correlated !== undefined && reports.length > 0 ? correlated.text : '';
}

function enforcement(story: Story): string {
  const { verdict, neverBlock, overrides, publications, indicator } = story;
  const word = overrides[0];
  const places = publications.filter(({ state }) => state !== 'failed');
  if (verdict.held)
    return `It is not blocked: the block is held for you; say "guardian block ${story.observable}" or "guardian allow ${story.observable}".`;
  if (places.length > 0) return blocked(story);
  if (neverBlock !== undefined && verdict.state === 'malicious')
    return `It is not blocked and never will be: ${neverBlock}.`;
  if (word?.action === 'allow')
    return `It is not blocked: ${word.origin === 'config' ? 'the configuration' : 'an operator'} allows ${word.pattern}.`;
  if (indicator !== undefined) return `It is to be blocked, and no target has it in place yet${failures(story)}.`;
  return 'It is not blocked.';
}

function blocked({ publications, indicator, overrides }: Story): string {
  const inPlace = publications.filter(({ state }) => state !== 'failed');
  const where = inPlace.map(({ target, state }) => (state === 'proved' ? target : `${target} (not proved yet)`));
  const until = indicator === undefined ? '' : ` until ${day(indicator.expiresAt)} unless that is renewed`;
  const word = overrides.find(({ action }) => action === 'block');
  const why = word === undefined ? '' : `, because an operator blocks ${word.pattern}`;
  return `It is blocked at ${where.join(', ')}${until}${why}.`;
}

function failures({ publications }: Story): string {
  const failed = publications.find(({ state }) => state === 'failed');
  return failed === undefined ? '' : ` (${failed.target}: ${failed.error ?? 'failed'})`;
}

function users({ clients, verdict }: Story): string {
  const devices = clients.filter(({ client }) => client !== '');
  const harmless = verdict.state !== 'malicious' && verdict.state !== 'suspicious';
  if (clients.length === 0) return 'No device here is known to have used it.';
  if (devices.length === 0)
    return harmless
      ? 'It was seen here; nothing needs to be done.'
      : 'It was seen here, by a device that the events do not name.';
  const names = devices.slice(0, MAX_NAMED).map(({ client }) => client);
  const more = devices.length - names.length;
  const who = `${devices.length === 1 ? 'One device' : `${devices.length} devices`} used it (${names.join(', ')}${more === 0 ? '' : ` and ${more} more`})`;
  if (verdict.state === 'malicious') return `${who}: look at ${devices.length === 1 ? 'it' : 'them'}.`;
  if (verdict.state === 'suspicious') return `${who}. ${comingBack(verdict.recheckAt)}`.trim();
  return harmless && verdict.state !== 'unasked' ? `${who}; nothing needs to be done.` : `${who}.`;
}

function comingBack(recheckAt: number | undefined): string {
  return recheckAt === undefined
    ? ''
    : `Nothing needs to be done now: it is asked about again on ${day(recheckAt)}, and blocked when enough engines agree.`;
}

function decisiveReport(reports: readonly ReportFacts[]): ReportFacts | undefined {
  // As judge() does: only the latest report of each source counts, and of those the one most engines speak in.
  const latest = new Map<string, ReportFacts>();
  for (const report of reports) if (!latest.has(report.source)) latest.set(report.source, report);
  return [...latest.values()].sort((a, b) => b.stats.malicious - a.stats.malicious || b.askedAt - a.askedAt)[0];
}

function sourcesOf({ reports }: Pick<Story, 'reports'>): string {
  const names = [...new Set(reports.map(({ source }) => (source === 'virustotal' ? 'VirusTotal' : source)))];
  return names.length === 0 ? 'The source' : names.join(' and ');
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
