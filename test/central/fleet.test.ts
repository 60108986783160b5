import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { FleetPulse } from '../../src/central/fleet-pulse.ts';
import { accountOf } from '../../src/central/quota-leases.ts';
import { ReportFlow } from '../../src/central/report-flow.ts';
import { SharedReports } from '../../src/central/shared-reports.ts';
import { keyOf } from '../../src/core/observable.ts';
import type { Report } from '../../src/core/report.ts';
import { SILENT } from '../../src/lib/log.ts';
import { requires } from '../support/requirement.ts';
import { swallowingProxy } from '../support/swallowing-proxy.ts';
import { until } from '../support/until.ts';
import { drained, observable, openSensor, poolOf, report, T0 } from './central-fixture.ts';
import {
  ALWAYS_WELL,
  countIn,
  DAY,
  drawOf,
  LONG_MS,
  leasesOf,
  memoryOf,
  poolAt,
  spentOf,
  startFleetServer,
  turnOf,
  WRITER,
} from './fleet-fixture.ts';

const NEVER = new AbortController().signal;

test('SharedReports.find() returns the very report another sensor got, and nothing for what nobody asked or is too old', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const addresses = [{ host: '127.0.0.1', port: server.port }];
  const asker = openSensor(t, 'asker', server.dir);
  const flagged = [{ engine: `It's "quoted"; \\ DROP`, category: 'malicious', result: 'phishing' }] as const;
  const known: Report = {
    ...report('bad.example.com', Date.now() - 1000, 7),
    createdAt: T0,
    remarks: ["it's"],
    flagged,
  };
  asker.store.reports.keep(known);
  asker.store.reports.keep(report('bad.example.com', Date.now() - 5000, 1));
  asker.store.reports.keep(report('http://bad.example.com/x?y', Date.now() - 1000, 2));
  asker.store.reports.keep(report('old.example.com', Date.now() - 2 * DAY, 3));
  asker.sync({ addresses, password: () => WRITER.password });
  await drained(asker);

  const pool = server.pool();
  const shared = new SharedReports({
    pool,
    pulse: ALWAYS_WELL,
    source: 'virustotal',
    maxAgeMs: DAY,
    now: Date.now,
    budgetMs: LONG_MS,
  });
  const names = ['bad.example.com', 'http://bad.example.com/x?y', 'old.example.com', 'never.example.com'];
  const [found, url, old, never] = await Promise.all(names.map((name) => shared.find(observable(name))));
  assert.deepEqual(found, { ...known, sensor: 'asker' });
  assert.equal(url?.stats.malicious, 2);
  assert.equal(old, undefined);
  assert.equal(never, undefined);
  assert.deepEqual(shared.counts, { found: 2, unknown: 2, late: 0, failed: 0, refused: 0 });
  await server.kill('SIGKILL');
  assert.equal(await shared.find(observable('other.example.com')), undefined);
  assert.equal(shared.counts.failed, 1);
});

test('SharedReports.find() does not wait for a centre that swallows the question, and asks none that is ill', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const proxy = await swallowingProxy(t, server.port);
  const pool = poolOf({ addresses: [{ host: '127.0.0.1', port: proxy.port }], password: () => WRITER.password });
  t.after(() => pool.close());
  proxy.swallow(true);
  const options = { pool, source: 'virustotal', maxAgeMs: DAY, now: Date.now };
  const shared = new SharedReports({ ...options, pulse: ALWAYS_WELL });
  assert.equal(await shared.find(observable('a.example.com')), undefined);
  assert.equal(shared.counts.late, 1);
  const swallowed = proxy.swallowed();
  const ill = new SharedReports({ ...options, pulse: { isWell: false, doubt: () => undefined } });
  assert.equal(await ill.find(observable('a.example.com')), undefined);
  assert.deepEqual([ill.counts.late, ill.counts.failed, proxy.swallowed()], [0, 0, swallowed]);
});

