import type { ExplanationDocument } from '../api/explanation.ts';
import type { Printer } from './printer.ts';
import { scorePartText } from './score-words.ts';
import { countText, timeText } from './wording.ts';

/** Engines that are listed by name. */
const MAX_ENGINES = 20;

/** Prints the whole story in sections; a section with nothing to tell is left out. */
export function printExplanation(story: ExplanationDocument, printer: Printer): void {
  printer.heading(`${story.observable} (${story.kind})`);
  printer.paragraph(story.summary);
  for (const [title, lines] of sectionsOf(story)) {
    if (lines.length === 0) continue;
    printer.line();
    printer.heading(title);
    for (const line of lines) printer.paragraph(line, 2);
  }
}

type Section = readonly [title: string, lines: readonly string[]];

// The order in which a person asks: what is it held to be, says who, what was done, who is concerned, who was told.
function sectionsOf(story: ExplanationDocument): readonly Section[] {
  return [
    ['Verdict', verdictLines(story)],
    ['Reports', story.reports.flatMap(reportLines)],
    ['Questions', waitingLines(story)],
    [
      "Operators' words",
      [
        ...story.overrides.map(overrideLine),
        ...(story.override_conflict === undefined ? [] : [`They differ: ${story.override_conflict}`]),
      ],
    ],
    ['Published', publicationLines(story)],
    ['Seen by', clientLines(story)],
    [
      'Alerts',
      story.alerts.map(
        (alert) =>
          `${timeText(alert.at)}  ${alert.signature} (sid ${alert.sid}, ${alert.action}), ${alert.client} -> ${alert.peer}`,
      ),
    ],
    [
      'Changes',
      story.history.map((change) => `${timeText(change.at)}  ${change.from} -> ${change.to}: ${change.policy_line}`),
    ],
    [
      'Sent out',
      story.disclosures.map(
        (sent) =>
          `${sent.sent} to ${sent.source}, ${countText(sent.times, 'time')}, first ${timeText(sent.first_at)}, last ${timeText(sent.last_at)}`,
      ),
    ],
    ['Report page', [story.verdict.permalink]],
  ];
}

function verdictLines({
  verdict,
  shared_hosting: shared,
  never_ask: neverAsk,
  never_block: neverBlock,
}: ExplanationDocument): readonly string[] {
  return [
    `${verdict.state.replace('_', ' ')}${verdict.ratio === undefined ? '' : ` (${verdict.ratio})`}${verdict.held ? ', held for you' : ''}${verdict.block ? ', to be blocked' : ''}`,
    `Decided by: ${verdict.policy_line}`,
    ...verdict.reasons.map(({ code, text }) => `- ${text} [${code}]`),
    ...(shared === undefined ? [] : [`Shared: ${shared}`]),
    ...(neverBlock === undefined ? [] : [`Never blocked: ${neverBlock}`]),
    ...(neverAsk === undefined ? [] : [`Never asked about: ${neverAsk}`]),
    ...(verdict.since === undefined
      ? []
      : [`Since ${timeText(verdict.since)}, last judged ${timeText(verdict.judged_at)}`]),
    ...(verdict.recheck_at === undefined ? [] : [`Asked about again from ${timeText(verdict.recheck_at)}`]),
    ...(verdict.last_error === undefined
      ? []
      : [`Last attempt ${timeText(verdict.last_error_at)}: ${verdict.last_error}`]),
  ];
}

function reportLines(report: ExplanationDocument['reports'][number]): readonly string[] {
  const analysed = report.last_analysis_at === undefined ? '' : `, analysed ${timeText(report.last_analysis_at)}`;
  const by = report.sensor === undefined ? '' : ` by sensor ${report.sensor}`;
  const head = `${report.source}, asked ${timeText(report.asked_at)}${by}${analysed}`;
  if (report.outcome === 'not_found') return [`${head}: no record`];
  const { stats, flagged, votes } = report;
  const engines = flagged
    .slice(0, MAX_ENGINES)
    .map(({ engine, category, result }) => `- ${engine}: ${result} (${category})`);
  return [
    `${head}: ${report.ratio}, ${report.engines_with_opinion} with an opinion (malicious ${stats.malicious}, suspicious ${stats.suspicious}, harmless ${stats.harmless}, undetected ${stats.undetected})`,
    ...engines,
    ...(flagged.length > MAX_ENGINES ? [`- and ${flagged.length - MAX_ENGINES} more`] : []),
    `Reputation ${report.reputation}, votes: ${votes.harmless} harmless, ${votes.malicious} malicious`,
    ...(report.categories.length === 0 ? [] : [`Categories: ${report.categories.join(', ')}`]),
    ...(report.created_at === undefined ? [] : [`Registered ${timeText(report.created_at)}`]),
    ...report.remarks.map((remark) => `Remark (no evidence): ${remark}`),
  ];
}

function scoreText(total: number, parts: Readonly<Record<string, number>>): string {
  const named = Object.entries(parts).map(([name, worth]) => `${scorePartText(name)} ${Number(worth.toFixed(2))}`);
  return `${Number(total.toFixed(2))}${named.length === 0 ? '' : ` (${named.join(', ')})`}`;
}

function waitingLines({ waiting, worth, last_question: last }: ExplanationDocument): readonly string[] {
  const asked =
    last === undefined
      ? []
      : [
          `Last asked ${timeText(last.at)} at ${last.source}: ${last.outcome}${last.error === undefined ? '' : ` (${last.error})`}`,
        ];
  const worthNow = worth === undefined ? [] : [`Worth of a question now: ${scoreText(worth.total, worth.parts)}`];
  if (waiting === undefined) return [...asked, ...worthNow];
  return [
    `Waiting in lane ${waiting.lane}, score ${scoreText(waiting.score, waiting.parts)}, since ${timeText(waiting.enqueued_at)}`,
    `Not before ${timeText(waiting.not_before_at)}, ${countText(waiting.attempts, 'attempt')}${waiting.last_error === undefined ? '' : `, last error: ${waiting.last_error}`}`,
    ...asked,
  ];
}

function overrideLine(word: ExplanationDocument['overrides'][number]): string {
  const until = word.expires_at === undefined ? '' : `, until ${timeText(word.expires_at)}`;
  const where = word.sensor === undefined ? '' : ` on sensor ${word.sensor}, for all sensors`;
  return `${word.action} ${word.pattern} (${word.origin}${where}), since ${timeText(word.created_at)}${until}${word.reason === '' ? '' : `: ${word.reason}`}`;
}

function publicationLines({ publications, indicator, sid }: ExplanationDocument): readonly string[] {
  const wanted =
    indicator === undefined
      ? []
      : [
          `Wanted since ${timeText(indicator.since)} until ${timeText(indicator.expires_at)}${indicator.subdomains ? ', with everything below it' : ''}`,
        ];
  const places = publications.map(({ target, state, error, published_at: published, proved_at: proved }) =>
    state === 'failed'
      ? `${target}: failed${error === undefined ? '' : `: ${error}`}`
      : `${target}: published ${timeText(published)}, ${proved === undefined ? 'not proved yet' : `proved ${timeText(proved)}`}`,
  );
  return [...wanted, ...places, ...(sid === undefined ? [] : [`Suricata sid ${sid}`])];
}

function clientLines({ clients }: ExplanationDocument): readonly string[] {
  return clients.map(
    (one) =>
      `${one.client === '' ? '(not named)' : one.client}: ${countText(one.count, 'time')} on ${countText(one.days, 'day')} by ${one.vias.join(', ')}, first ${timeText(one.first_seen_at)}, last ${timeText(one.last_seen_at)}`,
  );
}
