import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PiholeHit } from '../../../src/enforce/pihole/hit-reader.ts';
import { PiholePoll, type PiholeStep } from '../../../src/enforce/pihole/pihole-poll.ts';
import type { PiholeTarget, PiholeTargetOptions } from '../../../src/enforce/pihole/pihole-target.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { until } from '../../support/until.ts';
import { desired } from '../suricata/desired.ts';
import type { FtlStandInOptions } from './ftl-stand-in.ts';
import { piholeWorld } from './pihole-world.ts';

const NEVER = new AbortController().signal;
const MINUTE = 60_000;
const LIST = 'http://192.0.2.2:8780/domains.txt';
const LAPTOP = '192.168.50.21';
const CAMERA = '192.168.50.77';

/** Counts that a step may hold, summed up. */
function sum(steps: readonly PiholeStep[]): Omit<PiholeStep, 'blocking'> {
  const of = (count: 'queries' | 'blocked' | 'cached' | 'forwarded') =>
    steps.reduce((total, step) => total + step[count], 0);
  return { queries: of('queries'), blocked: of('blocked'), cached: of('cached'), forwarded: of('forwarded') };
}

async function world(
  t: Parameters<typeof piholeWorld>[0],
  options: FtlStandInOptions = {},
  changes: Partial<PiholeTargetOptions> = {},
) {
  const made = await piholeWorld(t, options);
  const target: PiholeTarget = made.target({ listAddress: LIST, ...changes });
  const steps: (PiholeStep & { readonly at: number })[] = [];
  const hits: PiholeHit[] = [];
  const logged: string[] = [];
  const poll = new PiholePoll({
    client: target.client,
    listAddress: LIST,
    onStep: (at, step) => void steps.push({ at, ...step }),
    onHits: (_at, found) => void hits.push(...found),
    log: { ...SILENT, warn: (text) => void logged.push(text), info: (text) => void logged.push(text) },
    now: () => made.clock.now,
  });
  t.after(() => poll.stop());
  return { ...made, target, poll, steps, hits, logged };
}

test('the first reading counts nothing of before; later ones count what is new, with whether it blocks', async (t) => {
  const { ftl, clock, poll, steps } = await world(t);
  ftl.domains.personAdds('deny', 'exact', 'ads.example.com');
  ftl.queries.ask('a.example.com', LAPTOP);
  await poll.poll();
  assert.deepEqual(sum(steps), { queries: 0, blocked: 0, cached: 0, forwarded: 0 });
  ftl.queries.ask('b.example.com', LAPTOP);
  ftl.queries.ask('b.example.com', LAPTOP, 'CACHE');
  ftl.queries.ask('ads.example.com', LAPTOP);
  clock.now += 15_000;
  await poll.poll();
  assert.deepEqual(sum(steps), { queries: 3, blocked: 1, cached: 1, forwarded: 1 });
  ftl.domains.isBlocking = false;
  await poll.poll();
  assert.deepEqual(
    steps.map(({ blocking }) => blocking),
    [true, true, false],
  );
  assert.equal(poll.reading().figures?.blocking, false);
});

test("yesterday's queries that leave the window take nothing away", async (t) => {
  const { ftl, clock, poll, steps } = await world(t);
  for (let n = 0; n < 5; n++) ftl.queries.ask('a.example.com', LAPTOP);
  await poll.poll();
  clock.now += 24 * 60 * MINUTE + 10 * MINUTE;
  ftl.queries.all = [];
  ftl.queries.ask('b.example.com', LAPTOP);
  await poll.poll();
  assert.equal(sum(steps).queries, 1);
});

test('what happened while nobody could read is put where it happened, not into one minute', async (t) => {
  const { ftl, clock, poll, steps } = await world(t);
  await poll.poll();
  const begun = clock.now;
  await ftl.stop();
  for (let n = 0; n < 6; n++) {
    ftl.queries.ask('a.example.com', LAPTOP);
    await poll.poll();
    clock.now += 10 * MINUTE;
  }
  await ftl.start();
  await poll.poll();
  const counted = steps.filter((step) => step.queries > 0);
  assert.deepEqual(
    counted.map((step) => step.queries),
    [1, 1, 1, 1, 1, 1],
  );
  assert.equal(new Set(counted.map(({ at }) => at)).size, 6);
  assert.ok(counted.every(({ at }) => at >= begun - 10 * MINUTE && at <= clock.now));
});