test('ReportFlow brings a fresh sensor every report, goes on where it was, and misses none that was committed late', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const asker = openSensor(t, 'asker', server.dir);
  const wanted = Array.from({ length: 2_300 }, (_, index) => `n${index}.example.com`);
  asker.store.transact(() => {
    for (const name of wanted) asker.store.reports.keep(report(name, Date.now(), 1));
  });
  asker.sync({ addresses: [{ host: '127.0.0.1', port: server.port }], password: () => WRITER.password });
  await drained(asker);
  const got: string[] = [];
  const memory = memoryOf();
  const pool = server.pool();
  const flow = () =>
    new ReportFlow({
      pool,
      memory,
      maxAgeMs: 90 * DAY,
      now: Date.now,
      onReports: (reports) => {
        got.push(...reports.map((one) => keyOf(one.observable)));
        return 0;
      },
    });
  const first = flow();
  let readings = 1;
  while (await first.read(NEVER)) readings += 1;
  assert.equal(readings, 3, 'in bounded portions');
  assert.deepEqual(got.toSorted(), wanted.map((name) => `domain:${name}`).toSorted());
  await server.sql('UPDATE virus_total.scans SET received = received - INTERVAL 1 HOUR');
  got.length = 0;
  await flow().read(NEVER);
  got.length = 0;
  await flow().read(NEVER);
  assert.deepEqual(got, [], 'what is older than the overlap is not read again');
  await server.sql(
    "UPDATE virus_total.scans SET received = UTC_TIMESTAMP(3) - INTERVAL 20 SECOND WHERE value = 'n7.example.com'",
    "UPDATE virus_total.scans SET received = UTC_TIMESTAMP(3) + INTERVAL 1 DAY WHERE value = 'n8.example.com'",
  );
  await flow().read(NEVER);
  assert.deepEqual(got, ['domain:n7.example.com'], 'stamped before the last reading, to be seen only after it');
});

test('ReportFlow leaves what is of the future by a clock that is off until the clock has been set right', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const asker = openSensor(t, 'asker', server.dir);
  asker.store.reports.keep(report('n.example.com', Date.now(), 9));
  asker.sync({ addresses: [{ host: '127.0.0.1', port: server.port }], password: () => WRITER.password });
  await drained(asker);
  const got: string[] = [];
  let behindMs = 3 * DAY;
  const flow = new ReportFlow({
    pool: server.pool(),
    memory: memoryOf(),
    maxAgeMs: 90 * DAY,
    now: () => Date.now() - behindMs,
    onReports: (reports) => {
      if (behindMs > 0) return reports.length;
      got.push(...reports.map((one) => keyOf(one.observable)));
      return 0;
    },
  });
  await flow.read(NEVER);
  await server.sql('UPDATE virus_total.scans SET received = received - INTERVAL 1 HOUR');
  await flow.read(NEVER);
  behindMs = 0;
  await flow.read(NEVER);
  assert.deepEqual(got, ['domain:n.example.com']);
});

test('a sensor that has just started asks nothing alone before it knows how the centre is', async (t) => {
  const pool = poolOf({ addresses: [{ host: '127.0.0.1', port: 1 }] });
  t.after(() => pool.close());
  const pulse = { isWell: false, isKnown: false, doubt: () => undefined };
  assert.equal(await turnOf(leasesOf({ pool, sensor: 'a', pulse }), 'n.example.com', drawOf(50)), 'slow');
});

test('FleetPulse does not beat before it is known who may, and keeps out who may not', async (t) => {
  let admission: 'open' | 'unknown' | { readonly barred: string } = 'unknown';
  let beats = 0;
  const pulse = new FleetPulse({
    rounds: [async () => ++beats < 0],
    admission: () => admission,
    log: SILENT,
    now: Date.now,
    intervalMs: 5,
  });
  pulse.start();
  t.after(() => pulse.stop());
  await pause(300);
  assert.deepEqual([beats, pulse.isKnown], [0, false]);
  admission = { barred: 'another guardian has that name' };
  await until('it is kept out', () => pulse.illness === 'another guardian has that name');
  assert.deepEqual([beats, pulse.isWell], [0, false]);
  admission = 'open';
  await until('it takes part', () => pulse.isWell);
});

