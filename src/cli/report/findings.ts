import type { ReportDocument } from '../../api/report-facts.ts';
import { spanText } from '../wording.ts';
import { barList, numberText, type Share, shareBar, thresholdBar } from './charts.ts';
import type { Emptiness } from './emptiness.ts';
import { html, link, type Markup, name } from './markup.ts';
import { device, empty, foldedTable, moment, section, type TableColumn, verdict } from './page-parts.ts';
import { toneOf } from './verdict-tone.ts';

/** Rows that are open at once; the rest unfolds. */
const OPEN_SCANS = 12;
const OPEN_CONTACTS = 12;

const SCAN_COLUMNS: readonly TableColumn[] = [
  { label: 'URL', style: 'wide' },
  { label: 'Scan Date' },
  { label: 'Positives', style: 'num aside' },
  { label: 'Total', style: 'num aside' },
  { label: 'Ratio', style: 'grow' },
  { label: 'Held to be' },
  { label: 'Permalink' },
];

/** What engines flag, against the thresholds from which we act. */
export function flagged(report: ReportDocument, emptiness: Emptiness): Markup {
  const { scans, thresholds } = report;
  const why = `One engine of about 90 is noise. From ${thresholds.suspicious} on a name is suspicious and watched, from ${thresholds.malicious} malicious, from ${thresholds.strong} beyond doubt: the three marks in each bar. Shared and popular hosts need ${thresholds.strong}.`;
  if (scans.rows.length === 0) return section('What is flagged, and how sure', why, empty(emptiness.scans));
  const rest = scans.answered - Math.min(scans.rows.length, OPEN_SCANS);
  const listed =
    scans.answered > scans.rows.length ? `, of which ${numberText(scans.rows.length - OPEN_SCANS)} are listed` : '';
  return section('What is flagged, and how sure', why, [
    shareBar(bands(report), 'Answers by how many engines accuse'),
    foldedTable(
      SCAN_COLUMNS,
      scans.rows.map((row) => scanCells(row, report)),
      OPEN_SCANS,
      `${numberText(rest)} more answers${listed}`,
    ),
  ]);
}

/** Who used what is flagged. */
export function contacts(report: ReportDocument, emptiness: Emptiness): Markup {
  const why =
    'Every device that used something which at least one engine or feed flags, the worst first. "guardian hunt NAME" tells all about one.';
  if (report.contacts.length === 0) return section('Which devices used it', why, empty(emptiness.contacts));
  const columns = [
    { label: 'Device' },
    { label: 'Used', style: 'wide' },
    { label: 'Held to be' },
    { label: 'Ratio', style: 'num' },
    { label: 'Times', style: 'num' },
    { label: 'By' },
    { label: 'Last' },
  ];
  const rows = report.contacts.map((row) => [
    device(row.client),
    name(row.observable),
    verdict(row.state),
    html`${row.ratio ?? '-'}`,
    html`${numberText(row.count)}`,
    html`${row.vias.join(' ')}`,
    moment(row.last_seen_at),
  ]);
  const more = `${numberText(rows.length - OPEN_CONTACTS)} more`;
  return section('Which devices used it', why, foldedTable(columns, rows, OPEN_CONTACTS, more));
}

/** By which way it comes, and what engines call it. */
export function origins({ scans }: ReportDocument, emptiness: Emptiness): Markup {
  const vectors = scans.vectors.map(({ vector, scanned, suspicious, malicious }) => ({
    label: html`${VECTORS[vector] ?? vector}`,
    shares: [
      { tone: 'malicious', label: 'malicious', value: malicious },
      { tone: 'suspicious', label: 'suspicious', value: suspicious },
      { tone: 'load', label: 'other', value: scanned - suspicious - malicious },
    ] as const,
  }));
  const classes = scans.classes.map(({ name: what, observables }) => ({
    label: html`<bdi>${what === '' ? '(not named)' : what}</bdi>`,
    shares: [{ tone: 'load', label: 'flagged so', value: observables }] as const,
  }));
  return section(
    'What it comes by, and what it is called',
    'Kinds of indicators that were answered, and how many of the flagged ones at least one engine calls this.',
    html`<div class="pair">
<div><h3>Attack vector</h3>${vectors.length === 0 ? empty(emptiness.scans) : barList(vectors)}</div>
<div><h3>Threat class</h3>${classes.length === 0 ? empty(emptiness.classes) : barList(classes)}</div>
</div>`,
  );
}

