import type { ReportDocument } from '../../api/report-facts.ts';
import { countText, spanText } from '../wording.ts';
import { numberText, percentText } from './charts.ts';
import { isProved, ledeOf, periodText } from './lede.ts';
import { html, type Markup } from './markup.ts';
import { moment } from './page-parts.ts';

const HOUR_MS = 3_600_000;
/** From these ages on, the last answer is old while questions wait. */
const OLD_MS = HOUR_MS;
const STALE_MS = 6 * HOUR_MS;
/** Shares of flagged answers at which a household is not usual any more. */
const NOTABLE_SHARE = 0.01;
const HIGH_SHARE = 0.05;

/** What a person reads first: two sentences and six figures. */
export function headline(report: ReportDocument): Markup {
  const { status } = report;
  const lede = ledeOf(report);
  return html`<header class="${lede.mood}">
<p class="kicker"><b>Home Network Guardian</b> on ${html`<bdi>${status.sensor}</bdi>`}, the last ${periodText(report)}, until ${moment(report.until_at)} UTC</p>
<h1>${lede.headline}</h1>
<p class="detail">${lede.detail}</p>
</header>
<dl class="figures">${[detection(report), verdicts(report, 'malicious'), verdicts(report, 'suspicious'), answers(report), lastAnswer(report), blocked(report)]}</dl>`;
}

/** What engines said of what was asked about. */
export interface Detection {
  /** Answers in which as many engines accuse as make something malicious by the policy, as the dashboards count them. */
  readonly bad: number;
  /** Those in which some accuse, but fewer. */
  readonly fewer: number;
  /** Those in which any engine answered at all. */
  readonly judged: number;
}

export function detectionOf({ scans, thresholds }: ReportDocument): Detection {
  const sum = (is: (positives: number) => boolean) =>
    scans.by_positives.reduce((total, row) => total + (is(row.positives) ? row.observables : 0), 0);
  return {
    bad: sum((positives) => positives >= thresholds.malicious),
    fewer: sum((positives) => positives > 0 && positives < thresholds.malicious),
    judged: sum(() => true),
  };
}

function detection(report: ReportDocument): Markup {
  const { bad, fewer, judged } = detectionOf(report);
  const share = judged === 0 ? 0 : bad / judged;
  const tone = share >= HIGH_SHARE ? 'c-malicious' : share >= NOTABLE_SHARE ? 'c-suspicious' : 'c-clean';
  return judged === 0
    ? figure('Detection ratio', '-', '', 'nothing was answered')
    : figure(
        'Detection ratio',
        percentText(share),
        tone,
        `${numberText(bad)} of ${numberText(judged)} by ${report.thresholds.malicious} engines or more; ${numberText(fewer)} by fewer`,
      );
}

function verdicts({ status, thresholds }: ReportDocument, state: 'malicious' | 'suspicious'): Markup {
  const count = status.verdicts[state];
  const from = state === 'malicious' ? thresholds.malicious : thresholds.suspicious;
  const label = state === 'malicious' ? 'Malicious' : 'Suspicious';
  return figure(label, numberText(count), count > 0 ? `c-${state}` : '', `at present; from ${from} engines on`);
}

function answers({ scans }: ReportDocument): Markup {
  const asked = Object.values(scans.outcomes).reduce((sum, count) => sum + count, 0);
  const answered = (scans.outcomes.found ?? 0) + (scans.outcomes.not_found ?? 0);
  if (asked === 0) return figure('Questions asked', '0', '', 'in this time');
  const failed = asked - answered;
  const coverage = scans.coverage === undefined ? '' : `; ${percentText(scans.coverage)} of new names answered`;
  return figure(
    'Questions asked',
    numberText(asked),
    '',
    `${failed === 0 ? 'all' : numberText(answered)} got an answer${coverage}`,
  );
}

function lastAnswer({ scans, status, until_at: until }: ReportDocument): Markup {
  if (scans.last_scan_at === undefined) return figure('Age of last answer', '-', '', 'there was none yet');
  const age = Date.parse(until) - Date.parse(scans.last_scan_at);
  const waiting = status.queue.length;
  const tone = waiting === 0 || age < OLD_MS ? '' : age < STALE_MS ? 'c-suspicious' : 'c-malicious';
  return figure('Age of last answer', spanText(age), tone, `${countText(waiting, 'question')} waiting`);
}

function blocked({ blocks, block_count: count, status }: ReportDocument): Markup {
  if (count === 0 && status.held === 0) return figure('Blocked', '0', '', 'at present');
  const proved = blocks.filter(isProved).length;
  const held = status.held === 0 ? '' : `; ${status.held} held for you`;
  const more = count > blocks.length ? ` of the newest ${blocks.length}` : '';
  return figure('Blocked', numberText(count), '', `${numberText(proved)}${more} proved wherever they are${held}`);
}

function figure(label: string, value: string, tone: string, note: string): Markup {
  return html`<div><dt>${label}</dt><dd><span class="${tone}">${value}</span><small>${note}</small></dd></div>`;
}