test('QuotaLeases lets one of ten sensors ask about a name, and all of them together no more than the allowance', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const fleet = Array.from({ length: 10 }, (_, index) => leasesOf({ pool: server.pool(), sensor: `s${index}` }));
  const names = Array.from({ length: 60 }, (_, index) => `n${index}.example.com`);
  const asked = new Map<string, number>();
  await Promise.all(
    fleet.map(async (leases, index) => {
      for (const name of names) {
        if ((await turnOf(leases, name, drawOf(40))) !== 'granted') continue;
        asked.set(name, (asked.get(name) ?? 0) + 1);
        await leases.settle({ ...report(name, Date.now(), index), flagged: report(name, 0, 1).flagged });
      }
    }),
  );
  assert.deepEqual([...asked.values()], Array(40).fill(1), 'none twice, and exactly the allowance');
  const drawn = 'SELECT SUM(drawn) FROM virus_total.quota_drawn WHERE quota_window = "day" AND sensor';
  assert.equal(await countIn(server, `${drawn} = ""`), 40);
  assert.equal(await countIn(server, `${drawn} <> ""`), 40);
  assert.equal(
    await countIn(server, 'SELECT COUNT(*) FROM virus_total.quota_leases'),
    0,
    'the answers stand for themselves',
  );
  assert.equal(await countIn(server, 'SELECT COUNT(*) FROM virus_total.scans'), 40);
  const account = accountOf('virustotal', 'a-key');
  assert.match(account, /^[0-9a-f]{64}$/);
  assert.equal(
    await countIn(server, `SELECT COUNT(*) FROM virus_total.quota_drawn WHERE account <> '${account}'`),
    0,
    'the key itself is nowhere',
  );
});

test('what QuotaLeases.settle() writes is the row that the sync sends', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const sensor = openSensor(t, 'asker', server.dir);
  const answer = { ...report('bad.example.com', Date.now(), 7), createdAt: T0, remarks: ["it's"] };
  await leasesOf({ pool: server.pool(), sensor: 'asker' }).settle(answer);
  const read = () => server.sql('SELECT * FROM virus_total.scans');
  const settled = await read();
  sensor.store.reports.keep(answer);
  sensor.sync({ addresses: [{ host: '127.0.0.1', port: server.port }], password: () => WRITER.password });
  await drained(sensor);
  assert.equal(settled.length, 1);
  assert.deepEqual(await read(), settled);
});

test('QuotaLeases frees what a dead sensor was asking, and hands out an answer instead of a second question', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const pool = server.pool();
  const [a, b] = [leasesOf({ pool, sensor: 'a' }), leasesOf({ pool, sensor: 'b' })];
  assert.equal(await turnOf(a, 'one.example.com', drawOf(10)), 'granted');
  assert.equal(await turnOf(b, 'one.example.com', drawOf(10)), 'asked');
  await server.sql('UPDATE virus_total.quota_leases SET leased_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
  assert.equal(await turnOf(b, 'one.example.com', drawOf(10)), 'granted', 'the lease of a sensor that died ends');
  await b.settle(report('one.example.com', Date.now(), 3));
  assert.equal(await turnOf(a, 'one.example.com', drawOf(10)), 'known');
  assert.equal(await turnOf(a, 'one.example.com', drawOf(10), () => false), 'granted', 'too old for this one');
  await a.giveBack(observable('one.example.com'), { lane: 'alert' });
  assert.equal(
    await countIn(server, "SELECT drawn FROM virus_total.quota_drawn WHERE sensor = '' AND quota_window = 'day'"),
    2,
  );
});

