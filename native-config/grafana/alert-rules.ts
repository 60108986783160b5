import { ageOf, SILENCE, within } from './clock.ts';
import { OF_VIRUSTOTAL } from './panel.ts';
import { NETWORK, SIDECAR, type Watch } from './watch.ts';

const FIVE_MINUTES_S = 300;
const SIX_HOURS_S = 21_600;

/** One finding among ten answers is many times the ratio of a usual week, and happens every few days. Five in two hours do not. */
const LEAST_FINDINGS = 5;

/** Answers of VirusTotal, and those among them by which something is malicious. */
function flaggedWithin(period: string): string {
  return `SELECT COALESCE(SUM(IF(positives >= 5, scans, 0)), 0) AS bad, COALESCE(SUM(scans), 0) AS n FROM panel_scan_hours
    WHERE ${within(period, 'hour')} AND ${OF_VIRUSTOTAL} AND outcome = 'found'`;
}

/**
 * Hours, besides the last ones, in which a device asked anything: fewer do not tell what is usual for it. A laptop that is used for three
 * hours a day is known after four days, a telephone after half a day.
 */
const KNOWN_HOURS = 12;

/** Questions an hour below which nothing is far more: a bulb that asks twice an hour may ask forty times when it updates itself. */
const QUIET_QUESTIONS = 100;

/** Below, a few questions more or less make any ratio: an hour that refuses this many has something that asks for them. */
const LEAST_BLOCKED = 100;

/** Were as much refused as usual, it would be this many. That it is two or fewer then is no chance. */
const LEAST_EXPECTED = 20;

/** A day and a night of minutes: what is usual is not known before. */
const USUAL_MINUTES = 1440;

/** Questions to the Pi-hole beside each sensor, without minutes in which it was told not to block: another rule is about those. */
function blockedIn(period: string): string {
  return `SELECT sensor, SUM(queries) AS queries, SUM(blocked) AS blocked FROM panel_pihole
    WHERE ${period} AND COALESCE(blocking, 1) = 1 GROUP BY sensor`;
}

/** A sensor that was not heard for a week was taken away. How to say so at once stands in `grafana/README.md`. */
const NOT_RETIRED = 'heartbeat > UTC_TIMESTAMP() - INTERVAL 7 DAY';

/**
 * Everything worth waking somebody for. Each query gives one number, and texts that tell its rows apart: that is what an alert
 * may be made of in table form. Times are spelled out, since a rule has no time picker.
 */
