import { deviceHours, flaggedHours, sortedScans } from './derived.ts';
import { expected, isLately, isWithin, type Reference, ranked } from './question.ts';
import { type Cell, dated, distinct, groupBy, max, min, perGroup, secondsBetween, share, sum } from './tally.ts';
import { devicesSeen } from './virus-total-reference.ts';
import { DAY, floorTo, HOUR, MINUTE, NOW, type Pihole } from './world.ts';

/** Annotations of a dashboard are cut off here. */
const MOST_ANNOTATIONS = 100;

const sensors: Reference = ({ world }) =>
  expected(
    't',
    ['sensor'],
    world.sensors.map(({ sensor }) => [sensor]),
  );

const newMalicious: Reference = (q) => {
  const turned = q.world.changes.filter(({ at, to }) => isWithin(q, at) && to === 'malicious');
  const rows = perGroup(
    turned,
    ({ kind, value }) => [kind, value],
    ([kind = null, value = null], group) => [dated(min(group.map(({ at }) => at))), `${value} turned malicious`, kind],
  );
  return expected('dtt', ['time', 'text', 'tags'], ranked(rows, [0, -1]).slice(0, MOST_ANNOTATIONS));
};

const publishes: Reference = (q) => {
  const rows = q.world.published
    .filter(({ published }) => published !== null && isWithin(q, published))
    .map(({ published, value, target }): readonly Cell[] => [
      dated(published),
      `${value} published to ${target}`,
      target,
    ]);
  return expected('dtt', ['time', 'text', 'tags'], ranked(rows, [0, -1]).slice(0, MOST_ANNOTATIONS));
};

const within = isLately;

