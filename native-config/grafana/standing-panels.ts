import { ageBySensor, SILENCE, within } from './clock.ts';
import { COLOURS, OF_VIRUSTOTAL, type Panel } from './panel.ts';
import { stat, table } from './panel-kinds.ts';

const { good, warning, bad } = COLOURS;

/** The chosen sensors. */
export const SENSOR = 'sensor IN (${sensor:sqlstring})';

/** How each sensor stood when it was last heard, unless that is an hour ago. */
const LATEST = `FROM panel_sensor_stats AS s JOIN (SELECT sensor AS name, MAX(minute) AS last FROM panel_sensor_stats
    WHERE ${within('1 HOUR', 'minute')} AND ${SENSOR} GROUP BY sensor) AS l ON l.name = s.sensor AND l.last = s.minute`;

/** How the sensors stand now, whatever period is chosen. */
export const STANDING_PANELS: readonly Panel[] = [
  stat({
    id: 1,
    title: 'Quota used today',
    description:
      "Share of the day's allowance of VirusTotal that is spent since 00:00 UTC. Sensors with the same key share an account and its allowance; where there are several accounts, the one that spent most of its own. Near 100 % nothing new is asked until midnight.",
    width: 4,
    height: 4,
    sql: `SELECT MAX(share) AS used FROM (SELECT SUM(used) / NULLIF(MAX(allowed), 0) AS share FROM panel_quota
      WHERE ${OF_VIRUSTOTAL} AND quota_window = 'day' AND starts_at = UTC_DATE() AND ${SENSOR} GROUP BY account) AS a`,
    unit: 'percentunit',
    decimals: 0,
    noValue: 'Nothing asked today',
    steps: [
      [null, good],
      [0.8, warning],
      [0.95, bad],
    ],
  }),
  stat({
    id: 2,
    title: 'Questions that wait',
    description:
      'Names and addresses that are worth a question and have none yet, over all chosen sensors. It always grows where more is seen than may be asked; what matters is their age and the coverage.',
    width: 4,
    height: 4,
    sql: `SELECT SUM(s.queue_length) AS waiting ${LATEST}`,
    unit: 'short',
    noValue: 'No sensor heard for an hour',
  }),
  stat({
    id: 3,
    title: 'Oldest question',
    description: 'How long the question has waited that waits for longest.',
    width: 4,
    height: 4,
    sql: `SELECT MAX(s.queue_oldest_s) AS age ${LATEST}`,
    unit: 's',
    noValue: 'No sensor heard for an hour',
    steps: [
      [null, good],
      [86_400, warning],
      [604_800, bad],
    ],
  }),
  stat({
    id: 4,
    title: 'Coverage',
    description:
      'Share of the names first seen today that have an answer, of the sensor with the least. Low coverage means that the detection ratio speaks of a part only.',
    width: 4,
    height: 4,
    sql: `SELECT MIN(s.coverage) AS coverage ${LATEST}`,
    unit: 'percentunit',
    decimals: 0,
    noValue: 'Nothing new today',
    steps: [
      [null, bad],
      [0.2, warning],
      [0.5, good],
    ],
  }),
  stat({
    id: 5,
    title: 'Oldest proof',
    description:
      'How long ago the target that was proved least lately confirmed what is published there. Without a proof a block may be on paper only.',
    width: 4,
    height: 4,
    sql: `SELECT MAX(s.proof_age_s) AS age ${LATEST}`,
    unit: 's',
    noValue: 'Nothing is published',
    steps: [
      [null, good],
      [3600, warning],
      [86_400, bad],
    ],
  }),
  stat({
    id: 6,
    title: 'Sync lag',
    description:
      'How far this database is behind the sensor that is furthest behind, by the time of its last whole pass. Beyond some minutes all dashboards show the past.',
    width: 4,
    height: 4,
    sql: `SELECT MAX(${ageBySensor('synced_until')}) AS lag FROM panel_sensors WHERE ${SENSOR}`,
    unit: 's',
    noValue: 'No sensor was ever heard',
    steps: [
      [null, good],
      [120, warning],
      [600, bad],
    ],
  }),
  table({
    id: 7,
    title: 'Sensors',
    description:
      'Every sensor, the longest silent first. "Set aside" are rows this database refused; "given up" are old sightings that did not fit into the outbox.',
    width: 24,
    height: 6,
    sql: `SELECT sensor AS Sensor, version AS Version, ${SILENCE} AS \`Last heard\`,
        ${ageBySensor('synced_until')} AS Lag, ${ageBySensor('started')} AS \`Running for\`,
        outbox_rows AS \`Rows to send\`, set_aside AS \`Set aside\`, thinned AS \`Given up\`, clock_skew_ms AS \`Clock ahead\`
      FROM panel_sensors WHERE ${SENSOR} ORDER BY 3 DESC`,
    unit: 'short',
    noValue: 'No sensor was ever heard',
    fields: {
      Sensor: { unit: 'string' },
      Version: { unit: 'string' },
      'Last heard': {
        unit: 's',
        isColoured: true,
        steps: [
          [null, good],
          [120, warning],
          [300, bad],
        ],
      },
      Lag: {
        unit: 's',
        isColoured: true,
        steps: [
          [null, good],
          [120, warning],
          [600, bad],
        ],
      },
      'Running for': { unit: 's' },
      'Set aside': {
        isColoured: true,
        steps: [
          [null, good],
          [1, bad],
        ],
      },
      'Given up': {
        isColoured: true,
        steps: [
          [null, good],
          [1, warning],
        ],
      },
      'Clock ahead': {
        unit: 'ms',
        isColoured: true,
        steps: [
          [null, bad],
          [-5000, good],
          [5000, bad],
        ],
      },
    },
  }),
];
