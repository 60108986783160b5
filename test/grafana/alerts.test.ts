import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createConnection } from 'mysql2/promise';
import { ALERT_RULES } from '../../native-config/grafana/alert-rules.ts';
import { startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { asGrafana, ask, grants } from './ask.ts';
import { fillWorld, makeSchema } from './fill-world.ts';
import { momentOf } from './question.ts';
import {
  DAY,
  EMPTY,
  floorTo,
  HOUR,
  type Lookup,
  MINUTE,
  type Minute,
  NOW,
  type Pihole,
  type Quota,
  type Scan,
  type Sensor,
  type Sighting,
  type World,
} from './world.ts';

const THIS_HOUR = floorTo(NOW, HOUR);

/** Which rows of an alert rule fire in a world, by the texts that tell them apart. */
type Fired = (uid: string) => Promise<readonly string[]>;

async function alertsOf(t: TestContext, world: World): Promise<Fired> {
  const server = await startMariadb(t, { dir: tempDir(t) });
  await makeSchema(server, grants());
  const writer = await createConnection({ socketPath: server.socket, user: 'root', charset: 'utf8mb4_unicode_ci' });
  await fillWorld(server, writer, world);
  await writer.end();
  const connection = await asGrafana(server);
  t.after(() => connection.destroy());
  const choice = { minPositives: 5, shownFrom: 1, search: '' };
  const moment = momentOf({ world, from: NOW - HOUR, to: NOW, bucketMs: MINUTE, choice });
  return async (uid) => {
    const rule = ALERT_RULES.find((one) => one.uid === uid);
    assert.ok(rule !== undefined);
    const { rows } = await ask(connection, { name: uid, sql: rule.sql }, moment);
    const [least, most] = rule.outside ?? [Number.NEGATIVE_INFINITY, rule.above ?? Number.POSITIVE_INFINITY];
    return rows
      .filter((row) => Number(row.at(-1)) < least || Number(row.at(-1)) > most)
      .map((row) => row.slice(0, -1).join(' '))
      .toSorted();
  };
}

function asked(client: string, hour: number, count: number, sensor = 'gateway'): Sighting {
  const times = { firstSeen: hour, lastSeen: hour + MINUTE };
  const thing = { kind: 'domain', value: 'www.example.com' } as const;
  return { ...thing, hour, client, via: 'dns', sensor, count, nxdomain: 0, ...times };
}

/** Hours of the evenings of the days before this one. */
const evenings = (days: number): readonly number[] =>
  Array.from({ length: days }, (_, day) =>
    [19, 20, 21].map((hour) => floorTo(NOW, DAY) - (day + 1) * DAY + hour * HOUR),
  ).flat();

test('a device is told when it asks far more than it does, not when it is new or only used in the evening', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const sightings = [
    ...evenings(6).map((hour) => asked('laptop', hour, 200)),
    asked('laptop', THIS_HOUR, 700),
    ...evenings(6).map((hour) => asked('loop', hour, 200)),
    asked('loop', THIS_HOUR, 1200),
    // Two sensors hear it: what counts is what it asked.
    ...evenings(6).flatMap((hour) => [asked('split', hour, 100), asked('split', hour, 100, 'attic')]),
    asked('split', THIS_HOUR, 600),
    asked('split', THIS_HOUR, 600, 'attic'),
    asked('new', THIS_HOUR - 3 * HOUR, 100),
    asked('new', THIS_HOUR, 5000),
    ...evenings(6).map((hour) => asked('quiet', hour, 2)),
    asked('quiet', THIS_HOUR, 400),
  ];
  // Summaries are made for the sensors of scans.
  const fired = await alertsOf(t, { ...EMPTY, sightings, scans: [scan('gateway', NOW, 0), scan('attic', NOW - 1, 0)] });
  assert.deepEqual(await fired('hng-dns-volume'), ['loop', 'split']);
});

function minutesOf(sensor: string, sinceMs: number, untilMs: number, row: Partial<Pihole>): readonly Pihole[] {
  const count = Math.floor((sinceMs - untilMs) / (10 * MINUTE));
  return Array.from({ length: count }, (_, at) => ({
    ...{ minute: floorTo(NOW, MINUTE) - sinceMs + at * 10 * MINUTE + MINUTE, sensor, queries: 100, blocked: 10 },
    ...{ cached: 0, forwarded: 0, blocking: 1 as const, ...row },
  }));
}

