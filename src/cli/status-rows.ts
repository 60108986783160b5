import type { StatusDocument } from '../api/status-facts.ts';
import { centralRows } from './central-rows.ts';
import { fleetRows } from './fleet-rows.ts';
import { agoText, bytesText, countText, spanText, timeText } from './wording.ts';

type Row = readonly [what: string, state: string];

/** Counters shown before the rest is summed up. */
const MAX_NAMED = 6;

/** A status as rows of two columns, in the order of the path: seen, asked, judged, published. */
export function statusRows(status: StatusDocument, now: number): readonly Row[] {
  return [
    [
      'guardian',
      `${status.version} on ${status.sensor}, up ${spanText(now - Date.parse(status.started_at))}, ${bytesText(status.memory_bytes)}`,
    ],
    ...eveRows(status, now),
    ...status.sources.map(sourceRow),
    ...status.quota.map((quota) => quotaRow(quota, now)),
    ...fleetRows(status, now),
    ...status.feeds.map((feed) => feedRow(feed, now)),
    ['queue', queueText(status, now)],
    ['verdicts', verdictText(status)],
    ...status.held_blocks.map((held) => heldRow(held)),
    ...status.targets.map((target) => targetRow(target, now)),
    ...piholeRows(status, now),
    ...centralRows(status, now),
    ...canaryRows(status, now),
    ['alerts', `${status.alerts_last_day} in the last 24 hours`],
    ['disclosures', `${countText(status.disclosures, 'name')} ever sent to a source`],
  ];
}

function eveRows({ eve }: StatusDocument, now: number): readonly Row[] {
  const loss =
    eve.loss_estimate === undefined ? 'not known yet' : `${(eve.loss_estimate * 100).toFixed(1)} % of DNS transactions`;
  return [
    [
      'eve',
      `${eve.type} ${eve.socket}, ${countText(eve.connections, 'connection')}, last event ${agoText(eve.last_event_at, now)}`,
    ],
    ['events', countersText(eve.events)],
    ['dropped', countersText(eve.dropped)],
    ['lost before us', loss],
  ];
}

function sourceRow(source: StatusDocument['sources'][number]): Row {
  const until = source.resting_until_at === undefined ? '' : ` until ${timeText(source.resting_until_at)}`;
  const reason = source.reason === undefined ? '' : `: ${source.reason}`;
  return [source.source, `${source.state.replace('_', ' ')}${until}${reason}`];
}

function quotaRow(quota: StatusDocument['quota'][number], now: number): Row {
  const reserved = Object.entries(quota.reserved).map(([lane, count]) => `${lane} ${count}`);
  const spent = Object.entries(quota.spent).map(([lane, count]) => `${lane} ${count}`);
  const by = spent.length === 0 ? '' : ` (${spent.join(', ')})`;
  const kept = reserved.length === 0 ? '' : `, reserved: ${reserved.join(', ')}`;
  const next = quota.next_lookup_at === undefined ? '' : `, next lookup ${agoText(quota.next_lookup_at, now)}`;
  return [`${quota.source} ${quota.window}`, `${quota.used} of ${quota.allowed} used${by}${kept}${next}`];
}

function feedRow(feed: StatusDocument['feeds'][number], now: number): Row {
  const problem = feed.problem === undefined ? '' : `; ${feed.problem}`;
  // Some licences ask for this credit wherever the list is used.
  const licence = feed.licence === undefined ? '' : ` [${feed.licence}]`;
  return [
    `feed ${feed.name}`,
    `${feed.state}, ${countText(feed.entries, 'entry', 'entries')}, read ${agoText(feed.fetched_at, now)}${problem}${licence}`,
  ];
}

function queueText({ queue }: StatusDocument, now: number): string {
  const oldest = queue.oldest_at === undefined ? '' : `, the oldest from ${agoText(queue.oldest_at, now)}`;
  return `${countText(queue.length, 'question')} waiting${oldest}`;
}

function verdictText({ verdicts, held }: StatusDocument): string {
  const counts = Object.entries(verdicts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state.replace('_', ' ')}`);
  const waiting = held === 0 ? '' : `; ${held} held for you`;
  return `${counts.length === 0 ? 'none yet' : counts.join(', ')}${waiting}`;
}

function piholeRows({ pihole }: StatusDocument, now: number): readonly Row[] {
  if (pihole === undefined) return [];
  const { state, problem, read_at: readAt, figures } = pihole;
  const rows: Row[] = [];
  if (state === 'waiting') rows.push(['pi-hole', 'not read yet']);
  if (state === 'unread') rows.push(['pi-hole', `not read: ${problem ?? 'unknown'}`]);
  if (figures === undefined) return rows;
  const old = state === 'unread' ? `, as of ${agoText(readAt, now)}` : '';
  const share = figures.queries === 0 ? 0 : (100 * figures.blocked) / figures.queries;
  const missed = pihole.missed_queries === 0 ? '' : `, ${pihole.missed_queries} blocked queries not looked at`;
  rows.push([
    'pi-hole load',
    `blocking ${onOff(figures.blocking)}, ${figures.queries_per_second.toFixed(1)} queries/s; in 24 hours ${countText(figures.queries, 'query', 'queries')}, ` +
      `${share.toFixed(1)} % blocked, ${countText(figures.active_clients, 'device')}; FTL uses ${(figures.cpu_share * 100).toFixed(1)} % CPU${missed}${old}`,
  ]);
  return rows;
}

function onOff(blocking: boolean | undefined): string {
  if (blocking === undefined) return 'unknown';
  return blocking ? 'on' : 'OFF';
}

function canaryRows({ canary }: StatusDocument, now: number): readonly Row[] {
  if (canary === undefined) return [];
  const parts = canary.targets.map(
    ({ target, outcome, why }) => `${target} ${outcome.replace('_', ' ')}${why === undefined ? '' : ` (${why})`}`,
  );
  return [['canary', `${agoText(canary.at, now)}: ${parts.join(', ')}`]];
}

function heldRow({ observable, ratio, why }: StatusDocument['held_blocks'][number]): Row {
  const decide = `"guardian block ${observable}" or "guardian allow ${observable}"`;
  return ['held', `${observable}${ratio === undefined ? '' : ` (${ratio})`}: ${why} Decide with ${decide}.`];
}

function targetRow(target: StatusDocument['targets'][number], now: number): Row {
  const failed = target.failed === 0 ? '' : `, ${target.failed} failed`;
  const proof = `, last proof ${agoText(target.last_proof_at, now)}`;
  const notice = target.notice === undefined ? '' : `; ${target.notice}`;
  return [`target ${target.name}`, `${target.published} published, ${target.proved} proved${failed}${proof}${notice}`];
}

function countersText(counters: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counters)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  if (sorted.length === 0) return 'none';
  const named = sorted.slice(0, MAX_NAMED).map(([name, count]) => `${name} ${count}`);
  const rest = sorted.slice(MAX_NAMED).reduce((sum, [, count]) => sum + count, 0);
  return [...named, ...(rest === 0 ? [] : [`other ${rest}`])].join(', ');
}
