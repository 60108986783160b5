import { quotasByAccount } from './derived.ts';
import {
  bucketOf,
  expected,
  hasCome,
  isChosen,
  isRecent,
  isVirusTotal,
  isWithin,
  type Question,
  type Reference,
} from './question.ts';
import { ageOf, dated, distinct, groupBy, max, min, perGroup, secondsBetween, share, sum, sumOrNull } from './tally.ts';
import { DAY, floorTo, HOUR, type Minute, NOW } from './world.ts';

const minutesOf = (q: Question) =>
  q.world.minutes.filter(({ minute, sensor }) => isWithin(q, minute) && isChosen(q.choice.sensor, sensor));
const suricataOf = (q: Question) =>
  q.world.suricata.filter(({ minute, sensor }) => isWithin(q, minute) && isChosen(q.choice.sensor, sensor));
const lookupsOf = (q: Question) =>
  q.world.lookups
    .filter(isVirusTotal)
    .map((lookup) => ({ ...lookup, at: floorTo(lookup.at, HOUR) }))
    .filter(({ at, sensor }) => isWithin(q, at) && isChosen(q.choice.sensor, sensor));
const sensorsOf = ({ world, choice }: Question) =>
  world.sensors.filter(({ sensor }) => isChosen(choice.sensor, sensor));

/** The last minute of each sensor, unless that is an hour ago. */
function latest({ world, choice }: Question): readonly Minute[] {
  const fresh = world.minutes.filter(({ minute, sensor }) => isRecent(minute, HOUR) && isChosen(choice.sensor, sensor));
  return [...groupBy(fresh, ({ sensor }) => sensor).values()].flatMap((rows) => {
    const last = max(rows.map(({ minute }) => minute));
    return rows.filter(({ minute }) => minute === last);
  });
}

/** Since a time that the sensor's own clock told. */
const ageBy = (at: number | null, skewMs: number): number | null =>
  at === null ? null : Math.max(0, (secondsBetween(at, NOW) ?? 0) + Math.trunc(skewMs / 1000));

/** Of the rows that say something, by bucket and sensor. */
function bySensor(q: Question, of: (row: Minute) => number | null, pick: (values: readonly number[]) => number | null) {
  const told = minutesOf(q).filter((row) => of(row) !== null);
  return perGroup(
    told,
    ({ minute, sensor }) => [bucketOf(q, minute), sensor],
    (key, rows) => [...key, pick(rows.map((row) => of(row) ?? 0))],
  );
}

const believed = (at: number | null): number | null => (at !== null && hasCome(at) ? at : null);

const left = ({ used, allowed }: Minute): number | null => (allowed === null || used === null ? null : allowed - used);

