import { DEVICE_LINK, STATE_TEXTS, VIRUSTOTAL_LINK } from './links.ts';
import { COLOURS, type Panel, WORST_RATIO } from './panel.ts';
import { bars, table } from './panel-kinds.ts';

const { good, notice, warning, bad } = COLOURS;

/** The chosen sensors and devices. */
export const SENSOR = 'sensor IN (${sensor:sqlstring})';
const CLIENT = 'client IN (${client:sqlstring})';
/** Summaries of the period, of the chosen devices. */
export const HOURS = `$__timeFilter(hour) AND ${SENSOR} AND ${CLIENT}`;
/** Minutes of the period. */
export const MINUTES = `$__timeFilter(minute) AND ${SENSOR}`;
const SEARCHED = 'LOCATE(${search:sqlstring}, value) > 0';
/** The chosen severities. */
export const SEVERE = `severity IN (\${severity:sqlstring})`;

/**
 * What each device did, from both summaries; `signals` counts the kinds of trouble it shows. Names are told apart by a
 * hash: a distinct count of columns that may hold 2,048 bytes spills to the disk.
 */
export const DEVICES = `SELECT c.client, c.queries, c.nxdomain, c.alerts_1, c.alerts_2, c.alerts_3,
    COALESCE(f.malicious, 0) AS malicious, COALESCE(f.suspicious, 0) AS suspicious, COALESCE(p.stopped, 0) AS stopped,
    IF(COALESCE(f.malicious, 0) > 0, 1, 0) + IF(COALESCE(f.suspicious, 0) > 0, 1, 0) + IF(c.alerts_1 > 0, 1, 0)
      + IF(c.alerts_2 > 0, 1, 0) + IF(c.queries >= 100 AND c.nxdomain > c.queries / 2, 1, 0) AS signals
  FROM (SELECT client, SUM(queries) AS queries, SUM(nxdomain) AS nxdomain, SUM(alerts_1) AS alerts_1, SUM(alerts_2) AS alerts_2,
      SUM(alerts_3) AS alerts_3 FROM panel_clients WHERE ${HOURS} GROUP BY client) AS c
  LEFT JOIN (SELECT client, COUNT(DISTINCT IF(state = 'malicious', UNHEX(MD5(value)), NULL)) AS malicious,
      COUNT(DISTINCT IF(state = 'suspicious', UNHEX(MD5(value)), NULL)) AS suspicious FROM panel_flagged WHERE ${HOURS} GROUP BY client) AS f
    ON f.client = c.client
  LEFT JOIN (SELECT client, SUM(count) AS stopped FROM panel_pihole_hits WHERE ${HOURS} GROUP BY client) AS p ON p.client = c.client`;

