import { alertHours, deviceHours, flaggedHours } from './derived.ts';
import { bucketOf, expected, isChosen, isWithin, type Question, type Reference, ranked } from './question.ts';
import {
  type Cell,
  dated,
  distinct,
  groupBy,
  max,
  min,
  mostFlagged,
  perGroup,
  secondsBetween,
  share,
  sum,
  sumOrNull,
} from './tally.ts';
import { NOW } from './world.ts';

interface OfDevice {
  readonly hour: number;
  readonly sensor: string;
  readonly client: string;
}

const chosen = (q: Question) => (row: OfDevice) =>
  isWithin(q, row.hour) && isChosen(q.choice.sensor, row.sensor) && isChosen(q.choice.client, row.client);

const devicesOf = (q: Question) => deviceHours(q.world).filter(chosen(q));
const flaggedOf = (q: Question) => flaggedHours(q.world).filter(chosen(q));
const searched = (q: Question) => flaggedOf(q).filter(({ value }) => value.includes(q.choice.search));
const alertsOf = (q: Question) =>
  alertHours(q.world).filter((row) => chosen(q)(row) && isChosen(q.choice.severity, String(row.severity)));
const piholeOf = (q: Question) =>
  q.world.pihole.filter(({ minute, sensor }) => isWithin(q, minute) && isChosen(q.choice.sensor, sensor));

interface Device {
  readonly client: string;
  readonly signals: number;
  readonly malicious: number;
  readonly suspicious: number;
  readonly alerts: readonly [number, number, number];
  readonly queries: number;
  readonly nxdomain: number;
  readonly stopped: number;
}

function matrix(q: Question): readonly Device[] {
  const flagged = groupBy(flaggedOf(q), ({ client }) => client);
  return [...groupBy(devicesOf(q), ({ client }) => client)].map(([key, rows]) => {
    const bad = (state: string) =>
      distinct(
        (flagged.get(key) ?? []).filter((row) => row.state === state),
        ({ value }) => value,
      );
    const [malicious, suspicious] = [bad('malicious'), bad('suspicious')];
    const severity = (at: 0 | 1 | 2) => sum(rows, ({ alerts }) => alerts[at]);
    const alerts = [severity(0), severity(1), severity(2)] as const;
    const [queries, nxdomain] = [sum(rows, (row) => row.queries), sum(rows, (row) => row.nxdomain)];
    const stopped = sum(q.world.piholeHits.filter(chosen(q)), (hit) =>
      JSON.stringify(hit.client) === key ? hit.count : 0,
    );
    const shown = [
      malicious > 0,
      suspicious > 0,
      alerts[0] > 0,
      alerts[1] > 0,
      queries >= 100 && nxdomain > queries / 2,
    ];
    return {
      client: JSON.parse(key) as string,
      signals: shown.filter(Boolean).length,
      malicious,
      suspicious,
      alerts,
      queries,
      nxdomain,
      stopped,
    };
  });
}

