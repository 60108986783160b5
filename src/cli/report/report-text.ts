import type { ReportDocument } from '../../api/report-facts.ts';
import type { Printer } from '../printer.ts';
import { countText, spanText, timeText } from '../wording.ts';
import { numberText, percentText } from './charts.ts';
import { Emptiness } from './emptiness.ts';
import { detectionOf } from './headline.ts';
import { ledeOf, periodText } from './lede.ts';
import { blindSpotsOf } from './limits.ts';
import { stateText } from './verdict-tone.ts';

/** Rows that fit on a screen together; the page and `--json` have the rest. */
const MOST_ROWS = 10;

/** The report on a terminal. */
export function printReport(report: ReportDocument, printer: Printer): void {
  const emptiness = new Emptiness(report);
  const lede = ledeOf(report);
  printer.heading(lede.headline);
  printer.paragraph(lede.detail);
  printer.line(`The last ${periodText(report)} on ${report.status.sensor}, until ${timeText(report.until_at)}.`);
  printer.line();
  printer.table(['what', 'figure'], figureRows(report, emptiness));
  rows(
    printer,
    'Flagged',
    emptiness.scans,
    ['url', 'scan date', 'ratio', 'held to be', 'permalink'],
    flaggedRows(report),
  );
  rows(
    printer,
    'Devices that used it',
    emptiness.contacts,
    ['device', 'used', 'held to be', 'times', 'last'],
    contactRows(report),
  );
  rows(printer, 'Blocked', emptiness.blocks, ['blocked', 'ratio', 'where', 'ends'], blockRows(report));
  rows(
    printer,
    'Alerts of Suricata',
    emptiness.alerts,
    ['severity', 'signature', 'alerts', 'devices', 'last'],
    alertRows(report),
  );
  printer.line();
  printer.heading('What it cannot see or do');
  const spots = blindSpotsOf(report);
  for (const { text, hint } of spots) printer.paragraph(`- ${text} ${hint}`.trim());
  if (spots.length === 0) printer.line('Nothing is known to be missing.');
}

function figureRows(report: ReportDocument, emptiness: Emptiness): readonly (readonly [string, string])[] {
  const { scans, status, thresholds, series } = report;
  const { bad, fewer, judged } = detectionOf(report);
  const last =
    scans.last_scan_at === undefined
      ? 'never'
      : `${spanText(Date.parse(report.until_at) - Date.parse(scans.last_scan_at))} ago`;
  const { ages } = scans;
  const outcomes = Object.entries(scans.outcomes).map(([outcome, count]) => `${outcome.replace('_', ' ')} ${count}`);
  const severities = series.alerts.reduce(
    (sums, { counts }) => sums.map((sum, at) => sum + (counts[at] ?? 0)),
    [0, 0, 0, 0],
  );
  return [
    [
      'detection ratio',
      judged === 0
        ? emptiness.scans
        : `${percentText(bad / judged)}: ${bad} of ${judged} by ${thresholds.malicious} engines or more, ${fewer} by fewer`,
    ],
    [
      'held at present',
      `${status.verdicts.malicious} malicious (from ${thresholds.malicious} engines), ${status.verdicts.suspicious} suspicious (from ${thresholds.suspicious})`,
    ],
    ['questions', outcomes.length === 0 ? emptiness.scans : outcomes.join(', ')],
    ['last answer', last],
    [
      'analyses',
      scans.answered === 0
        ? emptiness.scans
        : `${ages.within_day} up to a day old, ${ages.within_week} a week, ${ages.within_month} 30 days, ${ages.older} older, ${ages.unknown} not said`,
    ],
    [
      'attack vectors',
      scans.vectors.length === 0
        ? emptiness.scans
        : scans.vectors
            .map(({ vector, scanned, malicious }) => `${vector} ${scanned} (${malicious} malicious)`)
            .join(', '),
    ],
    [
      'threat classes',
      scans.classes.length === 0
        ? emptiness.classes
        : scans.classes.map(({ name, observables }) => `${name} ${observables}`).join(', '),
    ],
    ['blocked', report.block_count === 0 ? emptiness.blocks : countText(report.block_count, 'block')],
    [
      'alerts by severity',
      severities.every((sum) => sum === 0)
        ? emptiness.alerts
        : severities.map((sum, at) => `${at + 1}: ${sum}`).join(', '),
    ],
    ['pi-hole', piholeText(report, emptiness)],
    ['spent', status.quota.map(({ window, used, allowed }) => `${used} of ${allowed} this ${window}`).join(', ')],
  ];
}

function piholeText({ series, hits }: ReportDocument, emptiness: Emptiness): string {
  if (series.pihole.length === 0) return emptiness.pihole;
  const sum = (key: 'queries' | 'blocked') => series.pihole.reduce((total, step) => total + step[key], 0);
  const ours = hits.reduce((total, { count }) => total + count, 0);
  return `${numberText(sum('queries'))} questions, ${numberText(sum('blocked'))} blocked, ${numberText(ours)} of them by us`;
}

function flaggedRows({ scans }: ReportDocument): readonly (readonly string[])[] {
  return scans.rows
    .filter(({ positives }) => positives > 0)
    .map((row) => [
      row.observable,
      timeText(row.scanned_at),
      `${row.positives}/${row.total}`,
      `${stateText(row.state)}${row.blocked ? ', blocked' : ''}`,
      row.permalink,
    ]);
}

function contactRows({ contacts }: ReportDocument): readonly (readonly string[])[] {
  return contacts.map((row) => [
    row.client === '' ? '(not named)' : row.client,
    row.observable,
    stateText(row.state),
    String(row.count),
    timeText(row.last_seen_at),
  ]);
}

function blockRows({ blocks }: ReportDocument): readonly (readonly string[])[] {
  return blocks.map((block) => [
    block.observable,
    block.ratio === '' ? '-' : block.ratio,
    block.publications.map(({ target, state }) => `${target} ${state}`).join(', ') || 'nowhere yet',
    timeText(block.expires_at),
  ]);
}

function alertRows({ signatures }: ReportDocument): readonly (readonly string[])[] {
  return signatures.map((row) => [
    String(row.severity),
    row.signature,
    String(row.count),
    String(row.clients),
    timeText(row.last_at),
  ]);
}

function rows(
  printer: Printer,
  title: string,
  whyEmpty: string,
  head: readonly string[],
  found: readonly (readonly string[])[],
): void {
  printer.line();
  printer.heading(title);
  if (found.length === 0) printer.paragraph(whyEmpty);
  else printer.table(head, found.slice(0, MOST_ROWS));
  if (found.length > MOST_ROWS) printer.line(`and ${found.length - MOST_ROWS} more: see --html or --json`);
}
