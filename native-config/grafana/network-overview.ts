import { SILENCE } from './clock.ts';
import { choiceVariable, type Dashboard, queryVariable, textVariable } from './dashboard.ts';
import { DEVICE_PANELS, DEVICES, HOURS, MINUTES, SENSOR, SEVERE } from './device-panels.ts';
import { NEW_MALICIOUS, PUBLISHED } from './links.ts';
import { COLOURS } from './panel.ts';
import { series, stat, text } from './panel-kinds.ts';

const { good, notice, warning, bad, neutral } = COLOURS;

/** "Is the network calm, and if not which device?" */
export const NETWORK_OVERVIEW: Dashboard = {
  uid: 'hng-network-overview',
  title: 'Home Network Guardian: network',
  description: 'Is the network calm, and if not, which device is it?',
  variables: [
    queryVariable('sensor', 'Sensor', 'SELECT sensor FROM panel_sensors ORDER BY sensor'),
    queryVariable(
      'client',
      'Device',
      `SELECT client FROM panel_clients WHERE $__timeFilter(hour) AND client <> '' GROUP BY client ORDER BY INET6_ATON(client)`,
    ),
    choiceVariable('severity', 'Severity', ['1', '2', '3', '4']),
    textVariable('search', 'Search'),
  ],
  annotations: [NEW_MALICIOUS, PUBLISHED],
  panels: [
    stat({
      id: 1,
      title: 'DNS questions a minute',
      description: 'What Pi-hole answered, on average over the minutes of this period of which something is known.',
      width: 4,
      height: 4,
      sql: `SELECT SUM(queries) / NULLIF(COUNT(DISTINCT minute), 0) AS questions FROM panel_pihole WHERE ${MINUTES}`,
      unit: 'short',
      decimals: 1,
      noValue: 'No Pi-hole heard',
    }),
    stat({
      id: 2,
      title: 'Blocked by Pi-hole',
      description:
        'Share of the questions that Pi-hole refused. Far from its usual value, it tells of a new device, a new list, or blocking that is off.',
      width: 4,
      height: 4,
      sql: `SELECT SUM(blocked) / NULLIF(SUM(queries), 0) AS blocked FROM panel_pihole WHERE ${MINUTES}`,
      unit: 'percentunit',
      decimals: 1,
      noValue: 'No Pi-hole heard',
      steps: [
        [null, good],
        [0.4, notice],
        [0.6, warning],
      ],
    }),
    stat({
      id: 3,
      title: 'Severe alerts',
      description: "Suricata's alerts of severity 1 in this period, of the devices chosen above.",
      width: 4,
      height: 4,
      sql: `SELECT COALESCE(SUM(alerts_1), 0) AS alerts FROM panel_clients WHERE ${HOURS}`,
      unit: 'short',
      noValue: '0',
      steps: [
        [null, good],
        [1, bad],
      ],
    }),
    stat({
      id: 4,
      title: 'Malicious indicators used',
      description:
        'Different names, addresses, links and files that are malicious by the verdict of today and were used in this period.',
      width: 4,
      height: 4,
      sql: `SELECT COUNT(DISTINCT kind, value) AS indicators FROM panel_flagged WHERE ${HOURS} AND state = 'malicious'`,
      unit: 'short',
      noValue: '0',
      steps: [
        [null, good],
        [1, bad],
      ],
    }),
    stat({
      id: 5,
      title: 'Devices with two signals',
      description:
        'Devices that show at least two kinds of trouble in this period; the device matrix says which. One alone is often an accident.',
      width: 4,
      height: 4,
      sql: `SELECT COUNT(*) AS devices FROM (${DEVICES}) AS d WHERE d.signals >= 2`,
      unit: 'short',
      noValue: '0',
      steps: [
        [null, good],
        [1, warning],
        [3, bad],
      ],
    }),
    stat({
      id: 6,
      title: 'Silent sensor',
      description:
        'How long ago the sensor spoke that was silent for longest, whatever period is chosen. Above some minutes this dashboard tells of the past.',
      width: 4,
      height: 4,
      sql: `SELECT MAX(${SILENCE}) AS age FROM panel_sensors WHERE ${SENSOR}`,
      unit: 's',
      noValue: 'No sensor was ever heard',
      steps: [
        [null, good],
        [120, warning],
        [300, bad],
      ],
    }),
    series({
      id: 7,
      title: 'Everything on one axis',
      description:
        'DNS questions of the devices, alerts, and uses of flagged names, hour by hour. What rises together belongs together.',
      width: 24,
      height: 8,
      sql: [
        `SELECT $__timeGroupAlias(hour, $__interval, 0), SUM(queries) AS \`DNS questions\`, SUM(alerts_1 + alerts_2 + alerts_3) AS alerts
          FROM panel_clients WHERE ${HOURS} GROUP BY 1 ORDER BY 1`,
        `SELECT $__timeGroupAlias(hour, $__interval, 0), SUM(count) AS \`uses of flagged\` FROM panel_flagged WHERE ${HOURS} GROUP BY 1 ORDER BY 1`,
      ],
      unit: 'short',
      noValue: 'Nothing was seen in this period',
      interval: '1h',
      fields: {
        'DNS questions': { colour: neutral },
        alerts: { colour: warning, axis: 'right' },
        'uses of flagged': { colour: bad, axis: 'right' },
      },
    }),
    series({
      id: 8,
      title: 'Pi-hole load',
      description:
        'Questions a bucket, and how they were answered: blocked, from the cache, or forwarded; and minutes in which blocking was switched off. All devices; Pi-hole counts them together.',
      width: 12,
      height: 8,
      sql: `SELECT $__timeGroupAlias(minute, $__interval), SUM(queries) AS questions, SUM(blocked) AS blocked, SUM(cached) AS cached,
          SUM(forwarded) AS forwarded, COALESCE(SUM(blocking = 0), 0) AS \`minutes not blocking\`
        FROM panel_pihole WHERE ${MINUTES} GROUP BY 1 ORDER BY 1`,
      unit: 'short',
      noValue: 'No Pi-hole heard',
      interval: '1m',
      fields: {
        questions: { colour: neutral },
        blocked: { colour: bad },
        cached: { colour: good },
        forwarded: { colour: notice },
        'minutes not blocking': { colour: warning, axis: 'right' },
      },
    }),
    series({
      id: 9,
      title: 'Alerts by severity',
      description: "Suricata's alerts an hour, 1 being the worst.",
      width: 12,
      height: 8,
      sql: `SELECT $__timeGroupAlias(hour, $__interval, 0), CONCAT('severity ', severity) AS metric, SUM(count) AS alerts
        FROM panel_alerts WHERE ${HOURS} AND ${SEVERE} GROUP BY 1, 2 ORDER BY 1`,
      unit: 'short',
      noValue: 'No alert in this period',
      interval: '1h',
      isStacked: true,
      fields: {
        'severity 1': { colour: bad },
        'severity 2': { colour: warning },
        'severity 3': { colour: notice },
        'severity 4': { colour: neutral },
      },
    }),
    ...DEVICE_PANELS,
    text({
      id: 15,
      title: 'How to read this',
      description: 'What the numbers mean, and how to look at one device.',
      width: 24,
      height: 4,
      markdown:
        'Choose a device above, or click it in a table, and every panel is about it alone, except those that know of no device: DNS questions, what Pi-hole says, and the silent sensor. Figures by device are counted by full hours of UTC. A name counts as flagged by the verdict of today, also for the hours before anybody knew; what is cleared disappears from here.',
    }),
  ],
};
