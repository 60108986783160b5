import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import { accountOf, QuotaLeases, type SharedWindow } from '../../src/central/quota-leases.ts';
import { ReportFlow } from '../../src/central/report-flow.ts';
import { SharedReports } from '../../src/central/shared-reports.ts';
import { keyOf } from '../../src/core/observable.ts';
import type { Report } from '../../src/core/report.ts';
import { startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { swallowingProxy } from '../support/swallowing-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { drained, logInto, observable, openSensor, poolOf, report, T0 } from './central-fixture.ts';

const DAY = 86_400_000;
const LONG_MS = 10_000;

function day(allowed: number, startsAt = Math.floor(Date.now() / DAY) * DAY): SharedWindow {
  return { window: 'day', startsAt, endsAt: startsAt + DAY, allowed };
}

function memory(): { recall(name: string): string | undefined; remember(name: string, value: string): void } {
  const values = new Map<string, string>();
  return { recall: (name) => values.get(name), remember: (name, value) => void values.set(name, value) };
}

test('SharedReports.find() returns the very report another sensor got, and nothing for what nobody asked or is too old', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const addresses = [{ socket: server.socket }];
  const asker = openSensor(t, 'asker', dir);
  const known: Report = { ...report('bad.example.com', Date.now() - 1000, 7), createdAt: T0, remarks: ["it's known"] };
  asker.store.reports.keep(known);
  asker.store.reports.keep(report('bad.example.com', Date.now() - 5000, 1));
  asker.store.reports.keep(report('http://bad.example.com/x?y', Date.now() - 1000, 2));
  asker.store.reports.keep(report('old.example.com', Date.now() - 2 * DAY, 3));
  asker.sync({ addresses });
  await drained(asker);

  const pool = poolOf({ addresses });
  t.after(() => pool.close());
  const shared = new SharedReports({ pool, source: 'virustotal', maxAgeMs: DAY, now: Date.now, budgetMs: LONG_MS });
  const names = ['bad.example.com', 'http://bad.example.com/x?y', 'old.example.com', 'never.example.com'];
  const [found, url, old, never] = await Promise.all(names.map((name) => shared.find(observable(name))));
  assert.deepEqual(found, known);
  assert.equal(url?.stats.malicious, 2);
  assert.equal(old, undefined);
  assert.equal(never, undefined);
  assert.deepEqual(shared.counts, { found: 2, unknown: 2, late: 0, failed: 0 });
  await server.kill('SIGKILL');
  assert.deepEqual(await shared.find(observable('bad.example.com')), known, 'remembered for a while');
  assert.equal(await shared.find(observable('other.example.com')), undefined);
  assert.equal(shared.counts.failed, 1);
});

test('SharedReports.find() does not wait for a centre that swallows the question', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startMariadb(t, { dir: tempDir(t) });
  const proxy = await swallowingProxy(t, server.port);
  const pool = poolOf({ addresses: [{ host: '127.0.0.1', port: proxy.port }] });
  t.after(() => pool.close());
  proxy.swallow(true);
  const shared = new SharedReports({ pool, source: 'virustotal', maxAgeMs: DAY, now: Date.now });
  assert.equal(await shared.find(observable('a.example.com')), undefined);
  assert.equal(shared.counts.late, 1);
});

test('ReportFlow brings a fresh sensor every report of the others and none of its own, and goes on where it was', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const addresses = [{ socket: server.socket }];
  const asker = openSensor(t, 'asker', dir);
  const fresh = openSensor(t, 'fresh', dir);
  const wanted = Array.from({ length: 1200 }, (_, index) => `n${index}.example.com`);
  asker.store.transact(() => {
    for (const name of wanted) asker.store.reports.keep(report(name, T0, 1));
  });
  fresh.store.reports.keep(report('own.example.com', T0, 1));
  for (const sensor of [asker, fresh]) sensor.sync({ addresses });
  for (const sensor of [asker, fresh]) await drained(sensor);
  const pool = poolOf({ addresses });
  t.after(() => pool.close());
  const got: string[] = [];
  const options = {
    pool,
    sensor: 'fresh',
    memory: fresh.outbox,
    onReports: (reports: readonly Report[]) => void got.push(...reports.map((one) => keyOf(one.observable))),
    log: logInto([]),
  };
  assert.equal(await new ReportFlow(options).read(), wanted.length);
  assert.deepEqual(got.toSorted(), wanted.map((name) => `domain:${name}`).toSorted());
  await server.sql('UPDATE virus_total.scans SET received = received - INTERVAL 1 HOUR');
  await new ReportFlow(options).read();
  got.length = 0;
  assert.equal(await new ReportFlow(options).read(), 0, 'what is older than the overlap is not read again');
});