/** `network_overview.json`, panel by panel. */
export const NETWORK_REFERENCE: Readonly<Record<string, Reference>> = {
  'hng-network-overview/1/A': (q) => {
    const rows = piholeOf(q);
    return expected(
      'n',
      ['questions'],
      [
        [
          share(
            sumOrNull(rows, ({ queries }) => queries),
            distinct(rows, ({ minute }) => minute),
          ),
        ],
      ],
    );
  },
  'hng-network-overview/2/A': (q) => {
    const rows = piholeOf(q);
    return expected(
      'n',
      ['blocked'],
      [
        [
          share(
            sumOrNull(rows, ({ blocked }) => blocked),
            sum(rows, ({ queries }) => queries),
          ),
        ],
      ],
    );
  },
  'hng-network-overview/3/A': (q) => expected('n', ['alerts'], [[sum(devicesOf(q), ({ alerts }) => alerts[0])]]),
  'hng-network-overview/4/A': (q) =>
    expected(
      'n',
      ['indicators'],
      [
        [
          distinct(
            flaggedOf(q).filter(({ state }) => state === 'malicious'),
            ({ kind, value }) => [kind, value],
          ),
        ],
      ],
    ),
  'hng-network-overview/5/A': (q) =>
    expected('n', ['devices'], [[matrix(q).filter(({ signals }) => signals >= 2).length]]),
  'hng-network-overview/6/A': ({ world, choice }) => {
    const silences = world.sensors
      .filter(({ sensor }) => isChosen(choice.sensor, sensor))
      .map(({ heartbeat }) => Math.abs(secondsBetween(heartbeat, NOW) ?? 0));
    return expected('n', ['age'], [[max(silences)]]);
  },
  'hng-network-overview/7/A': (q) =>
    expected(
      'nnn',
      ['time', 'DNS questions', 'alerts'],
      perGroup(
        devicesOf(q),
        ({ hour }) => [bucketOf(q, hour)],
        (key, rows) => [...key, sum(rows, ({ queries }) => queries), sum(rows, ({ alerts: [a, b, c] }) => a + b + c)],
      ),
    ),
  'hng-network-overview/7/B': (q) =>
    expected(
      'nn',
      ['time', 'uses of flagged'],
      perGroup(
        flaggedOf(q),
        ({ hour }) => [bucketOf(q, hour)],
        (key, rows) => [...key, sum(rows, ({ count }) => count)],
      ),
    ),
  'hng-network-overview/8/A': (q) =>
    expected(
      'nnnnnn',
      ['time', 'questions', 'blocked', 'cached', 'forwarded', 'minutes not blocking'],
      perGroup(
        piholeOf(q),
        ({ minute }) => [bucketOf(q, minute)],
        (key, rows) => [
          ...key,
          sum(rows, ({ queries }) => queries),
          sum(rows, ({ blocked }) => blocked),
          sum(rows, ({ cached }) => cached),
          sum(rows, ({ forwarded }) => forwarded),
          rows.filter(({ blocking }) => blocking === 0).length,
        ],
      ),
    ),
  'hng-network-overview/9/A': (q) =>
    expected(
      'ntn',
      ['time', 'metric', 'alerts'],
      perGroup(
        alertsOf(q),
        ({ hour, severity }) => [bucketOf(q, hour), `severity ${severity}`],
        (key, rows) => [...key, sum(rows, ({ count }) => count)],
      ),
    ),
  'hng-network-overview/10/A': (q) => {
    const rows = matrix(q).map((d): readonly Cell[] => [
      d.client,
      d.signals,
      100 * d.malicious + 20 * d.suspicious + 50 * Math.min(d.alerts[0], 10) + 10 * Math.min(d.alerts[1], 10),
      d.malicious,
      d.suspicious,
      ...d.alerts,
      d.stopped,
      d.queries,
      share(d.nxdomain, d.queries),
    ]);
    const columns = [
      'Device',
      'Signals',
      'Score',
      'Malicious',
      'Suspicious',
      'Severity 1',
      'Severity 2',
      'Severity 3+',
      'Stopped by Pi-hole',
      'DNS questions',
      'No such name',
    ];
    return expected('tnnnnnnnnnn', columns, ranked(rows, [2, -1], [9, -1], [0, 1]).slice(0, 200));
  },
  'hng-network-overview/11/A': (q) => {
    const rows = perGroup(
      searched(q),
      ({ value, state }) => [value, state],
      (key, group) => [
        ...key,
        mostFlagged(group.map(({ ratio }) => ratio)),
        max(group.map(({ held }) => held)),
        distinct(group, ({ client }) => client),
        sum(group, ({ count }) => count),
        dated(max(group.map(({ lastSeen }) => lastSeen))),
      ],
    );
    const columns = ['Indicator', 'Verdict', 'Ratio', 'Held', 'Devices', 'Times', 'Last seen'];
    return expected('tttnnnd', columns, ranked(rows, [1, 1], [5, -1], [0, 1]).slice(0, 200));
  },
  'hng-network-overview/12/A': (q) => {
    const rows = perGroup(
      searched(q),
      ({ client }) => [client],
      (key, group) => [
        ...key,
        sum(group, ({ state, count }) => (state === 'malicious' ? count : 0)),
        sum(group, ({ state, count }) => (state === 'suspicious' ? count : 0)),
      ],
    );
    return expected('tnn', ['device', 'malicious', 'suspicious'], ranked(rows, [1, -1], [2, -1], [0, 1]).slice(0, 20));
  },
  'hng-network-overview/13/A': (q) => {
    const rows = searched(q)
      .filter(({ clientAlerts }) => clientAlerts > 0)
      .map((row): readonly Cell[] => [
        dated(row.hour),
        row.client,
        row.value,
        row.state,
        row.count,
        row.alerts,
        row.clientAlerts,
        row.worst,
      ]);
    const columns = [
      'Hour',
      'Device',
      'Indicator',
      'Verdict',
      'Times',
      'Alerts about it',
      'All alerts',
      'Worst severity',
    ];
    return expected('dtttnnnn', columns, ranked(rows, [5, -1], [0, -1], [1, 1], [2, 1]).slice(0, 200));
  },
  'hng-network-overview/14/A': (q) => {
    const rows = perGroup(
      alertsOf(q),
      ({ sid, signature, category }) => [String(sid), signature, category],
      (key, group) => [
        ...key,
        min(group.map(({ severity }) => severity)),
        sum(group, ({ count }) => count),
        sum(group, ({ blocked }) => blocked),
        distinct(group, ({ client }) => client),
        dated(max(group.map(({ lastSeen }) => lastSeen))),
      ],
    );
    const columns = ['SID', 'Signature', 'Category', 'Severity', 'Alerts', 'Blocked', 'Devices', 'Last seen'];
    return expected('tttnnnnd', columns, ranked(rows, [3, 1], [4, -1]).slice(0, 100));
  },
};