/** Which device it is: the rows to look into when the numbers above are not calm. */
export const DEVICE_PANELS: readonly Panel[] = [
  table({
    id: 10,
    title: 'Device matrix',
    description:
      'What each device did in this period. "Stopped by Pi-hole" are questions for what we block there. Signals: malicious uses, suspicious uses, severity 1, severity 2, and more than half of 100 or more questions answered "no such name". Score: 100 for a malicious indicator, 20 for a suspicious one, 50 for severity 1 and 10 for severity 2 (each once an alert, 10 alerts at most).',
    width: 24,
    height: 10,
    sql: `SELECT client AS Device, signals AS Signals, 100 * malicious + 20 * suspicious + 50 * LEAST(alerts_1, 10) + 10 * LEAST(alerts_2, 10) AS Score,
        malicious AS Malicious, suspicious AS Suspicious, alerts_1 AS \`Severity 1\`, alerts_2 AS \`Severity 2\`, alerts_3 AS \`Severity 3+\`,
        stopped AS \`Stopped by Pi-hole\`,
        queries AS \`DNS questions\`, nxdomain / NULLIF(queries, 0) AS \`No such name\`
      FROM (${DEVICES}) AS d ORDER BY 3 DESC, 10 DESC, 1 LIMIT 200`,
    unit: 'short',
    noValue: 'No device was seen in this period',
    fields: {
      Device: { unit: 'string', links: [DEVICE_LINK] },
      Signals: {
        isColoured: true,
        steps: [
          [null, good],
          [1, notice],
          [2, warning],
          [3, bad],
        ],
      },
      Malicious: {
        isColoured: true,
        steps: [
          [null, good],
          [1, bad],
        ],
      },
      Suspicious: {
        isColoured: true,
        steps: [
          [null, good],
          [1, warning],
        ],
      },
      'Severity 1': {
        isColoured: true,
        steps: [
          [null, good],
          [1, bad],
        ],
      },
      'No such name': { unit: 'percentunit' },
    },
  }),
  table({
    id: 11,
    title: 'Flagged indicators',
    description:
      'What was used in this period and is malicious or suspicious by the verdict of today: by how many devices, how often, and when last.',
    width: 14,
    height: 9,
    sql: `SELECT value AS Indicator, state AS Verdict, ${WORST_RATIO} AS Ratio, MAX(held) AS Held, COUNT(DISTINCT client) AS Devices, SUM(count) AS Times,
        MAX(last_seen) AS \`Last seen\`
      FROM panel_flagged WHERE ${HOURS} AND ${SEARCHED} GROUP BY value, state ORDER BY state, 6 DESC, value LIMIT 200`,
    unit: 'string',
    noValue: 'Nothing flagged was used',
    fields: {
      Indicator: { links: [VIRUSTOTAL_LINK] },
      Verdict: { isColoured: true, texts: STATE_TEXTS },
      Held: { texts: { '0': ['no', good], '1': ['waits for you', warning] } },
      Devices: { unit: 'short' },
      Times: { unit: 'short' },
      'Last seen': { unit: 'dateTimeAsIso' },
    },
  }),
  bars({
    id: 12,
    title: 'Devices that use what is flagged',
    description: 'How often each device used something that is malicious or suspicious by the verdict of today.',
    width: 10,
    height: 9,
    sql: `SELECT client AS device, SUM(IF(state = 'malicious', count, 0)) AS malicious, SUM(IF(state = 'suspicious', count, 0)) AS suspicious
      FROM panel_flagged WHERE ${HOURS} AND ${SEARCHED} GROUP BY client ORDER BY 2 DESC, 3 DESC, client LIMIT 20`,
    unit: 'short',
    noValue: 'Nothing flagged was used',
    isLying: true,
    fields: { malicious: { colour: bad }, suspicious: { colour: warning } },
  }),
  table({
    id: 13,
    title: 'Two witnesses',
    description:
      'A device used something flagged, and Suricata raised an alert about the device in the same hour; "about it" counts the alerts that name the very indicator. Kept by the sensors, hour by hour.',
    width: 24,
    height: 8,
    sql: `SELECT hour AS Hour, client AS Device, value AS Indicator, state AS Verdict, count AS Times, alerts AS \`Alerts about it\`,
        client_alerts AS \`All alerts\`, worst_severity AS \`Worst severity\`
      FROM panel_flagged WHERE ${HOURS} AND client_alerts > 0 AND ${SEARCHED} ORDER BY alerts DESC, hour DESC, client, value LIMIT 200`,
    unit: 'short',
    noValue: 'No hour with both',
    fields: {
      Hour: { unit: 'dateTimeAsIso' },
      Device: { unit: 'string', links: [DEVICE_LINK] },
      Indicator: { unit: 'string', links: [VIRUSTOTAL_LINK] },
      Verdict: { isColoured: true, texts: STATE_TEXTS },
      'Worst severity': {
        isColoured: true,
        steps: [
          [null, bad],
          [2, warning],
          [3, notice],
        ],
      },
    },
  }),
  table({
    id: 14,
    title: 'Top signatures',
    description: "Suricata's signatures of this period, the most severe first, with the devices they are about.",
    width: 24,
    height: 9,
    sql: `SELECT CAST(sid AS CHAR) AS SID, MAX(signature) AS Signature, MAX(category) AS Category, MIN(severity) AS Severity, SUM(count) AS Alerts,
        SUM(blocked) AS Blocked, COUNT(DISTINCT client) AS Devices, MAX(last_seen) AS \`Last seen\`
      FROM panel_alerts WHERE ${HOURS} AND ${SEVERE} GROUP BY sid ORDER BY 4, 5 DESC LIMIT 100`,
    unit: 'string',
    noValue: 'No alert in this period',
    fields: {
      Severity: {
        unit: 'short',
        isColoured: true,
        steps: [
          [null, bad],
          [2, warning],
          [3, notice],
        ],
      },
      Alerts: { unit: 'short' },
      Blocked: { unit: 'short' },
      Devices: { unit: 'short' },
      'Last seen': { unit: 'dateTimeAsIso' },
    },
  }),
];
