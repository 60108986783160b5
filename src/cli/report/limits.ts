import type { ReportDocument } from '../../api/report-facts.ts';
import { agoText, countText } from '../wording.ts';
import { barList, numberText, percentText } from './charts.ts';
import { html, type Markup } from './markup.ts';
import { empty, section } from './page-parts.ts';
import { dayText } from './time-axis.ts';

/** What was spent, and what it cannot see. */
export function limits(report: ReportDocument): Markup {
  return section(
    'What was spent, and what it cannot see',
    'VirusTotal allows few questions; names are asked about by worth. What is in a blind spot is unknown to this page.',
    html`<div class="pair"><div><h3>Questions to VirusTotal</h3>${spent(report)}</div><div><h3>Blind spots</h3>${blindSpots(report)}</div></div>`,
  );
}

function spent({ status, series, until_at: now }: ReportDocument): Markup {
  const windows = status.quota.map(
    ({ window, used, allowed, next_lookup_at: next }) =>
      html`<li><b>${numberText(used)} of ${numberText(allowed)}</b> this ${window} <span>${next === undefined ? '' : `next one ${agoText(next, Date.parse(now))}`}</span></li>`,
  );
  const days = series.spent.map(({ at, used }) => ({
    label: html`${dayText(Date.parse(at))}`,
    shares: [{ tone: 'load', label: 'asked', value: used }] as const,
  }));
  const byDay = days.length === 0 ? empty('Nothing was asked on any day of this time.') : barList(days);
  return html`<ul class="lines">${windows}</ul>${byDay}`;
}

/** What is not seen or does not work, as lines of text and what to do about it. */
export function blindSpotsOf({
  status,
  scans,
}: ReportDocument): readonly { readonly text: string; readonly hint: string }[] {
  const dropped = Object.entries(status.eve.dropped).filter(([, count]) => count > 0);
  const lines = status.warnings.map(({ text, hint = '' }) => ({ text, hint }));
  if (status.eve.loss_estimate !== undefined && status.eve.loss_estimate > 0)
    lines.push({ text: `Of DNS events, about ${percentText(status.eve.loss_estimate)} never arrived here.`, hint: '' });
  if (dropped.length > 0) {
    const told = dropped.map(([reason, count]) => `${reason.replaceAll('_', ' ')} ${numberText(count)}`).join(', ');
    lines.push({ text: `Events that could not be read, since the start: ${told}.`, hint: '' });
  }
  if (scans.coverage !== undefined && scans.coverage < 1)
    lines.push({
      text: `${percentText(1 - scans.coverage)} of the names that were new have no answer of their own.`,
      hint: `${countText(status.queue.length, 'question')} waiting; a registrable domain may answer for its hosts.`,
    });
  for (const { name, failed, notice } of status.targets)
    if (failed > 0 || notice !== undefined)
      lines.push({
        text: `Target ${name}:${failed === 0 ? '' : ` ${countText(failed, 'block')} failed.`}`,
        hint: notice ?? '',
      });
  for (const { name, state, problem } of status.feeds)
    if (state === 'missing' || state === 'kept') lines.push({ text: `Feed ${name} is ${state}.`, hint: problem ?? '' });
  return lines;
}

function blindSpots(report: ReportDocument): Markup {
  const lines = blindSpotsOf(report).map(({ text, hint }) => html`<li>${text} <span>${hint}</span></li>`);
  // Said always: no sensor can know it.
  const always = html`<li>Names inside encrypted DNS and encrypted handshakes, and traffic that does not pass Suricata. <span>Always so.</span></li>`;
  return html`<ul class="lines">${lines}${always}</ul>`;
}