test("Pi-hole is told when its blocking is off, or its share is far from the house's own, and not where little is ever blocked", async (t) => {
  if (!requires(t, 'mariadb')) return;
  const [week, half] = [6 * DAY, 30 * MINUTE];
  const house = (sensor: string, usual: Partial<Pihole>, now: Partial<Pihole>) => [
    ...minutesOf(sensor, week, half + MINUTE, usual),
    ...minutesOf(sensor, half, 0, now),
  ];
  const pihole = [
    ...house('usual', { blocked: 10 }, { blocked: 14 }),
    ...house('off in a small house', { queries: 2, blocked: 0 }, { queries: 2, blocked: 0, blocking: 0 }),
    ...house('few lists', { blocked: 0 }, { blocked: 0 }),
    ...house('few lists, two advertisements', { blocked: 0 }, { blocked: 2 }),
    ...house('lists gone', { blocked: 20 }, { blocked: 0 }),
    ...house('loop', { blocked: 10 }, { blocked: 70 }),
    ...house('asleep', { blocked: 20 }, { queries: 1, blocked: 0 }),
  ];
  const fired = await alertsOf(t, { ...EMPTY, pihole });
  assert.deepEqual(await fired('hng-blocked-share'), ['lists gone', 'loop', 'off in a small house']);
});

function scan(sensor: string, at: number, positives: number): Scan {
  const thing = { kind: 'domain', value: `n${at}.example.com` } as const;
  const rest = { outcome: 'found', analysedAt: null, total: 92, permalink: '', results: [] } as const;
  return { ...thing, source: 'virustotal', at, sensor, positives, ...rest };
}

function sensor(name: string, more: Partial<Sensor> = {}): Sensor {
  const times = { started: NOW - 2 * DAY, heartbeat: NOW - 10_000, syncedUntil: NOW - 10_000 };
  return { sensor: name, version: '1', ...times, skewMs: 0, outboxRows: 0, setAside: 0, thinned: 0, ...more };
}

function waiting(name: string, queue: number): Minute {
  const none = { events: 0, dropped: 0, malformed: 0, truncated: 0, lost: 0, blind: 0 } as const;
  const unknown = { used: null, allowed: null, coverage: null, proofAge: null, lag: null, oldest: 0, outboxRows: 0 };
  return { minute: floorTo(NOW, MINUTE) - MINUTE, sensor: name, queue, ...none, ...unknown };
}

function answer(name: string, at: number, more: Partial<Lookup> = {}): Lookup {
  const thing = { kind: 'domain', value: 'www.example.com' } as const;
  return { ...thing, source: 'virustotal', at, sensor: name, outcome: 'found', tookMs: 100, ...more };
}

test('each sensor is told for itself when questions wait and nothing answers, also one that never had an answer', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const names = ['asks', 'never', 'only an oracle', 'refused', 'nothing waits'];
  const lookups = [
    answer('asks', NOW - HOUR),
    answer('only an oracle', NOW - HOUR, { source: 'quad9' }),
    answer('refused', NOW - 9 * HOUR),
    answer('refused', NOW - HOUR + 1, { outcome: 'credentials' }),
  ];
  const fired = await alertsOf(t, {
    ...EMPTY,
    sensors: [...names.map((name) => sensor(name)), sensor('retired', { heartbeat: NOW - 8 * DAY })],
    minutes: names.map((name) => waiting(name, name === 'nothing waits' ? 0 : 7)),
    lookups,
    scans: names.map((name, at) => scan(name, NOW - at, 0)),
  });
  assert.deepEqual(await fired('hng-scans-stale'), ['never', 'only an oracle', 'refused']);
  assert.deepEqual(await fired('hng-heartbeat'), [], 'and one that was taken down a week ago is no longer missed');
});

test('one finding among few answers is no jump of the ratio, four are', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const before = Array.from({ length: 200 }, (_, at) => scan('gateway', NOW - DAY - at * MINUTE, at === 0 ? 9 : 0));
  const now = (bad: number) =>
    Array.from({ length: 20 }, (_, at) => scan('gateway', NOW - MINUTE - at * 1000, at < bad ? 9 : 0));
  for (const [bad, fires] of [
    [1, []],
    [4, ['']],
  ] as const) {
    const fired = await alertsOf(t, { ...EMPTY, scans: [...before, ...now(bad)] });
    assert.deepEqual(await fired('hng-ratio-jump'), fires, `${bad} of 20`);
  }
});

test('the allowance of an account is what all its sensors spend of it, and nobody else', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const spent = (name: string, account: string | null, used: number): Quota => ({
    ...{ startsAt: floorTo(NOW, DAY), sensor: name, used, allowed: 500 },
    account: account === null ? null : account.repeat(64),
  });
  const quotas = [
    spent('attic', 'a', 250),
    spent('cellar', 'a', 240),
    spent('garage', 'b', 300),
    spent('shed', null, 300),
  ];
  const fired = await alertsOf(t, { ...EMPTY, quotas });
  assert.deepEqual(await fired('hng-quota'), ['virustotal attic']);
});