test('what is given back after midnight is given back to the day and the month that paid', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  let now = Date.parse('2026-10-31T23:59:50Z');
  const leases = leasesOf({ pool: poolAt(server.pool(), () => now), sensor: 'a' });
  const drawn = async () =>
    (
      await server.sql(
        `SELECT CONCAT(quota_window, ' ', DATE(starts_at), ' ', drawn) AS row FROM virus_total.quota_drawn
         WHERE sensor = '' ORDER BY starts_at, quota_window DESC`,
      )
    ).map(({ row }) => row);
  for (const name of ['one.example.com', 'two.example.com'])
    assert.equal(await turnOf(leases, name, drawOf(10)), 'granted');
  now += 20_000;
  assert.equal(await turnOf(leases, 'three.example.com', drawOf(10)), 'granted');
  await leases.giveBack(observable('two.example.com'), { lane: 'alert' });
  assert.deepEqual(await drawn(), ['month 2026-10-01 1', 'day 2026-10-31 1', 'month 2026-11-01 1', 'day 2026-11-01 1']);
  await leases.giveBack(observable('two.example.com'), { lane: 'alert' });
  await leases.giveBack(observable('never-drawn.example.com'), { lane: 'alert' });
  assert.equal((await drawn()).join(), 'month 2026-10-01 1,day 2026-10-31 1,month 2026-11-01 1,day 2026-11-01 1');
});

test('a clock that is days off neither shortens a lease nor opens a day of its own', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const pool = server.pool();
  const ahead = leasesOf({ pool, sensor: 'ahead', now: () => Date.now() + 3 * DAY });
  const behind = leasesOf({ pool, sensor: 'behind', now: () => Date.now() - 3 * DAY });
  assert.equal(await turnOf(behind, 'one.example.com', drawOf(2)), 'granted');
  assert.equal(await turnOf(ahead, 'one.example.com', drawOf(2)), 'asked');
  assert.equal(await turnOf(ahead, 'two.example.com', drawOf(2)), 'granted');
  for (const leases of [ahead, behind]) assert.equal(await turnOf(leases, 'three.example.com', drawOf(2)), 'spent');
  await ahead.beat(0, spentOf({ new: 9 }, Date.now() + 3 * DAY));
  assert.equal(
    await countIn(server, 'SELECT COUNT(DISTINCT starts_at) FROM virus_total.quota_drawn WHERE quota_window = "day"'),
    1,
  );
  assert.equal(
    await countIn(server, "SELECT drawn FROM virus_total.quota_drawn WHERE sensor = '' AND quota_window = 'day'"),
    2,
  );
});

test('no sixty seconds hold more questions of a fleet than its minute allows', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const fleet = Array.from({ length: 6 }, (_, index) => leasesOf({ pool: server.pool(), sensor: `s${index}` }));
  const all = () =>
    Promise.all(
      fleet.map((leases, index) => turnOf(leases, `n${index}.example.com`, drawOf(100, { minute: 4 }), () => false)),
    );
  assert.deepEqual((await all()).toSorted(), ['granted', 'granted', 'granted', 'granted', 'minute', 'minute']);
  await server.sql('UPDATE virus_total.quota_places SET free_at = UTC_TIMESTAMP(3) WHERE place = 2');
  await server.sql('DELETE FROM virus_total.quota_leases');
  assert.deepEqual((await all()).filter((one) => one === 'granted').length, 1);
});

test('a clock of the server that was days ahead and was set back holds neither a name nor the minute', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const pool = server.pool();
  const [a, b] = [leasesOf({ pool, sensor: 'a' }), leasesOf({ pool, sensor: 'b' })];
  const draw = drawOf(10, { minute: 1 });
  assert.equal(await turnOf(a, 'one.example.com', draw), 'granted');
  await server.sql('UPDATE virus_total.quota_leases SET leased_until = leased_until + INTERVAL 3 DAY');
  await server.sql('UPDATE virus_total.quota_places SET free_at = free_at + INTERVAL 3 DAY');
  assert.equal(await turnOf(b, 'one.example.com', draw), 'granted');
  assert.equal(await turnOf(a, 'one.example.com', draw), 'asked');
  assert.equal(await turnOf(a, 'two.example.com', draw), 'minute');
});