/** `sidecar_health.json`, panel by panel. */
export const SIDECAR_REFERENCE: Readonly<Record<string, Reference>> = {
  'hng-sidecar-health/1/A': ({ world, choice }) => {
    const shown = world.quotas.filter((quota) => isVirusTotal(quota) && isChosen(choice.sensor, quota.sensor));
    const shares = quotasByAccount({ ...world, quotas: shown }, floorTo(NOW, DAY)).map((group) =>
      share(
        sum(group, ({ used }) => used),
        max(group.map(({ allowed }) => allowed)),
      ),
    );
    return expected('n', ['used'], [[max(shares)]]);
  },
  'hng-sidecar-health/2/A': (q) => expected('n', ['waiting'], [[sumOrNull(latest(q), ({ queue }) => queue)]]),
  'hng-sidecar-health/3/A': (q) => expected('n', ['age'], [[max(latest(q).map(({ oldest }) => oldest))]]),
  'hng-sidecar-health/4/A': (q) => expected('n', ['coverage'], [[min(latest(q).map(({ coverage }) => coverage))]]),
  'hng-sidecar-health/5/A': (q) => expected('n', ['age'], [[max(latest(q).map(({ proofAge }) => proofAge))]]),
  'hng-sidecar-health/6/A': (q) =>
    expected('n', ['lag'], [[max(sensorsOf(q).map(({ syncedUntil, skewMs }) => ageBy(syncedUntil, skewMs)))]]),
  'hng-sidecar-health/7/A': (q) =>
    expected(
      'ttnnnnnnn',
      ['Sensor', 'Version', 'Last heard', 'Lag', 'Running for', 'Rows to send', 'Set aside', 'Given up', 'Clock ahead'],
      sensorsOf(q).map((s) => [
        s.sensor,
        s.version,
        Math.abs(secondsBetween(s.heartbeat, NOW) ?? 0),
        ageBy(s.syncedUntil, s.skewMs),
        ageBy(s.started, s.skewMs),
        s.outboxRows,
        s.setAside,
        s.thinned,
        s.skewMs,
      ]),
    ),
  'hng-sidecar-health/8/A': (q) => expected('ntn', ['time', 'metric', 'left_today'], bySensor(q, left, min)),
  'hng-sidecar-health/9/A': (q) =>
    expected(
      'nnn',
      ['time', 'waiting', 'oldest'],
      perGroup(
        minutesOf(q),
        ({ minute }) => [bucketOf(q, minute)],
        (key, rows) => [...key, max(rows.map(({ queue }) => queue)), max(rows.map(({ oldest }) => oldest))],
      ),
    ),
  'hng-sidecar-health/10/A': (q) =>
    expected(
      'ntn',
      ['time', 'metric', 'coverage'],
      bySensor(q, ({ coverage }) => coverage, min),
    ),
  'hng-sidecar-health/11/A': (q) =>
    expected(
      'nnnnnn',
      ['time', 'refused', 'malformed', 'cut', 'never arrived', 'blind minutes'],
      perGroup(
        minutesOf(q),
        ({ minute }) => [bucketOf(q, minute)],
        (key, rows) => [
          ...key,
          sum(rows, ({ dropped }) => dropped),
          sum(rows, ({ malformed }) => malformed),
          sum(rows, ({ truncated }) => truncated),
          sum(rows, ({ lost }) => lost),
          sum(rows, ({ blind }) => blind),
        ],
      ),
    ),
  'hng-sidecar-health/11/B': (q) =>
    expected(
      'nn',
      ['time', 'packets dropped'],
      perGroup(
        suricataOf(q),
        ({ minute }) => [bucketOf(q, minute)],
        (key, rows) => [...key, sum(rows, ({ drops }) => drops)],
      ),
    ),
  'hng-sidecar-health/12/A': (q) =>
    expected(
      'nn',
      ['time', 'events'],
      perGroup(
        minutesOf(q),
        ({ minute }) => [bucketOf(q, minute)],
        (key, rows) => [...key, sum(rows, ({ events }) => events)],
      ),
    ),
  'hng-sidecar-health/12/B': (q) =>
    expected(
      'nn',
      ['time', 'packets'],
      perGroup(
        suricataOf(q),
        ({ minute }) => [bucketOf(q, minute)],
        (key, rows) => [...key, sum(rows, ({ packets }) => packets)],
      ),
    ),
  'hng-sidecar-health/13/A': (q) =>
    expected(
      'ntn',
      ['time', 'metric', 'questions'],
      perGroup(
        lookupsOf(q),
        ({ at, outcome }) => [bucketOf(q, at), outcome],
        (key, rows) => [...key, rows.length],
      ),
    ),
  'hng-sidecar-health/14/A': (q) =>
    expected(
      'nnn',
      ['time', 'average', 'worst'],
      perGroup(
        lookupsOf(q),
        ({ at }) => [bucketOf(q, at)],
        (key, rows) => [
          ...key,
          share(
            sum(rows, ({ tookMs }) => tookMs),
            rows.length,
          ),
          max(rows.map(({ tookMs }) => tookMs)),
        ],
      ),
    ),
  'hng-sidecar-health/15/A': (q) =>
    expected(
      'nnn',
      ['time', 'lag', 'rows to send'],
      perGroup(
        minutesOf(q),
        ({ minute }) => [bucketOf(q, minute)],
        (key, rows) => [
          ...key,
          max(rows.map(({ lag }) => lag)),
          share(
            sum(rows, ({ outboxRows }) => outboxRows),
            distinct(rows, ({ minute }) => minute),
          ),
        ],
      ),
    ),
  'hng-sidecar-health/16/A': (q) =>
    expected(
      'ntn',
      ['time', 'metric', 'age'],
      bySensor(q, ({ proofAge }) => proofAge, max),
    ),
  'hng-sidecar-health/17/A': ({ world, choice }) =>
    expected(
      'ttnnndnt',
      ['Sensor', 'Target', 'Indicators', 'Proved', 'Failed', 'Last publish', 'Last proof', 'An error'],
      perGroup(
        world.published.filter(({ sensor }) => isChosen(choice.sensor, sensor)),
        ({ sensor, target }) => [sensor, target],
        (key, rows) => [
          ...key,
          rows.length,
          rows.filter(({ state }) => state === 'proved').length,
          rows.filter(({ state }) => state === 'failed').length,
          dated(max(rows.map(({ published }) => believed(published)))),
          ageOf(max(rows.map(({ proved }) => believed(proved))), NOW),
          max(rows.map(({ error }) => error)),
        ],
      ),
    ),
};