for (const keepsHistory of [true, false]) {
  test(`a restart of FTL ${keepsHistory ? 'that reads its history back' : 'without a database'} counts nothing twice and nothing below zero`, async (t) => {
    const { ftl, clock, poll, steps } = await world(t);
    await poll.poll();
    for (let n = 0; n < 8; n++) ftl.queries.ask('a.example.com', LAPTOP);
    clock.now += 15_000;
    await poll.poll();
    ftl.queries.restart(keepsHistory);
    clock.now += 15_000;
    await poll.poll();
    for (let n = 0; n < 3; n++) ftl.queries.ask('b.example.com', LAPTOP);
    clock.now += 15_000;
    await poll.poll();
    assert.equal(sum(steps).queries, 11);
    assert.ok(steps.every((step) => step.queries >= 0 && step.blocked >= 0));
  });
}

test('hits are told by what blocked them: our entries, our wildcards and our list, never those of others', async (t) => {
  const { ftl, clock, target, poll, hits } = await world(t);
  await target.drive(desired('evil-one.top'), NEVER);
  ftl.domains.personAdds('deny', 'regex', '(\\.|^)evil-two\\.icu$', 'guardian: 9/92 virustotal until 2026-05-08');
  ftl.domains.personSubscribes(LIST, 'block', ['evil-three.top'], 'guardian: list');
  ftl.domains.personSubscribes('https://lists.example.com/ads.txt', 'block', ['ads.example.com']);
  ftl.domains.personAdds('deny', 'exact', 'casino.example.com', 'not for the children');
  ftl.queries.ask('evil-one.top', CAMERA);
  await poll.poll();
  assert.deepEqual(hits, [], 'what was before is not counted');
  clock.now += 15_000;
  for (const name of ['evil-one.top', 'evil-one.top', 'a.b.evil-two.icu', 'evil-three.top'])
    ftl.queries.ask(name, CAMERA);
  for (const name of ['ads.example.com', 'casino.example.com', 'fine.example.com']) ftl.queries.ask(name, LAPTOP);
  await poll.poll();
  assert.deepEqual(hits, [
    { name: 'evil-one.top', client: CAMERA, count: 2 },
    { name: 'evil-two.icu', client: CAMERA, count: 1 },
    { name: 'evil-three.top', client: CAMERA, count: 1 },
  ]);
  await poll.poll();
  assert.equal(hits.length, 3, 'nothing is counted twice');
});

test('what blocked is looked up once, however often it blocks; a flood of names is looked up over several readings', async (t) => {
  const { ftl, clock, poll, hits } = await world(t);
  for (let n = 0; n < 30; n++) ftl.domains.personAdds('deny', 'exact', `evil-${n}.top`, 'guardian: 9/92 virustotal');
  await poll.poll();
  clock.now += 15_000;
  for (let n = 0; n < 300; n++) ftl.queries.ask(`evil-${n % 30}.top`, CAMERA);
  const searches = () => ftl.requests.filter(({ path }) => path.startsWith('/search/')).length;
  await poll.poll();
  assert.equal(searches(), 20);
  await poll.poll();
  assert.equal(searches(), 30);
  assert.equal(
    hits.reduce((total, { count }) => total + count, 0),
    300,
  );
});

test('more blocked queries than anybody can read are counted as missed, once, however often the same seconds are read', async (t) => {
  const { ftl, clock, poll } = await world(t);
  ftl.domains.personAdds('deny', 'exact', 'ads.example.com');
  await poll.poll();
  clock.now += 15_000;
  for (let n = 0; n < 700; n++) ftl.queries.ask('ads.example.com', LAPTOP);
  await poll.poll();
  assert.equal(poll.reading().missedQueries, 200);
  clock.now += 1_000;
  ftl.queries.ask('ads.example.com', LAPTOP);
  await poll.poll();
  await poll.poll();
  assert.equal(poll.reading().missedQueries, 200);
});

