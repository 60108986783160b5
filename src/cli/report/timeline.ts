import type { ReportDocument } from '../../api/report-facts.ts';
import { VERDICT_STATES } from '../../core/verdict.ts';
import { spanText } from '../wording.ts';
import { axisLabels, type Column, columnChart, legend, numberText, type Share, type Tone } from './charts.ts';
import type { Emptiness } from './emptiness.ts';
import { html, type Markup } from './markup.ts';
import { empty, section } from './page-parts.ts';
import type { TimeAxis } from './time-axis.ts';
import { stateText, toneOf } from './verdict-tone.ts';

/** One thing over time. */
interface Lane {
  readonly title: string;
  /** What its columns count: `answers`. */
  readonly unit: string;
  readonly columns: readonly Column[];
  readonly legend: readonly { readonly tone: Tone; readonly label: string }[];
  readonly note?: string;
  readonly whyEmpty: string;
}

/** What Suricata's severities mean, and in which colour. */
const SEVERITIES: readonly { readonly tone: Tone; readonly label: string }[] = [
  { tone: 'malicious', label: 'severity 1 (worst)' },
  { tone: 'suspicious', label: '2' },
  { tone: 'noise', label: '3' },
  { tone: 'unknown', label: '4' },
];

/** Everything that happened, on one axis. */
export function timeline(report: ReportDocument, axis: TimeAxis, emptiness: Emptiness): Markup {
  const lanes = [scanLane(report, emptiness), nameLane(report, emptiness), alertLane(report, emptiness)];
  if (report.status.pihole !== undefined || report.series.pihole.length > 0) lanes.push(piholeLane(report, emptiness));
  if (report.series.suricata.length > 0) lanes.push(packetLane(report, emptiness));
  const step = spanText(axis.stepMs);
  return section(
    'What happened when',
    `All on one axis, in steps of ${step}. Times are UTC. What stands one above the other happened together.`,
    [
      ...lanes.map((lane) => drawn(lane, axis)),
      ...(lanes.some((lane) => totalOf(lane, axis) > 0) ? [axisLabels(axis)] : []),
    ],
  );
}

function drawn(lane: Lane, axis: TimeAxis): Markup {
  const { title, unit, columns, legend: items, note = '', whyEmpty } = lane;
  const total = totalOf(lane, axis);
  const highest = Math.max(0, ...columns.filter(({ at }) => axis.holds(at)).map(({ shares }) => sumOf(shares)));
  if (total === 0) return html`<div class="lane"><header><h3>${title}</h3></header>${empty(whyEmpty)}</div>`;
  const told = `${numberText(total)} ${unit}, at most ${numberText(highest)} in a step${note}`;
  return html`<div class="lane"><header><h3>${title}</h3><span>${told}</span>${legend(items)}</header>${columnChart(axis, columns, `${title}: ${told}`)}</div>`;
}

function scanLane({ series }: ReportDocument, emptiness: Emptiness): Lane {
  // The worst at the bottom, where a single one is seen.
  const columns = series.scans.map(({ at, ...counts }) => ({
    at: Date.parse(at),
    shares: VERDICT_STATES.map((state) => ({ tone: toneOf(state), label: stateText(state), value: counts[state] })),
  }));
  const items = [
    { tone: 'malicious', label: 'malicious' },
    { tone: 'suspicious', label: 'suspicious' },
    { tone: 'noise', label: 'noise' },
    { tone: 'clean', label: 'clean' },
    { tone: 'unknown', label: 'no judgement' },
  ] as const;
  return { title: 'Answers of VirusTotal', unit: 'answers', columns, legend: items, whyEmpty: emptiness.scans };
}

function nameLane({ series }: ReportDocument, emptiness: Emptiness): Lane {
  const columns = series.new_names.map(({ at, names }) => one(at, { tone: 'load', label: 'new', value: names }));
  return {
    title: 'Never seen here before',
    unit: 'names and addresses',
    columns,
    legend: [],
    whyEmpty: emptiness.newNames,
  };
}

function alertLane({ series }: ReportDocument, emptiness: Emptiness): Lane {
  const columns = series.alerts.map(({ at, counts }) => ({
    at: Date.parse(at),
    shares: counts.map((value, place) => {
      const { tone, label } = SEVERITIES[place] ?? { tone: 'unknown', label: '' };
      return { tone, label: `of ${place === 0 ? label : `severity ${label}`}`, value };
    }),
  }));
  return { title: 'Alerts of Suricata', unit: 'alerts', columns, legend: SEVERITIES, whyEmpty: emptiness.alerts };
}

function piholeLane({ series }: ReportDocument, emptiness: Emptiness): Lane {
  const columns = series.pihole.map(({ at, queries, blocked }) => ({
    at: Date.parse(at),
    shares: [
      { tone: 'load-2', label: 'blocked', value: blocked },
      { tone: 'load', label: 'let through', value: Math.max(0, queries - blocked) },
    ] as const,
  }));
  const off = series.pihole.filter(({ was_off: wasOff }) => wasOff).length;
  const items = [
    { tone: 'load-2', label: 'blocked, by any list' },
    { tone: 'load', label: 'let through' },
  ] as const;
  const note = off === 0 ? '' : `; blocking was off in ${off} of the steps`;
  return { title: 'Questions to Pi-hole', unit: 'questions', columns, legend: items, note, whyEmpty: emptiness.pihole };
}

function packetLane({ series }: ReportDocument, emptiness: Emptiness): Lane {
  const columns = series.suricata.map(({ at, packets, drops }) => ({
    at: Date.parse(at),
    shares: [
      { tone: 'load-2', label: 'dropped', value: drops },
      { tone: 'load', label: 'looked at', value: Math.max(0, packets - drops) },
    ] as const,
  }));
  const items = [
    { tone: 'load-2', label: 'dropped unseen' },
    { tone: 'load', label: 'looked at' },
  ] as const;
  return { title: 'Packets at Suricata', unit: 'packets', columns, legend: items, whyEmpty: emptiness.suricata };
}

function totalOf({ columns }: Lane, axis: TimeAxis): number {
  return columns.filter(({ at }) => axis.holds(at)).reduce((sum, { shares }) => sum + sumOf(shares), 0);
}

function one(at: string, share: Share): Column {
  return { at: Date.parse(at), shares: [share] };
}

function sumOf(shares: readonly Share[]): number {
  return shares.reduce((sum, { value }) => sum + value, 0);
}