test('QuotaLeases makes room for a sensor that waits and had less, but never wastes what it does not take', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const pool = server.pool();
  const [a, b] = [leasesOf({ pool, sensor: 'a' }), leasesOf({ pool, sensor: 'b' })];
  let asked = 0;
  // So much is allowed that the flow is always far behind what was drawn: as if the day had just begun.
  const ask = (leases: typeof a, changes = {}) =>
    turnOf(leases, `n${asked++}.example.com`, drawOf(4, { lane: 'new', ...changes }));
  await a.beat(10, spentOf());
  await b.beat(10, spentOf());
  assert.equal(await ask(a), 'granted');
  assert.equal(await ask(a), 'granted');
  const flowed = Date.now() % DAY >= (DAY * 3) / 4;
  if (!flowed) assert.equal(await ask(a), 'fair', 'b waits and had nothing');
  assert.equal(await ask(b), 'granted');
  assert.equal(await ask(a, { lane: 'alert' }), 'granted', 'alerts and people do not wait for their turn');
  await server.sql('DELETE FROM virus_total.quota_drawn');
  await b.beat(0, spentOf());
  for (let n = 0; n < 4; n++) assert.equal(await ask(a), 'granted', 'nobody else wants it');
});

test('what a sensor spent while the centre was away is counted when it is back', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const pool = server.pool();
  const [a, b] = [leasesOf({ pool, sensor: 'a' }), leasesOf({ pool, sensor: 'b' })];
  assert.equal(await turnOf(a, 'one.example.com', drawOf(10)), 'granted');
  await a.beat(0, spentOf({ alert: 5, new: 2 }));
  await a.beat(0, spentOf({ alert: 5, new: 2 }));
  await b.beat(0, spentOf());
  assert.deepEqual(
    b.allowance.view?.othersByLane,
    new Map([
      ['alert', 5],
      ['new', 2],
    ]),
  );
  assert.equal(b.allowance.view?.members, 2);
  for (let n = 0; n < 3; n++) assert.equal(await turnOf(b, `n${n}.example.com`, drawOf(10)), 'granted');
  assert.equal(await turnOf(b, 'over.example.com', drawOf(10)), 'spent');
});

test('sensors with another key share nothing', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const pool = server.pool();
  const [a, b] = [leasesOf({ pool, sensor: 'a' }), leasesOf({ pool, sensor: 'b', key: 'another-key' })];
  for (const leases of [a, b]) {
    await leases.beat(0, spentOf());
    assert.equal(leases.allowance.view?.members, 1);
    assert.equal(await turnOf(leases, 'one.example.com', drawOf(1)), 'granted');
    assert.equal(await turnOf(leases, 'two.example.com', drawOf(1)), 'spent');
  }
});

test('while the centre is away a sensor spends its part of what was left, remembers it, and waits for nothing', async (t) => {
  const pool = poolOf({ addresses: [{ host: '127.0.0.1', port: 1 }] });
  t.after(() => pool.close());
  const today = Math.floor(Date.now() / DAY) * DAY;
  const memory = memoryOf({ fleet: JSON.stringify({ members: 5, day: today, others: 20, own: 4 }) });
  const pulse = { isWell: false, isKnown: true, doubt: () => undefined };
  const alone = (spentHere: number, now = Date.now) =>
    turnOf(leasesOf({ pool, sensor: 'a', memory, pulse, now }), 'n.example.com', drawOf(50, { spentHere }));
  assert.equal(await alone(4), 'alone');
  assert.equal(await alone(8), 'alone', '(50 - 24) / 5 = 5 more than the 4');
  assert.equal(await alone(9), 'spent');
  assert.equal(await alone(9, () => Date.now() + DAY), 'alone', 'a new day: a fifth of it');
  assert.equal(await alone(10, () => Date.now() + DAY), 'spent');
});