test("hits and load go on when Pi-hole's clock was a year ahead and is right again, and nothing is counted twice", async (t) => {
  const { ftl, clock, target, poll, hits, steps } = await world(t);
  await target.drive(desired('evil-one.top'), NEVER);
  const turn = async (name: string) => {
    clock.now += 15_000;
    ftl.queries.ask(name, CAMERA);
    await poll.poll();
  };
  const counted = () => [hits.reduce((total, { count }) => total + count, 0), sum(steps).queries];
  await poll.poll();
  await turn('evil-one.top');
  assert.deepEqual(counted(), [1, 1]);
  const year = 365 * 24 * 60 * MINUTE;
  clock.now += year;
  await turn('evil-one.top');
  assert.deepEqual(counted(), [2, 2]);
  clock.now -= year;
  await turn('evil-one.top');
  await turn('evil-one.top');
  // Of the load, what came between two readings across the change is given up.
  assert.deepEqual(counted(), [4, 3]);
});

test('blocking and reading share one session, also when both begin at once or lose it at once', async (t) => {
  const { ftl, target, poll } = await world(t);
  await Promise.all([target.drive(desired('evil-one.top'), NEVER), poll.poll()]);
  assert.deepEqual([ftl.auth.logins, ftl.auth.sessions.size], [1, 1]);
  ftl.auth.sessions.clear();
  await Promise.all([target.drive(desired('evil-one.top', 'evil-two.icu'), NEVER), poll.poll()]);
  assert.deepEqual([ftl.auth.logins, ftl.auth.sessions.size], [2, 1]);
  assert.deepEqual(ftl.violations, []);
});

test('a Pi-hole 5 is said once and left alone', async (t) => {
  const { poll, steps, logged } = await world(t, { version: 5 });
  await poll.poll();
  await poll.poll();
  assert.match(poll.reading().problem ?? '', /there is none of version 6 at pihole.url\. .*Pi-hole 5/);
  assert.deepEqual([steps, logged], [[], ['cannot read figures of pi-hole']]);
});

test('a Pi-hole without password is read without a session', async (t) => {
  const { ftl, poll } = await world(t, {}, { password: () => undefined });
  ftl.auth.password = null;
  await poll.poll();
  assert.deepEqual([poll.reading().problem, ftl.auth.logins], [undefined, 0]);
  assert.equal(poll.reading().figures?.listedNames, 1_050_000);
});

test('a wrong password is said with what to do, tried once, and what was known stays', async (t) => {
  const { ftl, poll, logged } = await world(t, {}, { password: () => 'wrong' });
  for (let n = 0; n < 3; n++) await poll.poll();
  assert.match(poll.reading().problem ?? '', /refuses the password.*Configure app password/);
  assert.deepEqual([ftl.auth.logins, logged.length], [1, 1]);
});

test('a Pi-hole that is down is said, the last figures stay, and it is back by itself', async (t) => {
  const { ftl, clock, poll, logged } = await world(t);
  await poll.poll();
  const { readAt } = poll.reading();
  await ftl.stop();
  clock.now += 15_000;
  await poll.poll();
  await poll.poll();
  assert.match(poll.reading().problem ?? '', /^Cannot reach Pi-hole/);
  assert.equal(poll.reading().readAt, readAt);
  await ftl.start();
  await poll.poll();
  assert.equal(poll.reading().problem, undefined);
  assert.deepEqual(logged, ['cannot read figures of pi-hole', 'figures of pi-hole are back']);
});

test('answers of another shape, and numbers that are none, are no figures', async (t) => {
  const { ftl, poll, steps } = await world(t);
  const answer = ftl.queries.answer.bind(ftl.queries);
  ftl.queries.answer = (path, query) =>
    path === '/stats/summary'
      ? { status: 200, body: { queries: { total: -5, blocked: 'many', frequency: null } } }
      : answer(path, query);
  await poll.poll();
  assert.deepEqual(
    [poll.reading().figures?.queries, poll.reading().figures?.blocked, poll.reading().figures?.queriesPerSecond],
    [0, 0, 0],
  );
  ftl.queries.answer = (path, query) => (path === '/stats/summary' ? { status: 200, body: [] } : answer(path, query));
  await poll.poll();
  assert.match(poll.reading().problem ?? '', /another shape/);
  assert.equal(steps.length, 1);
});

test('started, it reads by itself; the stop waits for what is under way and reports nothing after', async (t) => {
  const { ftl, poll, steps } = await world(t);
  poll.start();
  await until('the first figures are there', () => steps.length > 0);
  await poll.stop();
  const known = steps.length;
  ftl.queries.ask('a.example.com', LAPTOP);
  await poll.poll();
  assert.equal(steps.length, known);
  assert.equal(poll.reading().problem, undefined);
});
