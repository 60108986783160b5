import { lately, NETWORK, SIDECAR, type Watch } from './watch.ts';

const FIVE_MINUTES_S = 300;
const SIX_HOURS_S = 21_600;

/**
 * Everything worth waking somebody for. Each query gives one number, and texts that tell its rows apart: that is what an alert
 * may be made of in table form. Times are spelled out, since a rule has no time picker.
 */
export const ALERT_RULES: readonly Watch[] = [
  {
    uid: 'hng-malicious-indicator',
    title: 'Something turned malicious',
    sql: `SELECT value AS indicator, COUNT(*) AS sensors FROM panel_changes
      WHERE to_state = 'malicious' AND ${lately('at', '15 MINUTE')} GROUP BY value`,
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
      WHERE ${lately('hour', '2 HOUR')} AND ${lately('last_seen', '15 MINUTE')} AND state = 'malicious'
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
    // Three: one find among thirty answers is a share too, and no news beside that of the find itself.
    sql: `SELECT IF(r.bad >= 3 AND r.bad > 0.02 * r.n, r.bad / r.n / GREATEST(COALESCE(w.bad / NULLIF(w.n, 0), 0), 0.001), 0) AS times_usual
      FROM (SELECT COALESCE(SUM(IF(positives >= 5, scans, 0)), 0) AS bad, COALESCE(SUM(scans), 0) AS n FROM panel_scan_hours
        WHERE ${lately('hour', '2 HOUR')} AND outcome = 'found' AND source = 'virustotal') AS r,
      (SELECT SUM(IF(positives >= 5, scans, 0)) AS bad, SUM(scans) AS n FROM panel_scan_hours
        WHERE ${lately('hour', '7 DAY')} AND outcome = 'found' AND source = 'virustotal') AS w`,
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
      WHERE ${lately('minute', '10 MINUTE')} AND severity = 1 GROUP BY client`,
    above: 5,
    for: '0s',
    severity: 'critical',
    summary: '{{ .Labels.device }}: {{ .Values.A }} alerts of severity 1 within ten minutes.',
    ...NETWORK,
    panelId: 14,
  },
  {
    uid: 'hng-blocked-share',
    title: 'Pi-hole blocks far more, or nothing',
    // 0 where its blocking is off. Else how many times its usual share it refuses, as far as that says anything: not of a few questions,
    // and "nothing" is none where ten would be usual. A house that refuses little doubles it with one more advertisement.
    sql: `SELECT r.sensor, CASE WHEN r.is_on = 0 THEN 0 WHEN r.queries < 100 OR w.share IS NULL THEN 1
        WHEN r.share > w.share THEN GREATEST(1, r.share / GREATEST(w.share, 0.05))
        WHEN r.queries * w.share >= 10 THEN r.share / w.share ELSE 1 END AS times_usual
      FROM (SELECT sensor, MAX(COALESCE(blocking, 1)) AS is_on, SUM(queries) AS queries, SUM(blocked) * 1e0 / NULLIF(SUM(queries), 0) AS share FROM panel_pihole
        WHERE ${lately('minute', '30 MINUTE')} GROUP BY sensor) AS r
      LEFT JOIN (SELECT sensor, SUM(blocked) * 1e0 / NULLIF(SUM(queries), 0) AS share FROM panel_pihole
        WHERE minute > UTC_TIMESTAMP() - INTERVAL 7 DAY AND minute <= UTC_TIMESTAMP() - INTERVAL 30 MINUTE GROUP BY sensor) AS w ON w.sensor = r.sensor`,
    outside: [0.05, 5],
    for: '30m',
    severity: 'warning',
    summary:
      'Pi-hole of {{ .Labels.sensor }} refuses {{ .Values.A }} times its usual share: 0 is nothing, and blocking may be off; many times is something that asks in a loop.',
    ...NETWORK,
    panelId: 2,
  },
  {
    uid: 'hng-dns-volume',
    title: 'A device asks far more than it does',
    // Against the hours in which it asked at all, or a laptop of the evenings would alert each evening; and only where there were enough
    // of them to know what it does. The floor is what one page of news asks.
    sql: `SELECT h.client AS device, MAX(h.queries) / GREATEST(MAX(w.mean), 100) AS times_usual
      FROM (SELECT client, hour, SUM(queries) AS queries FROM panel_clients WHERE ${lately('hour', '2 HOUR')} GROUP BY client, hour) AS h
      JOIN (SELECT client, SUM(queries) * 1e0 / COUNT(DISTINCT hour) AS mean FROM panel_clients
        WHERE hour > UTC_TIMESTAMP() - INTERVAL 7 DAY AND hour <= UTC_TIMESTAMP() - INTERVAL 2 HOUR AND queries > 0
        GROUP BY client HAVING COUNT(DISTINCT hour) >= 12) AS w ON w.client = h.client
      GROUP BY h.client`,
    above: 5,
    for: '0s',
    severity: 'warning',
    summary: '{{ .Labels.device }} asks {{ .Values.A }} times as many DNS questions as in an hour of its week.',
    ...NETWORK,
    panelId: 10,
  },
  {
    uid: 'hng-scans-stale',
    title: 'Nothing is scanned though questions wait',
    // By the hour in which the last answer came, or since the start where there never was one in a week. Each sensor for itself: one that
    // cannot ask is not excused by the others.
    sql: `SELECT s.sensor, IF(COALESCE(q.waiting, 0) > 0,
        GREATEST(0, TIMESTAMPDIFF(SECOND, COALESCE(l.answered + INTERVAL 1 HOUR, s.started), UTC_TIMESTAMP())), 0) AS age
      FROM panel_sensors AS s
      LEFT JOIN (SELECT sensor, MAX(queue_length) AS waiting FROM panel_sensor_stats WHERE ${lately('minute', '15 MINUTE')} GROUP BY sensor) AS q
        ON q.sensor = s.sensor
      LEFT JOIN (SELECT sensor, MAX(hour) AS answered FROM panel_lookup_hours
        WHERE ${lately('hour', '7 DAY')} AND source = 'virustotal' AND outcome IN ('found', 'not_found') GROUP BY sensor) AS l
        ON l.sensor = s.sensor`,
    above: SIX_HOURS_S,
    for: '5m',
    noData: 'Alerting',
    severity: 'warning',
    summary:
      '{{ .Labels.sensor }} had its last answer {{ .Values.A }} seconds ago, and questions wait: look at the key, the quota and the way out.',
    ...SIDECAR,
    panelId: 13,
  },
  {
    uid: 'hng-heartbeat',
    title: 'A sensor is silent',
    // One that was not heard for a week is retired.
    sql: `SELECT sensor, TIMESTAMPDIFF(SECOND, heartbeat, UTC_TIMESTAMP()) AS age FROM panel_sensors
      WHERE heartbeat > UTC_TIMESTAMP() - INTERVAL 7 DAY`,
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
    sql: `SELECT source, MIN(sensor) AS sensor, SUM(used) / MAX(allowed) AS used FROM panel_quota
      WHERE quota_window = 'day' AND starts_at = UTC_DATE() GROUP BY source, account HAVING MAX(allowed) > 0`,
    // "At least 95 %", with an evaluator that every version has.
    above: 0.9499,
    for: '10m',
    severity: 'info',
    summary:
      '{{ .Labels.source }}: {{ .Values.A }} of the allowance of {{ .Labels.sensor }}, and of whoever shares its key, is used (1 is all); new names wait until 00:00 UTC.',
    ...SIDECAR,
    panelId: 8,
  },
  {
    uid: 'hng-queue',
    title: 'The queue grows in leaps',
    // More is always seen than may be asked, so that neither length nor age alone says anything.
    sql: `SELECT sensor, MAX(IF(minute > UTC_TIMESTAMP() - INTERVAL 5 MINUTE, queue_length, 0))
        - MIN(IF(minute < UTC_TIMESTAMP() - INTERVAL 55 MINUTE, queue_length, NULL)) AS grown
      FROM panel_sensor_stats WHERE ${lately('minute', '60 MINUTE')} GROUP BY sensor
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
      WHERE ${lately('minute', '5 MINUTE')} GROUP BY sensor`,
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
    sql: 'SELECT sensor, set_aside AS refused FROM panel_sensors',
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