test('a sensor whose name another one has is not alone, whatever it never heard: it spends half', async (t) => {
  const pool = poolOf({ addresses: [{ host: '127.0.0.1', port: 1 }] });
  t.after(() => pool.close());
  const pulse = { isWell: false, isKnown: true, doubt: () => undefined };
  const leases = leasesOf({ pool, sensor: 'a', pulse, atLeast: () => 2 });
  const alone = (spentHere: number) => turnOf(leases, 'n.example.com', drawOf(50, { spentHere }));
  assert.equal(await alone(24), 'alone');
  assert.equal(await alone(25), 'spent');
});

test('a question of a key that was changed meanwhile is given back to the account that paid for it', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  let key = 'old-key';
  const leases = leasesOf({ pool: server.pool(), sensor: 'a', key: () => key });
  const drawn = (whose: string) =>
    countIn(
      server,
      `SELECT COALESCE(SUM(drawn), 0) FROM virus_total.quota_drawn WHERE quota_window = 'day' AND sensor = '' AND account = '${accountOf('virustotal', whose)}'`,
    );
  for (const name of ['one.example.com', 'two.example.com'])
    assert.equal(await turnOf(leases, name, drawOf(10)), 'granted');
  key = 'new-key';
  assert.equal(await turnOf(leases, 'three.example.com', drawOf(10)), 'granted');
  await leases.giveBack(observable('one.example.com'), { lane: 'alert' });
  await leases.release(observable('two.example.com'));
  assert.deepEqual([await drawn('old-key'), await drawn('new-key')], [1, 1]);
  assert.equal(await countIn(server, 'SELECT COUNT(*) FROM virus_total.quota_leases'), 1, 'the third is under way');
});

test('a centre that went away without a word is noticed by the first question, and the others do not wait for it', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const proxy = await swallowingProxy(t, server.port);
  const pool = poolOf({ addresses: [{ host: '127.0.0.1', port: proxy.port }], password: () => WRITER.password });
  t.after(() => pool.close());
  let isWell = true;
  const pulse = {
    isKnown: true,
    get isWell() {
      return isWell;
    },
    doubt: () => {
      isWell = false;
    },
  };
  const leases = leasesOf({ pool, sensor: 'a', pulse, budgetMs: 300 });
  await leases.beat(0, spentOf());
  proxy.swallow(true);
  assert.equal(await turnOf(leases, 'one.example.com', drawOf(10)), 'slow', 'somebody else may be asking it');
  assert.equal(isWell, false);
  const swallowed = proxy.swallowed();
  assert.equal(await turnOf(leases, 'two.example.com', drawOf(10)), 'alone');
  await leases.settle(report('two.example.com', Date.now(), 3));
  assert.equal(proxy.swallowed(), swallowed, 'nothing was even tried');
});

test('a turn that was given too late is given back, so that nothing of the allowance is lost', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const leases = leasesOf({ pool: server.pool(), sensor: 'a', budgetMs: 0 });
  assert.equal(await turnOf(leases, 'one.example.com', drawOf(10)), 'slow');
  // Day and month, of all and of this sensor.
  const givenBack = 'SELECT COUNT(*) = 4 AND SUM(drawn) = 0 FROM virus_total.quota_drawn';
  await until('it is given back', async () => (await countIn(server, givenBack)) === 1, LONG_MS);
  assert.equal(await countIn(server, 'SELECT COUNT(*) FROM virus_total.quota_leases'), 0);
  assert.equal(await turnOf(leasesOf({ pool: server.pool(), sensor: 'b' }), 'one.example.com', drawOf(1)), 'granted');
});
