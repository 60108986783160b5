import type { ReportDocument } from '../../api/report-facts.ts';
import { countText, spanText } from '../wording.ts';
import { Emptiness } from './emptiness.ts';

/** What a person should know first, and how it is meant. */
export interface Lede {
  readonly mood: 'bad' | 'watch' | 'calm' | 'unknown';
  readonly headline: string;
  readonly detail: string;
}

/** The report in two sentences. */
export function ledeOf(report: ReportDocument): Lede {
  const { used, scans } = report;
  if (used.malicious.observables > 0) return bad(report);
  const unknown = unknownLede(report);
  if (unknown !== undefined) return unknown;
  const watched = used.suspicious.observables;
  const calm =
    scans.answered > 0 ? 'What was flagged at all was flagged by too few engines to mean anything.' : BY_OTHERS;
  return {
    mood: watched > 0 ? 'watch' : 'calm',
    headline: 'No device used anything known to be malicious.',
    detail:
      watched > 0
        ? `${countText(watched, 'name')} ${watched === 1 ? 'is' : 'are'} suspicious: watched, and not blocked.`
        : calm,
  };
}

const BY_OTHERS = 'VirusTotal answered nothing in this time, so that rests on lists and on older answers.';

/** Good news is none where nothing was heard, or nothing of it judged by anybody. */
function unknownLede(report: ReportDocument): Lede | undefined {
  const { status, scans } = report;
  const emptiness = new Emptiness(report);
  if (!emptiness.isHeard && scans.answered === 0)
    return {
      mood: 'unknown',
      headline: 'There is nothing to report yet.',
      detail: 'Nothing was heard and nothing was asked, so this page says neither good nor bad.',
    };
  const { unasked: _, ...judged } = status.verdicts;
  const isJudged = Object.values(judged).some((count) => count > 0) || status.feeds.some(({ entries }) => entries > 0);
  if (isJudged) return undefined;
  return {
    mood: 'unknown',
    headline: 'Devices were heard, and nothing they used has been judged.',
    detail: `${emptiness.scans} So this page says neither good nor bad.`,
  };
}

const DAY_MS = 86_400_000;

/** The period in words: `7 days`; a little more than was asked for, since it begins with a whole step. */
export function periodText({ since, until_at: until }: ReportDocument): string {
  const span = Date.parse(until) - Date.parse(since);
  return span >= 2 * DAY_MS ? countText(Math.floor(span / DAY_MS), 'day') : spanText(span);
}

function bad(report: ReportDocument): Lede {
  const { observables, clients } = report.used.malicious;
  const names = countText(observables, 'malicious name');
  const were = observables === 1 ? 'was' : 'were';
  return {
    mood: 'bad',
    headline: `${names} ${were} used by ${countText(clients, 'device')}.`,
    detail: blockedText(report),
  };
}

function blockedText(report: ReportDocument): string {
  const total = report.used.malicious.observables;
  const listed = new Set(
    report.contacts.filter(({ state }) => state === 'malicious').map(({ observable }) => observable),
  );
  const blocked = report.blocks.filter(({ observable }) => listed.has(observable));
  const open = total - blocked.length;
  // There is more than the document lists: of what lies beyond, it cannot tell.
  const isCut = report.block_count > report.blocks.length || total > listed.size;
  if (isCut && open > 0) return `At least ${blocked.length} of them blocked.`;
  if (blocked.length === 0) return 'None of them is blocked: see what is held or allowed.';
  const how =
    open > 0 ? `${blocked.length} of them blocked` : total === 1 ? 'It is blocked' : 'All of them are blocked';
  const rest = open === 0 ? '' : `, ${open} not: see what is held or allowed`;
  return `${how}, ${proofText(blocked)}${rest}.`;
}

/** Whether every target proved every block, and else where that is open. */
function proofText(blocks: ReportDocument['blocks']): string {
  const open = new Set(
    blocks.flatMap(({ publications }) =>
      publications.filter(({ state }) => state !== 'proved').map(({ target }) => target),
    ),
  );
  if (blocks.some(({ publications }) => publications.length === 0)) return 'but not in force anywhere yet';
  return open.size === 0 ? 'and the block is proved' : `and the proof is open at ${[...open].sort().join(', ')}`;
}

/** Whether a block is in force somewhere, and proved wherever it is. */
export function isProved({ publications }: ReportDocument['blocks'][number]): boolean {
  return publications.length > 0 && publications.every(({ state }) => state === 'proved');
}