test('QuotaLeases lets one of ten sensors ask about a name, and all of them together no more than the allowance', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startMariadb(t, { dir: tempDir(t) });
  const addresses = [{ socket: server.socket }];
  const pools = Array.from({ length: 10 }, () => poolOf({ addresses }));
  t.after(() => pools.forEach((pool) => void pool.close()));
  const [first] = pools;
  assert.ok(first);
  await new CentralMigrations(first).run();
  const account = accountOf('virustotal', 'a-key');
  assert.match(account, /^[0-9a-f]{64}$/);
  const fleet = pools.map(
    (pool, index) =>
      new QuotaLeases({ pool, sensor: `s${index}`, account, memory: memory(), now: Date.now, budgetMs: LONG_MS }),
  );
  const windows = [day(40)];
  const names = Array.from({ length: 60 }, (_, index) => `n${index}.example.com`);
  const asked = new Map<string, number>();
  await Promise.all(
    fleet.map(async (leases) => {
      for (const name of names) {
        const outcome = await leases.take(observable(name), windows);
        if (!outcome.granted) continue;
        assert.equal(outcome.alone, false);
        asked.set(name, (asked.get(name) ?? 0) + 1);
        await leases.settle(observable(name), DAY);
      }
    }),
  );
  assert.deepEqual([...asked.values()], Array(40).fill(1), 'none twice, and exactly the allowance');
  const [taken] = await server.sql("SELECT taken FROM virus_total.quota_taken WHERE sensor = ''");
  assert.equal(taken?.taken, 40);
  assert.deepEqual(await server.sql('SELECT 1 FROM virus_total.quota_leases WHERE account LIKE "%a-key%"'), []);
});

test('QuotaLeases keeps a sensor to its share of the day while it is early, gives back what brought no answer, and frees a dead sensor', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startMariadb(t, { dir: tempDir(t) });
  const addresses = [{ socket: server.socket }];
  const pool = poolOf({ addresses });
  t.after(() => pool.close());
  await new CentralMigrations(pool).run();
  await server.sql(
    `INSERT INTO virus_total.sensors (sensor, instance, version, heartbeat) VALUES ('a', 'i', '1', UTC_TIMESTAMP(3)), ('b', 'j', '1', UTC_TIMESTAMP(3))`,
  );
  const of = (sensor: string, now = () => 0) =>
    new QuotaLeases({ pool, sensor, account: accountOf('x', 'y'), memory: memory(), now, budgetMs: LONG_MS });
  const a = of('a');
  const windows = [day(4, 0)];
  const take = async (leases: QuotaLeases, name: string) => {
    const outcome = await leases.take(observable(`${name}.example.com`), windows);
    return outcome.granted ? 'granted' : outcome.why;
  };
  assert.equal(await take(a, 'one'), 'granted');
  assert.equal(await take(a, 'two'), 'granted');
  assert.equal(await take(a, 'three'), 'fair', 'half of four is its share of two sensors');
  assert.equal(
    await take(
      of('a', () => DAY * 0.75),
      'three',
    ),
    'granted',
    'late in the day nobody wanted the rest',
  );
  await a.giveBack(observable('three.example.com'), windows);
  assert.equal(await take(of('b'), 'one'), 'asked');
  await server.sql('UPDATE virus_total.quota_leases SET leased_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
  assert.equal(await take(of('b'), 'one'), 'granted', 'the lease of a sensor that died ends');
  assert.equal(await take(of('b'), 'three'), 'granted');
  assert.equal(
    await take(
      of('b', () => DAY * 0.99),
      'four',
    ),
    'spent',
  );
});

test('QuotaLeases spends only a safe share while the centre is away', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const pool = poolOf({ addresses: [{ host: '127.0.0.1', port: 1 }] });
  t.after(() => pool.close());
  const kept = memory();
  kept.remember('fleet_size', '5');
  const leases = new QuotaLeases({ pool, sensor: 'a', account: accountOf('x', 'y'), memory: kept, now: Date.now });
  const outcomes = [];
  for (let n = 0; n < 6; n++) outcomes.push(await leases.take(observable(`n${n}.example.com`), [day(20)]));
  assert.deepEqual(
    outcomes.map((one) => (one.granted ? one.alone : one.why)),
    [true, true, true, true, 'spent', 'spent'],
  );
});
