import type { ReportDocument } from '../../api/report-facts.ts';
import { countText, spanText } from '../wording.ts';

/** What a person should know first, and how it is meant. */
export interface Lede {
  readonly mood: 'bad' | 'watch' | 'calm' | 'unknown';
  readonly headline: string;
  readonly detail: string;
}

/** The report in two sentences. */
export function ledeOf(report: ReportDocument): Lede {
  const used = new Set(
    report.contacts.filter(({ state }) => state === 'malicious').map(({ observable }) => observable),
  );
  if (used.size > 0) return bad(report, used);
  const watched = new Set(
    report.contacts.filter(({ state }) => state === 'suspicious').map(({ observable }) => observable),
  ).size;
  const heard = Object.values(report.status.eve.events).some((count) => count > 0) || report.contacts.length > 0;
  if (!heard && report.scans.answered === 0)
    return {
      mood: 'unknown',
      headline: 'There is nothing to report yet.',
      detail: 'Nothing was heard and nothing was asked, so this page says neither good nor bad.',
    };
  return {
    mood: watched > 0 ? 'watch' : 'calm',
    headline: 'No device used anything known to be malicious.',
    detail:
      watched > 0
        ? `${countText(watched, 'name')} ${watched === 1 ? 'is' : 'are'} suspicious: watched, and not blocked.`
        : 'What was flagged at all was flagged by too few engines to mean anything.',
  };
}

const DAY_MS = 86_400_000;

/** The period in words: `7 days`; a little more than was asked for, since it begins with a whole step. */
export function periodText({ since, until_at: until }: ReportDocument): string {
  const span = Date.parse(until) - Date.parse(since);
  return span >= 2 * DAY_MS ? countText(Math.floor(span / DAY_MS), 'day') : spanText(span);
}

function bad(report: ReportDocument, used: ReadonlySet<string>): Lede {
  const devices = new Set(
    report.contacts.filter(({ state, client }) => state === 'malicious' && client !== '').map(({ client }) => client),
  ).size;
  const names = countText(used.size, 'malicious name');
  const were = used.size === 1 ? 'was' : 'were';
  return {
    mood: 'bad',
    headline: `${names} ${were} used by ${countText(devices, 'device')}.`,
    detail: blockedText(report, used),
  };
}

function blockedText(report: ReportDocument, used: ReadonlySet<string>): string {
  const blocked = report.blocks.filter(({ observable }) => used.has(observable));
  const open = used.size - blocked.length;
  // More are blocked than the document lists: of those beyond, it cannot tell.
  if (report.block_count > report.blocks.length && open > 0) return `At least ${blocked.length} of them blocked.`;
  if (blocked.length === 0) return 'None of them is blocked: see what is held or allowed.';
  const how =
    open > 0 ? `${blocked.length} of them blocked` : used.size === 1 ? 'It is blocked' : 'All of them are blocked';
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