export const ALERT_RULES: readonly Watch[] = [
  {
    uid: 'hng-malicious-indicator',
    title: 'Something turned malicious',
    sql: `SELECT value AS indicator, COUNT(*) AS sensors FROM panel_changes
      WHERE to_state = 'malicious' AND ${within('15 MINUTE', 'at')} GROUP BY value`,
    above: 0,
    for: '0s',
    keepFiringFor: '15m',
    severity: 'warning',
    summary: '{{ .Labels.indicator }} is malicious by a new verdict.',
    ...NETWORK,
    panelId: 11,
  },
  {
    uid: 'hng-device-contact',
    title: 'A device used something malicious',
    sql: `SELECT client AS device, value AS indicator, SUM(count) AS times FROM panel_flagged
      WHERE ${within('2 HOUR', 'hour')} AND ${within('15 MINUTE', 'last_seen')} AND state = 'malicious'
      GROUP BY client, value`,
    above: 0,
    for: '0s',
    keepFiringFor: '15m',
    severity: 'critical',
    summary: '{{ .Labels.device }} used {{ .Labels.indicator }}, which is malicious.',
    ...NETWORK,
    panelId: 10,
  },
  {
    uid: 'hng-ratio-jump',
    title: 'More is flagged than usual',
    sql: `SELECT IF(r.bad >= ${LEAST_FINDINGS} AND r.bad > 0.02 * r.n, r.bad / r.n / GREATEST(COALESCE(w.bad / NULLIF(w.n, 0), 0), 0.001), 0) AS times_usual
      FROM (${flaggedWithin('2 HOUR')}) AS r, (${flaggedWithin('7 DAY')}) AS w`,
    above: 3,
    for: '0s',
    severity: 'warning',
    summary: 'The detection ratio of the last hour is {{ .Values.A }} times that of the week.',
    dashboardUid: 'hng-virus-total',
    panelId: 1,
  },
  {
    uid: 'hng-severe-burst',
    title: 'A burst of severe alerts',
    sql: `SELECT client AS device, SUM(count) AS alerts FROM panel_alert_minutes
      WHERE ${within('10 MINUTE', 'minute')} AND severity = 1 GROUP BY client`,
    above: 5,
    for: '0s',
    severity: 'critical',
    summary: '{{ .Labels.device }}: {{ .Values.A }} alerts of severity 1 within ten minutes.',
    ...NETWORK,
    panelId: 14,
  },
  {
    uid: 'hng-blocking-off',
    title: 'Pi-hole does not block',
    // What Pi-hole says of itself, however few questions there are. Pausing it for some minutes is a person's right.
    sql: `SELECT sensor, 1 - MAX(blocking) AS off FROM panel_pihole
      WHERE ${within('5 MINUTE', 'minute')} AND blocking IS NOT NULL GROUP BY sensor`,
    above: 0,
    for: '30m',
    severity: 'warning',
    summary: 'The Pi-hole beside {{ .Labels.sensor }} has its blocking switched off for half an hour.',
    ...NETWORK,
    panelId: 8,
  },
  {
    uid: 'hng-blocked-share',
    title: 'Pi-hole blocks far more than it does, or nothing',
    // Refused for each one answered, and not the share of all: where half is refused usually, no share is ten times that.
    sql: `SELECT r.sensor, IF(r.blocked >= ${LEAST_BLOCKED} OR r.queries * u.blocked >= ${LEAST_EXPECTED} * u.queries,
        r.blocked / GREATEST(r.queries - r.blocked, 1) / (GREATEST(u.blocked, 1) / GREATEST(u.queries - u.blocked, 1)), 1) AS times_usual
      FROM (${blockedIn(within('1 HOUR', 'minute'))}) AS r
      JOIN (${blockedIn('minute > UTC_TIMESTAMP() - INTERVAL 7 DAY AND minute <= UTC_TIMESTAMP() - INTERVAL 1 HOUR')}
        HAVING COUNT(*) >= ${USUAL_MINUTES} AND SUM(queries) > 0) AS u ON u.sensor = r.sensor`,
    outside: [0.1, 10],
    for: '30m',
    severity: 'warning',
    summary:
      'The Pi-hole beside {{ .Labels.sensor }} refuses {{ .Values.A }} times what it usually does: its lists are lost or new, or something asks in a loop.',
    ...NETWORK,
    panelId: 2,
  },
  {
    uid: 'hng-dns-volume',
    title: 'A device asks far more than it does',
    sql: `SELECT client AS device, MAX(IF(hour > UTC_TIMESTAMP() - INTERVAL 2 HOUR, queries, 0))
        / GREATEST(AVG(IF(hour > UTC_TIMESTAMP() - INTERVAL 2 HOUR, NULL, queries)), ${QUIET_QUESTIONS}) AS times_usual
      FROM (SELECT client, hour, SUM(queries) AS queries FROM panel_clients WHERE ${within('7 DAY', 'hour')} AND queries > 0
        GROUP BY client, hour) AS h
      GROUP BY client HAVING COUNT(IF(hour > UTC_TIMESTAMP() - INTERVAL 2 HOUR, NULL, 1)) >= ${KNOWN_HOURS}
        AND MAX(hour) > UTC_TIMESTAMP() - INTERVAL 2 HOUR`,
    above: 5,
    for: '0s',
    severity: 'warning',
    summary: '{{ .Labels.device }} asks {{ .Values.A }} times as many DNS questions as in an hour in which it is used.',
    ...NETWORK,
    panelId: 10,
  },
  {
    uid: 'hng-scans-stale',
    title: 'Nothing is scanned though questions wait',
    // For each sensor: one that gets its answers says nothing about another whose key is refused. Where no answer of a week is known,
    // there may never have been one, and the oldest question says for how long. A question that waits for a minute is no cause,
    // though the last answer is of yesterday.
    sql: `SELECT q.sensor, IF(q.fewest = 0, 0, LEAST(q.oldest, COALESCE(${ageOf('a.hour + INTERVAL 1 HOUR')}, q.oldest))) AS age
      FROM (SELECT sensor, MIN(queue_length) AS fewest, MAX(queue_oldest_s) AS oldest FROM panel_sensor_stats
        WHERE ${within('15 MINUTE', 'minute')} GROUP BY sensor) AS q
      LEFT JOIN (SELECT sensor, MAX(hour) AS hour FROM panel_lookup_hours WHERE ${within('7 DAY', 'hour')} AND ${OF_VIRUSTOTAL}
        AND outcome IN ('found', 'not_found') GROUP BY sensor) AS a ON a.sensor = q.sensor`,
    above: SIX_HOURS_S,
    for: '5m',
    severity: 'warning',
    summary:
      'Questions of {{ .Labels.sensor }} wait, and for {{ .Values.A }} seconds none was answered: look at its key, the quota and the way out.',
    ...SIDECAR,
    panelId: 13,
  },
  {
    uid: 'hng-heartbeat',
    title: 'A sensor is silent',
    sql: `SELECT sensor, ${SILENCE} AS age FROM panel_sensors WHERE ${NOT_RETIRED}`,
    above: FIVE_MINUTES_S,
    for: '1m',
    noData: 'Alerting',
    severity: 'critical',
    summary: '{{ .Labels.sensor }} was last heard {{ .Values.A }} seconds ago.',
    ...SIDECAR,
    panelId: 7,
  },
  {
    uid: 'hng-quota',
    title: 'The quota of the day is nearly spent',
    sql: `SELECT source, GROUP_CONCAT(sensor ORDER BY sensor SEPARATOR ', ') AS sensors, SUM(used) / MAX(allowed) AS used FROM panel_quota
      WHERE quota_window = 'day' AND starts_at = UTC_DATE() GROUP BY source, account HAVING MAX(allowed) > 0`,
    // "At least 95 %", with an evaluator that every version has.
    above: 0.9499,
    for: '10m',
    severity: 'info',
    summary:
      '{{ .Labels.source }}, asked by {{ .Labels.sensors }}: {{ .Values.A }} of the allowance is used (1 is all); new names wait until 00:00 UTC.',
    ...SIDECAR,
    panelId: 8,
  },
  {
    uid: 'hng-queue',
    title: 'The queue grows in leaps',
    // More is always seen than may be asked, so that neither length nor age alone says anything.
    sql: `SELECT sensor, MAX(IF(minute > UTC_TIMESTAMP() - INTERVAL 5 MINUTE, queue_length, 0))
        - MIN(IF(minute < UTC_TIMESTAMP() - INTERVAL 55 MINUTE, queue_length, NULL)) AS grown
      FROM panel_sensor_stats WHERE ${within('1 HOUR', 'minute')} GROUP BY sensor
      HAVING MIN(minute) < UTC_TIMESTAMP() - INTERVAL 55 MINUTE`,
    above: 1000,
    for: '15m',
    severity: 'warning',
    summary:
      '{{ .Labels.sensor }}: {{ .Values.A }} more questions wait than an hour ago; a device may be inventing names.',
    ...SIDECAR,
    panelId: 9,
  },
  {
    uid: 'hng-drops',
    title: 'Something goes unseen',
    sql: `SELECT sensor, SUM(dropped + malformed + truncated + lost + blind) AS unseen FROM panel_sensor_stats
      WHERE ${within('5 MINUTE', 'minute')} GROUP BY sensor`,
    above: 0,
    for: '5m',
    severity: 'warning',
    summary: '{{ .Labels.sensor }} cannot see everything; "guardian status" there says why.',
    ...SIDECAR,
    panelId: 11,
  },
  {
    uid: 'hng-database',
    title: 'The central database refuses something',
    sql: `SELECT sensor, set_aside AS refused FROM panel_sensors WHERE ${NOT_RETIRED}`,
    above: 0,
    for: '5m',
    execError: 'Error',
    severity: 'warning',
    summary:
      '{{ .Labels.sensor }}: {{ .Values.A }} rows were refused and set aside; or Grafana cannot read the database at all.',
    ...SIDECAR,
    panelId: 7,
  },
];
