import type { ReportDocument } from '../../api/report-facts.ts';
import { countText } from '../wording.ts';
import { numberText, percentText } from './charts.ts';
import type { Emptiness } from './emptiness.ts';
import { html, type Markup, name } from './markup.ts';
import { device, empty, foldedTable, moment, section } from './page-parts.ts';

/** Rows that are open at once; the rest unfolds. */
const OPEN_BLOCKS = 15;
const OPEN_SIGNATURES = 12;
const OPEN_HITS = 12;

/** What is blocked, where, and when that was proved. */
export function blocked(report: ReportDocument, emptiness: Emptiness): Markup {
  const why =
    'Where each block is in force and when that was proved by asking back. "guardian allow NAME" undoes one everywhere; each ends by itself.';
  const held = report.status.held_blocks.map(
    ({ observable, ratio, why: because }) =>
      html`<li><b>Held for you:</b> ${name(observable)} ${ratio ?? ''} <span>${because}</span></li>`,
  );
  const waiting = held.length === 0 ? [] : [html`<ul class="lines">${held}</ul>`];
  if (report.blocks.length === 0)
    return section('What is blocked, and proved', why, [empty(emptiness.blocks), ...waiting]);
  const columns = [
    { label: 'Blocked' },
    { label: 'Ratio', style: 'num' },
    { label: 'By' },
    { label: 'Since' },
    { label: 'Ends' },
    { label: 'Where, and proved when', style: 'grow' },
  ];
  const rows = report.blocks.map((block) => [
    name(block.observable),
    html`${block.ratio === '' ? '-' : block.ratio}`,
    html`<bdi>${block.source}</bdi>`,
    moment(block.since),
    moment(block.expires_at),
    places(block),
  ]);
  const beyond = report.block_count - OPEN_BLOCKS;
  const more = `${numberText(beyond)} more${report.block_count > rows.length ? `, the newest ${rows.length - OPEN_BLOCKS} of them` : ''}`;
  return section('What is blocked, and proved', why, [...waiting, foldedTable(columns, rows, OPEN_BLOCKS, more)]);
}

/** What Pi-hole carries, and who asked it for what we block. */
export function pihole(report: ReportDocument, emptiness: Emptiness): Markup {
  const why =
    'Its load as it tells it, and devices that asked for a name which we had blocked there: the ones to look at first.';
  const figures = report.status.pihole?.figures;
  if (figures === undefined) return section('Pi-hole', why, empty(emptiness.pihole));
  const share = figures.queries === 0 ? 0 : figures.blocked / figures.queries;
  const load = html`<ul class="lines">
<li><b>Blocking ${figures.blocking === undefined ? 'unknown' : figures.blocking ? 'on' : 'off'}</b> <span>${numberText(figures.listed_names)} names on its lists</span></li>
<li><b>${numberText(figures.queries)} questions in 24 hours</b> <span>${percentText(share)} blocked, ${numberText(figures.cached)} from its cache, ${numberText(figures.forwarded)} forwarded; from ${countText(figures.active_clients, 'device')}</span></li>
<li><b>${figures.queries_per_second.toFixed(1)} a second</b> <span>FTL takes ${percentText(figures.cpu_share)} of a CPU; ${numberText(figures.cache_evicted)} names had to leave its cache early; ${numberText(figures.unchecked)} answers given without a look at its lists</span></li>
</ul>`;
  const trouble = report.status.pihole?.problem;
  const columns = [
    { label: 'Device' },
    { label: 'Asked for', style: 'wide' },
    { label: 'Times', style: 'num' },
    { label: 'Last' },
  ];
  const rows = report.hits.map((hit) => [
    device(hit.client),
    name(hit.observable),
    html`${numberText(hit.count)}`,
    moment(hit.last_seen_at),
  ]);
  const hits =
    rows.length === 0
      ? empty(emptiness.hits)
      : foldedTable(columns, rows, OPEN_HITS, `${numberText(rows.length - OPEN_HITS)} more`);
  return section('Pi-hole', why, [...(trouble === undefined ? [] : [empty(emptiness.pihole)]), load, hits]);
}

/** What Suricata alerted about. */
export function alerts(report: ReportDocument, emptiness: Emptiness): Markup {
  const why = 'All alerts of Suricata, ours and those of other rules, by severity: 1 is the worst.';
  if (report.signatures.length === 0) return section('Alerts of Suricata', why, empty(emptiness.alerts));
  const columns = [
    { label: 'Signature', style: 'wide' },
    { label: 'Severity', style: 'num' },
    { label: 'Alerts', style: 'num' },
    { label: 'Devices', style: 'num' },
    { label: 'Last' },
    { label: 'Sid', style: 'num' },
  ];
  const rows = report.signatures.map((row) => [
    html`<bdi>${row.signature}</bdi>`,
    html`<span class="${SEVERITY_TONES[row.severity] ?? ''}">${row.severity}</span>`,
    html`${numberText(row.count)}`,
    html`${numberText(row.clients)}`,
    moment(row.last_at),
    html`${row.sid}`,
  ]);
  return section(
    'Alerts of Suricata',
    why,
    foldedTable(columns, rows, OPEN_SIGNATURES, `${rows.length - OPEN_SIGNATURES} more`),
  );
}

const SEVERITY_TONES: Readonly<Record<number, string>> = { 1: 'c-malicious', 2: 'c-suspicious' };

// Targets that stand alike are told together: mostly all of them do.
function places({ publications }: ReportDocument['blocks'][number]): Markup {
  if (publications.length === 0) return html`nowhere yet`;
  const alike = new Map<string, { readonly how: Markup; readonly targets: string[] }>();
  for (const publication of publications) {
    const how = standing(publication);
    const group = alike.get(how.text) ?? { how, targets: [] };
    group.targets.push(publication.target);
    alike.set(how.text, group);
  }
  return html`<ul>${[...alike.values()].map(({ how, targets }) => html`<li><b>${targets.join(', ')}</b>: ${how}</li>`)}</ul>`;
}

function standing({
  state,
  error,
  proved_at: provedAt,
}: ReportDocument['blocks'][number]['publications'][number]): Markup {
  if (state === 'failed') return html`failed, ${error ?? 'not said why'}`;
  return state === 'proved' ? html`proved ${moment(provedAt)}` : html`in place, not proved yet`;
}
