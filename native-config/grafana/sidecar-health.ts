import { ageOf, hasCome } from './clock.ts';
import { type Dashboard, queryVariable } from './dashboard.ts';
import { NEW_MALICIOUS, PUBLISHED } from './links.ts';
import { COLOURS, OF_VIRUSTOTAL } from './panel.ts';
import { series, table, text } from './panel-kinds.ts';
import { SENSOR, STANDING_PANELS } from './standing-panels.ts';

const { good, notice, warning, bad, neutral, unknown } = COLOURS;

const MINUTES = `$__timeFilter(minute) AND ${SENSOR}`;
const BUCKET = '$__timeGroupAlias(minute, $__interval)';

/** "Can I trust the other two?" */
export const SIDECAR_HEALTH: Dashboard = {
  uid: 'hng-sidecar-health',
  title: 'Home Network Guardian: sidecar',
  description: 'Can I trust the other two dashboards?',
  variables: [queryVariable('sensor', 'Sensor', 'SELECT sensor FROM panel_sensors ORDER BY sensor')],
  annotations: [
    NEW_MALICIOUS,
    PUBLISHED,
    {
      name: 'Sidecar starts',
      colour: unknown,
      sql: `SELECT started AS time, CONCAT(sensor, ' started, version ', version) AS text, 'start' AS tags FROM panel_sensors
        WHERE $__timeFilter(started) ORDER BY 1 DESC LIMIT 100`,
    },
  ],
  panels: [
    ...STANDING_PANELS,
    series({
      id: 8,
      title: 'Quota burn-down',
      description:
        "What is left of the day's allowance, by sensor. It falls evenly over the day and jumps back at 00:00 UTC; flat at 0 means that nothing new is asked.",
      width: 12,
      height: 8,
      sql: `SELECT ${BUCKET}, sensor AS metric, MIN(quota_allowed - quota_used) AS left_today
        FROM panel_sensor_stats WHERE ${MINUTES} AND quota_allowed IS NOT NULL GROUP BY 1, 2 ORDER BY 1`,
      unit: 'short',
      noValue: 'No allowance is known',
      interval: '1m',
    }),
    series({
      id: 9,
      title: 'Queue',
      description: 'Questions that wait, and the age of the oldest.',
      width: 12,
      height: 8,
      sql: `SELECT ${BUCKET}, MAX(queue_length) AS waiting, MAX(queue_oldest_s) AS oldest FROM panel_sensor_stats WHERE ${MINUTES} GROUP BY 1 ORDER BY 1`,
      unit: 'short',
      noValue: 'No sensor heard in this period',
      interval: '1m',
      fields: { waiting: { colour: neutral }, oldest: { unit: 's', colour: warning, axis: 'right' } },
    }),
    series({
      id: 10,
      title: 'Coverage',
      description:
        'Share of the names first seen on a day that have an answer, by sensor. Begins anew every day at 00:00 UTC.',
      width: 12,
      height: 8,
      sql: `SELECT ${BUCKET}, sensor AS metric, MIN(coverage) AS coverage FROM panel_sensor_stats
        WHERE ${MINUTES} AND coverage IS NOT NULL GROUP BY 1, 2 ORDER BY 1`,
      unit: 'percentunit',
      noValue: 'Nothing new in this period',
      interval: '1m',
      steps: [
        [null, bad],
        [0.2, warning],
        [0.5, good],
      ],
    }),
    series({
      id: 11,
      title: 'Drops and blindness',
      description:
        'What went unseen: events the sidecar refused, malformed and cut ones, an estimate of those that never arrived, packets Suricata dropped, and minutes without any event. All should lie at 0.',
      width: 12,
      height: 8,
      sql: [
        `SELECT ${BUCKET}, SUM(dropped) AS refused, SUM(malformed) AS malformed, SUM(truncated) AS cut, SUM(lost) AS \`never arrived\`,
          SUM(blind) AS \`blind minutes\` FROM panel_sensor_stats WHERE ${MINUTES} GROUP BY 1 ORDER BY 1`,
        `SELECT ${BUCKET}, SUM(drops) AS \`packets dropped\` FROM panel_suricata WHERE ${MINUTES} GROUP BY 1 ORDER BY 1`,
      ],
      unit: 'short',
      noValue: 'No sensor heard in this period',
      interval: '1m',
      isStacked: true,
      steps: [
        [null, good],
        [1, bad],
      ],
      fields: {
        'blind minutes': { colour: bad },
        'never arrived': { colour: warning },
        'packets dropped': { colour: notice },
      },
    }),
    series({
      id: 12,
      title: 'Events and packets',
      description:
        'What Suricata saw and what arrived here. Packets without events mean that the sidecar is not connected.',
      width: 12,
      height: 8,
      sql: [
        `SELECT ${BUCKET}, SUM(events) AS events FROM panel_sensor_stats WHERE ${MINUTES} GROUP BY 1 ORDER BY 1`,
        `SELECT ${BUCKET}, SUM(packets) AS packets FROM panel_suricata WHERE ${MINUTES} GROUP BY 1 ORDER BY 1`,
      ],
      unit: 'short',
      noValue: 'No sensor heard in this period',
      interval: '1m',
      fields: { events: { colour: neutral }, packets: { colour: good, axis: 'right' } },
    }),
    series({
      id: 13,
      title: 'Answers of VirusTotal',
      description:
        'Questions asked of VirusTotal, by what came of them. "quota", "unavailable" and "credentials" brought no answer and are asked again.',
      width: 12,
      height: 8,
      sql: `SELECT $__timeGroupAlias(hour, $__interval, 0), outcome AS metric, SUM(questions) AS questions FROM panel_lookup_hours
        WHERE $__timeFilter(hour) AND ${OF_VIRUSTOTAL} AND ${SENSOR} GROUP BY 1, 2 ORDER BY 1`,
      unit: 'short',
      noValue: 'Nothing was asked in this period',
      interval: '1h',
      isStacked: true,
      fields: {
        found: { colour: good },
        not_found: { colour: unknown },
        quota: { colour: warning },
        unavailable: { colour: warning },
        credentials: { colour: bad },
        refused: { colour: bad },
      },
    }),
    series({
      id: 14,
      title: 'Time to an answer',
      description:
        'How long VirusTotal took, on average and at worst. Seconds of waiting mean that it is slow, not that we are.',
      width: 12,
      height: 8,
      sql: `SELECT $__timeGroupAlias(hour, $__interval), SUM(took_ms) / SUM(questions) AS average, MAX(longest_ms) AS worst
        FROM panel_lookup_hours WHERE $__timeFilter(hour) AND ${OF_VIRUSTOTAL} AND ${SENSOR} GROUP BY 1 ORDER BY 1`,
      unit: 'ms',
      noValue: 'Nothing was asked in this period',
      interval: '1h',
      fields: { average: { colour: neutral }, worst: { colour: warning } },
    }),
    series({
      id: 15,
      title: 'Sync lag and outbox',
      description:
        'How far this database was behind, as the sensors saw it, and how many rows waited. Known afterwards also for the time it was away.',
      width: 12,
      height: 8,
      sql: `SELECT ${BUCKET}, MAX(sync_lag_s) AS lag, SUM(outbox_rows) / COUNT(DISTINCT minute) AS \`rows to send\`
        FROM panel_sensor_stats WHERE ${MINUTES} GROUP BY 1 ORDER BY 1`,
      unit: 's',
      noValue: 'No sensor heard in this period',
      interval: '1m',
      steps: [
        [null, good],
        [600, bad],
      ],
      fields: { lag: { colour: warning }, 'rows to send': { unit: 'short', colour: neutral, axis: 'right' } },
    }),
    series({
      id: 16,
      title: 'Age of the oldest proof',
      description:
        'How long ago the target that was proved least lately was proved, by sensor. A saw-tooth is health; a slope without end is a block on paper.',
      width: 12,
      height: 8,
      sql: `SELECT ${BUCKET}, sensor AS metric, MAX(proof_age_s) AS age FROM panel_sensor_stats
        WHERE ${MINUTES} AND proof_age_s IS NOT NULL GROUP BY 1, 2 ORDER BY 1`,
      unit: 's',
      noValue: 'Nothing is published',
      interval: '1m',
      steps: [
        [null, good],
        [86_400, bad],
      ],
    }),
    table({
      id: 17,
      title: 'Targets',
      description:
        'What is published where by each sensor, what failed, and when it was last proved (kept to the hour).',
      width: 24,
      height: 7,
      sql: `SELECT sensor AS Sensor, target AS Target, COUNT(*) AS Indicators, COALESCE(SUM(state = 'proved'), 0) AS Proved,
          COALESCE(SUM(state = 'failed'), 0) AS Failed, MAX(IF(${hasCome('published')}, published, NULL)) AS \`Last publish\`,
          ${ageOf(`MAX(IF(${hasCome('proved')}, proved, NULL))`)} AS \`Last proof\`,
          MAX(error) AS \`An error\`
        FROM panel_published WHERE ${SENSOR} GROUP BY sensor, target ORDER BY 5 DESC, sensor, target`,
      unit: 'short',
      noValue: 'Nothing is published',
      fields: {
        Sensor: { unit: 'string' },
        Target: { unit: 'string' },
        Failed: {
          isColoured: true,
          steps: [
            [null, good],
            [1, bad],
          ],
        },
        'Last publish': { unit: 'dateTimeAsIso' },
        'Last proof': {
          unit: 's',
          isColoured: true,
          steps: [
            [null, good],
            [7200, warning],
            [86_400, bad],
          ],
        },
        'An error': { unit: 'string' },
      },
    }),
    text({
      id: 18,
      title: 'How to read this',
      description: 'What has to hold before the other dashboards can be believed.',
      width: 24,
      height: 4,
      markdown:
        'Believe the other dashboards where every sensor was heard within two minutes, the lag is below two minutes, nothing is dropped or blind, and the proofs are young. A spent quota is no fault: what waits is asked tomorrow, the most worthwhile first. `guardian status` says the same on the sensor itself, with hints.',
    }),
  ],
};
