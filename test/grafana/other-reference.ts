import { deviceHours, flaggedHours, quotasByAccount, sortedScans } from './derived.ts';
import { expected, isRecent, isVirusTotal, isWithin, type Reference, ranked } from './question.ts';
import { ageOf, type Cell, dated, distinct, groupBy, max, min, perGroup, secondsBetween, sum } from './tally.ts';
import { devicesSeen } from './virus-total-reference.ts';
import { DAY, floorTo, HOUR, MINUTE, NOW, type World } from './world.ts';

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

/** Sensors that were heard within a week. */
const notRetired = ({ sensors }: World) => sensors.filter(({ heartbeat }) => heartbeat > NOW - 7 * DAY);

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
    const turned = world.changes.filter(({ at, to }) => isRecent(at, 15 * MINUTE) && to === 'malicious');
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
      ({ hour, lastSeen, state }) =>
        isRecent(hour, 2 * HOUR) && isRecent(lastSeen, 15 * MINUTE) && state === 'malicious',
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
    const found = sortedScans(world).filter((scan) => isVirusTotal(scan) && scan.outcome === 'found');
    const [recent = [], week = []] = [2 * HOUR, 7 * DAY].map((ms) => found.filter(({ hour }) => isRecent(hour, ms)));
    const bad = (rows: typeof found) => rows.filter(({ positives }) => positives >= 5).length;
    const usual = week.length === 0 ? 0 : bad(week) / week.length;
    const isMuch = bad(recent) >= 5 && bad(recent) > 0.02 * recent.length;
    return expected('n', ['times_usual'], [[isMuch ? bad(recent) / recent.length / Math.max(usual, 0.001) : 0]]);
  },
  'alert/hng-severe-burst': ({ world }) => {
    const severe = world.alerts.filter(({ minute, severity }) => isRecent(minute, 10 * MINUTE) && severity === 1);
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
  'alert/hng-blocking-off': ({ world }) => {
    const told = world.pihole.filter(({ minute, blocking }) => isRecent(minute, 5 * MINUTE) && blocking !== null);
    return expected(
      'tn',
      ['sensor', 'off'],
      perGroup(
        told,
        ({ sensor }) => [sensor],
        (key, rows) => [...key, rows.every(({ blocking }) => blocking === 0) ? 1 : 0],
      ),
    );
  },
  'alert/hng-blocked-share': ({ world }) => {
    const blocking = world.pihole.filter((row) => row.blocking !== 0);
    const rows = [...groupBy(blocking, ({ sensor }) => sensor).values()].flatMap((group) => {
      const recent = group.filter(({ minute }) => isRecent(minute, HOUR));
      const usual = group.filter(({ minute }) => isRecent(minute, 7 * DAY) && minute <= NOW - HOUR);
      const [now, before] = [recent, usual].map((minutes) => ({
        blocked: sum(minutes, ({ blocked }) => blocked),
        queries: sum(minutes, ({ queries }) => queries),
      }));
      if (recent.length === 0 || usual.length < 1440 || now === undefined || !before?.queries) return [];
      const isMuch = now.blocked >= 100 || (now.queries * before.blocked) / before.queries >= 20;
      const odds = now.blocked / Math.max(now.queries - now.blocked, 1);
      const usualOdds = Math.max(before.blocked, 1) / Math.max(before.queries - before.blocked, 1);
      return [[group[0]?.sensor ?? '', isMuch ? odds / usualOdds : 1]];
    });
    return expected('tn', ['sensor', 'times_usual'], rows);
  },
  'alert/hng-dns-volume': ({ world }) => {
    const asked = deviceHours(world).filter(({ hour, queries }) => isRecent(hour, 7 * DAY) && queries > 0);
    const rows = [...groupBy(asked, ({ client }) => client).values()].flatMap((group) => {
      const hours = [...groupBy(group, ({ hour }) => hour).values()].map((sensors) => ({
        hour: sensors[0]?.hour ?? 0,
        queries: sum(sensors, ({ queries }) => queries),
      }));
      const [recent, before] = [true, false].map((wanted) =>
        hours.filter(({ hour }) => isRecent(hour, 2 * HOUR) === wanted).map(({ queries }) => queries),
      );
      const most = max(recent ?? []);
      if (most === null || before === undefined || before.length < 12) return [];
      const mean = sum(before, (queries) => queries) / before.length;
      return [[group[0]?.client ?? '', most / Math.max(mean, 100)]];
    });
    return expected('tn', ['device', 'times_usual'], rows);
  },
  'alert/hng-scans-stale': ({ world }) => {
    const answered = world.lookups
      .filter((lookup) => isVirusTotal(lookup) && ['found', 'not_found'].includes(lookup.outcome))
      .map(({ sensor, at }) => ({ sensor, hour: floorTo(at, HOUR) }))
      .filter(({ hour }) => isRecent(hour, 7 * DAY));
    return expected(
      'tn',
      ['sensor', 'age'],
      perGroup(
        world.minutes.filter(({ minute }) => isRecent(minute, 15 * MINUTE)),
        ({ sensor }) => [sensor],
        ([sensor = null], rows) => {
          const oldest = max(rows.map((row) => row.oldest)) ?? 0;
          const last = max(answered.filter((row) => row.sensor === sensor).map(({ hour }) => hour));
          const age = last === null ? oldest : (ageOf(last + HOUR, NOW) ?? 0);
          return [sensor, rows.some(({ queue }) => queue === 0) ? 0 : Math.min(oldest, age)];
        },
      ),
    );
  },
  'alert/hng-heartbeat': ({ world }) =>
    expected(
      'tn',
      ['sensor', 'age'],
      notRetired(world).map(({ sensor, heartbeat }) => [sensor, Math.abs(secondsBetween(heartbeat, NOW) ?? 0)]),
    ),
  'alert/hng-quota': ({ world }) => {
    const rows = quotasByAccount(world, floorTo(NOW, DAY)).flatMap((group) => {
      const allowed = max(group.map((quota) => quota.allowed));
      if (allowed === null) return [];
      const sensors = group.map(({ sensor }) => sensor).toSorted();
      return [[group[0]?.source ?? '', sensors.join(', '), sum(group, ({ used }) => used) / allowed]];
    });
    return expected('ttn', ['source', 'sensors', 'used'], rows);
  },
  'alert/hng-queue': ({ world }) => {
    const hour = world.minutes.filter(({ minute }) => isRecent(minute, HOUR));
    const rows = [...groupBy(hour, ({ sensor }) => sensor).values()].flatMap((group) => {
      const before = group.filter(({ minute }) => minute < NOW - 55 * MINUTE).map(({ queue }) => queue);
      if (before.length === 0) return [];
      const now = group.filter(({ minute }) => isRecent(minute, 5 * MINUTE)).map(({ queue }) => queue);
      return [[group[0]?.sensor ?? '', (max(now) ?? 0) - (min(before) ?? 0)]];
    });
    return expected('tn', ['sensor', 'grown'], rows);
  },
  'alert/hng-drops': ({ world }) => {
    const recent = world.minutes.filter(({ minute }) => isRecent(minute, 5 * MINUTE));
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
      notRetired(world).map(({ sensor, setAside }) => [sensor, setAside]),
    ),
};

/** How many things of a world there are to tell apart: a world without would prove nothing. */
export function varietyOf(rows: readonly (readonly Cell[])[]): number {
  return distinct(rows, (row) => row);
}