/** Variables, annotations and alert rules. */
export const OTHER_REFERENCE: Readonly<Record<string, Reference>> = {
  'hng-network-overview/variable/sensor': sensors,
  'hng-sidecar-health/variable/sensor': sensors,
  'hng-network-overview/variable/client': (q) =>
    expected(
      't',
      ['client'],
      devicesSeen(q).map((client) => [client]),
    ),
  'hng-virus-total/annotation/New malicious indicators': newMalicious,
  'hng-network-overview/annotation/New malicious indicators': newMalicious,
  'hng-sidecar-health/annotation/New malicious indicators': newMalicious,
  'hng-virus-total/annotation/Publishes': publishes,
  'hng-network-overview/annotation/Publishes': publishes,
  'hng-sidecar-health/annotation/Publishes': publishes,
  'hng-sidecar-health/annotation/Sidecar starts': (q) => {
    const rows = q.world.sensors.filter(({ started }) => isWithin(q, started));
    return expected(
      'dtt',
      ['time', 'text', 'tags'],
      rows.map(({ started, sensor, version }) => [dated(started), `${sensor} started, version ${version}`, 'start']),
    );
  },
  'alert/hng-malicious-indicator': ({ world }) => {
    const turned = world.changes.filter(({ at, to }) => within(at, 15 * MINUTE) && to === 'malicious');
    return expected(
      'tn',
      ['indicator', 'sensors'],
      perGroup(
        turned,
        ({ value }) => [value],
        (key, rows) => [...key, rows.length],
      ),
    );
  },
  'alert/hng-device-contact': ({ world }) => {
    const used = flaggedHours(world).filter(
      ({ hour, lastSeen, state }) => within(hour, 2 * HOUR) && within(lastSeen, 15 * MINUTE) && state === 'malicious',
    );
    return expected(
      'ttn',
      ['device', 'indicator', 'times'],
      perGroup(
        used,
        ({ client, value }) => [client, value],
        (key, rows) => [...key, sum(rows, ({ count }) => count)],
      ),
    );
  },
  'alert/hng-ratio-jump': ({ world }) => {
    const found = sortedScans(world).filter(({ outcome, source }) => outcome === 'found' && source === 'virustotal');
    const [recent, week] = [2 * HOUR, 7 * DAY].map((ms) => found.filter(({ hour }) => within(hour, ms)));
    const bad = (rows: typeof found = []) => rows.filter(({ positives }) => positives >= 5).length;
    const n = recent?.length ?? 0;
    const usual = week === undefined || week.length === 0 ? 0 : bad(week) / week.length;
    return expected(
      'n',
      ['times_usual'],
      [[bad(recent) >= 3 && bad(recent) > 0.02 * n ? bad(recent) / n / Math.max(usual, 0.001) : 0]],
    );
  },
  'alert/hng-severe-burst': ({ world }) => {
    const severe = world.alerts.filter(({ minute, severity }) => within(minute, 10 * MINUTE) && severity === 1);
    return expected(
      'tn',
      ['device', 'alerts'],
      perGroup(
        severe,
        ({ client }) => [client],
        (key, rows) => [...key, sum(rows, ({ count }) => count)],
      ),
    );
  },
  'alert/hng-blocked-share': ({ world }) => {
    const recent = world.pihole.filter(({ minute }) => within(minute, 30 * MINUTE));
    const before = world.pihole.filter(({ minute }) => minute > NOW - 7 * DAY && minute <= NOW - 30 * MINUTE);
    const shareOf = (rows: readonly Pihole[]): number | null =>
      share(
        sum(rows, ({ blocked }) => blocked),
        sum(rows, ({ queries }) => queries),
      );
    const times = (rows: readonly Pihole[]): number => {
      const usual = shareOf(before.filter(({ sensor }) => sensor === rows[0]?.sensor));
      const queries = sum(rows, (row) => row.queries);
      const present = shareOf(rows) ?? 0;
      if (rows.every(({ blocking }) => blocking === 0)) return 0;
      if (queries < 100 || usual === null) return 1;
      if (present > usual) return Math.max(1, present / Math.max(usual, 0.05));
      return queries * usual >= 10 ? present / usual : 1;
    };
    return expected(
      'tn',
      ['sensor', 'times_usual'],
      [...groupBy(recent, ({ sensor }) => sensor).values()].map((rows) => [rows[0]?.sensor ?? '', times(rows)]),
    );
  },
  'alert/hng-dns-volume': ({ world }) => {
    const byHour = [...groupBy(deviceHours(world), ({ client, hour }) => [client, hour]).values()].map((rows) => ({
      client: rows[0]?.client ?? '',
      hour: rows[0]?.hour ?? 0,
      queries: sum(rows, ({ queries }) => queries),
    }));
    const rows = [...groupBy(byHour, ({ client }) => client).values()].flatMap((group) => {
      const recent = max(group.filter(({ hour }) => within(hour, 2 * HOUR)).map(({ queries }) => queries));
      const usual = group.filter(({ hour, queries }) => hour > NOW - 7 * DAY && hour <= NOW - 2 * HOUR && queries > 0);
      if (recent === null || usual.length < 12) return [];
      return [[group[0]?.client ?? '', recent / Math.max(sum(usual, ({ queries }) => queries) / usual.length, 100)]];
    });
    return expected('tn', ['device', 'times_usual'], rows);
  },
  'alert/hng-scans-stale': ({ world }) => {
    const rows = world.sensors.map(({ sensor, started }) => {
      const waiting = world.minutes.some(
        (row) => row.sensor === sensor && within(row.minute, 15 * MINUTE) && row.queue > 0,
      );
      const answers = world.lookups.filter(
        (row) => row.sensor === sensor && row.source === 'virustotal' && /found/.test(row.outcome),
      );
      const last = max(answers.map(({ at }) => floorTo(at, HOUR)).filter((hour) => within(hour, 7 * DAY)));
      const age = secondsBetween(last === null ? started : last + HOUR, NOW) ?? 0;
      return [sensor, waiting ? Math.max(0, age) : 0];
    });
    return expected('tn', ['sensor', 'age'], rows);
  },
  'alert/hng-heartbeat': ({ world }) =>
    expected(
      'tn',
      ['sensor', 'age'],
      world.sensors
        .filter(({ heartbeat }) => heartbeat > NOW - 7 * DAY)
        .map(({ sensor, heartbeat }) => [sensor, secondsBetween(heartbeat, NOW)]),
    ),
  'alert/hng-quota': ({ world }) => {
    const today = world.quotas.filter(({ startsAt, allowed }) => startsAt === floorTo(NOW, DAY) && allowed !== null);
    const accounts = [...groupBy(today, ({ account, sensor }) => account ?? sensor).values()];
    return expected(
      'ttn',
      ['source', 'sensor', 'used'],
      accounts.map((rows) => [
        'virustotal',
        min(rows.map(({ sensor }) => sensor)),
        sum(rows, ({ used }) => used) / (max(rows.map(({ allowed }) => allowed)) ?? 1),
      ]),
    );
  },
  'alert/hng-queue': ({ world }) => {
    const hour = world.minutes.filter(({ minute }) => within(minute, HOUR));
    const rows = [...groupBy(hour, ({ sensor }) => sensor).values()].flatMap((group) => {
      const before = group.filter(({ minute }) => minute < NOW - 55 * MINUTE).map(({ queue }) => queue);
      if (before.length === 0) return [];
      const now = group.filter(({ minute }) => within(minute, 5 * MINUTE)).map(({ queue }) => queue);
      return [[group[0]?.sensor ?? '', (max(now) ?? 0) - (min(before) ?? 0)]];
    });
    return expected('tn', ['sensor', 'grown'], rows);
  },
  'alert/hng-drops': ({ world }) => {
    const recent = world.minutes.filter(({ minute }) => within(minute, 5 * MINUTE));
    return expected(
      'tn',
      ['sensor', 'unseen'],
      perGroup(
        recent,
        ({ sensor }) => [sensor],
        (key, rows) => [...key, sum(rows, (m) => m.dropped + m.malformed + m.truncated + m.lost + m.blind)],
      ),
    );
  },
  'alert/hng-database': ({ world }) =>
    expected(
      'tn',
      ['sensor', 'refused'],
      world.sensors.map(({ sensor, setAside }) => [sensor, setAside]),
    ),
};

/** How many things of a world there are to tell apart: a world without would prove nothing. */
export function varietyOf(rows: readonly (readonly Cell[])[]): number {
  return distinct(rows, (row) => row);
}