/** How old the knowledge is. */
export function freshness({ scans, until_at: until }: ReportDocument, emptiness: Emptiness): Markup {
  const why =
    'An answer is worth what its analysis is: engines looked at the name that long ago. What is blocked is asked about again before it ends.';
  if (scans.answered === 0) return section('How fresh it is', why, empty(emptiness.scans));
  const last = scans.last_scan_at === undefined ? '' : spanText(Date.parse(until) - Date.parse(scans.last_scan_at));
  const shares: readonly Share[] = [
    { tone: 'load-2', label: 'up to a day', value: scans.ages.within_day },
    { tone: 'load', label: 'a week', value: scans.ages.within_week },
    { tone: 'load-3', label: '30 days', value: scans.ages.within_month },
    { tone: 'noise', label: 'older', value: scans.ages.older },
    { tone: 'unknown', label: 'not said', value: scans.ages.unknown },
  ];
  return section('How fresh it is', why, [
    shareBar(shares, 'Answers by the age of their analysis'),
    html`<p>The last answer is ${last} old; ${numberText(scans.answered)} names, addresses and files were answered in this time.</p>`,
  ]);
}

const VECTORS: Readonly<Record<string, string>> = {
  domain: 'Domain',
  ipv4: 'IPv4 address',
  ipv6: 'IPv6 address',
  url: 'URL',
  file: 'File',
};

function scanCells(row: ReportDocument['scans']['rows'][number], { thresholds }: ReportDocument): readonly Markup[] {
  const ratio = `${row.positives}/${row.total}`;
  const marks = [thresholds.suspicious, thresholds.malicious, thresholds.strong];
  return [
    name(row.observable),
    html`${moment(row.scanned_at)}${row.positives > 0 ? analysed(row) : undefined}`,
    html`${row.positives}`,
    html`${row.total}`,
    html`<div class="ratio-cell"><span>${ratio}</span>${thresholdBar(row.positives, marks, toneOf(row.state))}</div>`,
    html`${verdict(row.state)}${row.blocked ? html`<small>blocked</small>` : undefined}`,
    link(row.permalink, 'VirusTotal'),
  ];
}

/** An answer of today may rest on an analysis of last year. */
function analysed({ last_analysis_at: at }: ReportDocument['scans']['rows'][number]): Markup {
  return html`<small>${at === undefined ? 'analysis not dated' : `analysed ${at.slice(0, 10)}`}</small>`;
}

/** Answers by how many engines accuse, in the bands of the policy. */
function bands({ scans, thresholds }: ReportDocument): readonly Share[] {
  const { suspicious, malicious, strong } = thresholds;
  const within = (from: number, below: number) =>
    scans.by_positives
      .filter(({ positives }) => positives >= from && positives < below)
      .reduce((sum, { observables }) => sum + observables, 0);
  return [
    { tone: 'clean', label: 'no engine', value: within(0, 1) },
    { tone: 'noise', label: rangeText(1, suspicious), value: within(1, suspicious) },
    { tone: 'suspicious', label: rangeText(suspicious, malicious), value: within(suspicious, malicious) },
    { tone: 'malicious', label: rangeText(malicious, strong), value: within(malicious, strong) },
    { tone: 'malicious', label: `${strong} or more`, value: within(strong, Number.POSITIVE_INFINITY) },
  ];
}

function rangeText(from: number, below: number): string {
  if (below - from <= 1) return from === 1 ? '1 engine' : `${from}`;
  return `${from} to ${below - 1}`;
}
