import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { askDns } from '../../../src/enforce/pihole/dns-question.ts';
import { until } from '../../support/until.ts';
import { desired, indicator, SINCE } from '../suricata/desired.ts';
import { piholeWorld } from './pihole-world.ts';

const NEVER = new AbortController().signal;
const MINUTE = 60_000;

test('a drive publishes names at once, proves them by DNS, and a second one changes nothing', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  const state = desired('evil-one.top', 'evil-two.icu', '198.51.100.7', 'https://evil-three.xyz/x');
  const first = await pihole.drive(state, NEVER);
  assert.deepEqual([first.added, first.removed, first.failed.size, first.proved], [2, 0, 0, true]);
  assert.deepEqual([...first.unsupported], ['ip:198.51.100.7', 'url:https://evil-three.xyz/x']);
  assert.ok(ftl.domains.blocks('evil-one.top'));
  assert.ok(ftl.dns.asked.includes('evil-two.icu'));
  const rows = structuredClone(ftl.domains.rows);
  const second = await pihole.drive(state, NEVER);
  assert.deepEqual([second.added, second.removed, second.proved], [0, 0, true]);
  assert.deepEqual(ftl.domains.rows, rows);
  assert.deepEqual(ftl.violations, []);
});

test('an entry says why it is there and until when', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  await target().drive(desired('evil-one.top'), NEVER);
  assert.equal(
    ftl.domains.row('deny', 'exact', 'evil-one.top')?.comment,
    'guardian: 12/92 virustotal until 2026-05-08',
  );
});

test('a target started anew takes over what an earlier one published', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const earlier = target();
  await earlier.drive(desired('evil-one.top', 'evil-two.icu'), NEVER);
  await earlier.stop();
  const later = target();
  assert.deepEqual(await later.preview(desired('evil-two.icu', 'evil-three.xyz')), {
    add: ['domain:evil-three.xyz'],
    remove: ['domain:evil-one.top'],
  });
  const outcome = await later.drive(desired('evil-two.icu', 'evil-three.xyz'), NEVER);
  assert.deepEqual([outcome.added, outcome.removed], [1, 1]);
  assert.deepEqual(ftl.domains.rows.map((row) => row.domain).sort(), ['evil-three.xyz', 'evil-two.icu']);
});

test('a drive to nothing leaves no trace, and stopping gives the seat back', async (t) => {
  const { ftl, book, target } = await piholeWorld(t);
  const pihole = target();
  ftl.domains.personAdds('deny', 'exact', 'ads.example.org', 'mine');
  await pihole.drive(desired('evil-one.top', '*.evil-two.icu'), NEVER);
  await pihole.drive(new Map(), NEVER);
  assert.deepEqual(
    ftl.domains.rows.map((row) => row.domain),
    ['ads.example.org'],
  );
  assert.deepEqual(book.all(), []);
  await pihole.stop();
  assert.equal(ftl.auth.sessions.size, 0);
});

test('a name with everything below it becomes one regular expression', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const outcome = await target().drive(desired('*.evil-one.top'), NEVER);
  assert.equal(outcome.proved, true);
  assert.equal(ftl.domains.rows[0]?.domain, '(\\.|^)evil-one\\.top$');
  assert.ok(ftl.domains.blocks('deep.below.evil-one.top'));
  assert.ok(!ftl.domains.blocks('notevil-one.top'));
});

test('public suffixes and names that Pi-hole needs are never given to it', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const outcome = await target().drive(desired('co.uk', 'raw.githubusercontent.com', 'evil-one.top'), NEVER);
  assert.deepEqual([...(outcome.declined?.keys() ?? [])], ['domain:co.uk', 'domain:raw.githubusercontent.com']);
  assert.deepEqual(
    ftl.domains.rows.map((row) => row.domain),
    ['evil-one.top'],
  );
});

test('a hundred names go ten at a time', async (t) => {
  const { ftl, target } = await piholeWorld(t, { rowMs: 0.1 });
  const names = Array.from({ length: 100 }, (_, n) => `evil-${n}.top`);
  const outcome = await target().drive(desired(...names), NEVER);
  assert.deepEqual([outcome.added, outcome.failed.size, outcome.proved], [100, 0, true]);
  const sizes = ftl.requests.filter(({ method, path }) => method === 'POST' && path === '/domains/deny/exact');
  assert.ok(sizes.every(({ items }) => items <= 10));
  assert.deepEqual(ftl.violations, []);
});

test('never more than 60 ms of DNS stall is asked for at once, neither by adding nor by removing', async (t) => {
  const { ftl, target } = await piholeWorld(t, { rowMs: 3.4 });
  const names = Array.from({ length: 45 }, (_, n) => `evil-${n}.top`);
  const pihole = target();
  await pihole.drive(desired(...names), NEVER);
  await pihole.drive(new Map(), NEVER);
  assert.equal(ftl.stalls.length, 6);
  assert.ok(Math.max(...ftl.stalls) <= 60, `asked for ${Math.max(...ftl.stalls)} ms`);
  assert.deepEqual(ftl.domains.rows, []);
});

test('beyond the most it takes one by one, the weakest wait and it says so', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const weak = indicator('weak.top', { strong: false, engines: 5 });
  const outcome = await target({ maxEntries: 1 }).drive(desired(weak, 'strong.top'), NEVER);
  assert.deepEqual(
    [...(outcome.declined ?? [])],
    [['domain:weak.top', 'Pi-hole gets at most 1 names one by one; set pihole.mode to both']],
  );
  assert.deepEqual(
    ftl.domains.rows.map((row) => row.domain),
    ['strong.top'],
  );
});

test("the user's own entry equal to ours is left alone and counts as in place", async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const own = ftl.domains.personAdds('deny', 'exact', 'evil-one.top', 'my own');
  const before = structuredClone(own);
  const pihole = target();
  const outcome = await pihole.drive(desired('evil-one.top'), NEVER);
  assert.deepEqual([outcome.added, outcome.failed.size, outcome.proved], [0, 0, true]);
  await pihole.drive(new Map(), NEVER);
  assert.deepEqual(ftl.domains.row('deny', 'exact', 'evil-one.top'), before);
});

test('what the user allows in Pi-hole is reported and not overruled', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  ftl.domains.personAdds('allow', 'exact', 'exact.top');
  ftl.domains.personAdds('allow', 'regex', '(^|\\.)regex\\.top$');
  ftl.domains.personSubscribes('https://lists.example.org/allow.txt', 'allow', ['listed.top']);
  const outcome = await target().drive(desired('exact.top', 'regex.top', 'listed.top', 'evil-one.top'), NEVER);
  assert.equal(outcome.declined?.get('domain:exact.top'), 'allowed by the user in Pi-hole');
  assert.equal(outcome.declined?.get('domain:regex.top'), 'allowed by the user in Pi-hole');
  assert.match(
    outcome.declined?.get('domain:listed.top') ?? '',
    /^allowed by the user in Pi-hole, through the list https/,
  );
  assert.deepEqual([outcome.added, outcome.failed.size, outcome.proved], [1, 0, true]);
  assert.match(outcome.notice ?? '', /^3 names stay open in Pi-hole because a person wants it so there$/);
});

test('a name that the user allows does not hold up the proof of the rest, also where it is the only one', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  ftl.domains.personAdds('allow', 'exact', 'exact.top');
  const pihole = target();
  for (const state of [desired('exact.top'), desired('exact.top', 'evil-one.top')]) {
    const { failed, declined, proved } = await pihole.drive(state, NEVER);
    assert.deepEqual([failed.size, [...(declined?.keys() ?? [])], proved], [0, ['domain:exact.top'], true]);
  }
});

test('what the user allows later is reported as such', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  await pihole.drive(desired('evil-one.top'), NEVER);
  ftl.domains.personAdds('allow', 'exact', 'evil-one.top');
  ftl.dns.changed();
  const server = { host: '127.0.0.1', port: ftl.dns.port };
  await until('Pi-hole has taken it up', async () => (await askDns(server, 'evil-one.top', 7, 1000)) === 'open');
  const outcome = await pihole.drive(desired('evil-one.top'), NEVER);
  assert.equal(outcome.declined?.get('domain:evil-one.top'), 'allowed by the user in Pi-hole');
});

test('an entry of ours that the user deleted is not added again, also after a restart, until it is decided anew', async (t) => {
  const { ftl, clock, target } = await piholeWorld(t);
  const pihole = target();
  const state = desired('evil-one.top', 'evil-two.icu');
  await pihole.drive(state, NEVER);
  ftl.domains.remove('deny', 'exact', 'evil-one.top');
  clock.now += 2 * MINUTE;
  const outcome = await pihole.drive(state, NEVER);
  assert.match(outcome.declined?.get('domain:evil-one.top') ?? '', /^removed by a person in Pi-hole/);
  assert.equal(outcome.added, 0);
  await pihole.stop();
  const restarted = target();
  assert.equal((await restarted.drive(state, NEVER)).added, 0);
  const anew = desired(indicator('evil-one.top', { since: clock.now + 1, source: 'operator' }), 'evil-two.icu');
  assert.equal((await restarted.drive(anew, NEVER)).added, 1);
});

test('an entry whose comment the user rewrote is theirs from then on', async (t) => {
  const { ftl, clock, target } = await piholeWorld(t);
  const pihole = target();
  await pihole.drive(desired('evil-one.top'), NEVER);
  const row = ftl.domains.row('deny', 'exact', 'evil-one.top');
  assert.ok(row);
  row.comment = 'keep this';
  clock.now += 2 * MINUTE;
  await pihole.drive(new Map(), NEVER);
  assert.equal(ftl.domains.row('deny', 'exact', 'evil-one.top')?.comment, 'keep this');
});

test('an entry that the user switched off stays off and is shown', async (t) => {
  const { ftl, clock, target } = await piholeWorld(t);
  const pihole = target();
  await pihole.drive(desired('evil-one.top'), NEVER);
  const row = ftl.domains.row('deny', 'exact', 'evil-one.top');
  assert.ok(row);
  row.enabled = false;
  clock.now += 2 * MINUTE;
  const outcome = await pihole.drive(desired('evil-one.top'), NEVER);
  assert.equal(outcome.declined?.get('domain:evil-one.top'), 'switched off by a person in Pi-hole');
  assert.equal(ftl.domains.row('deny', 'exact', 'evil-one.top')?.enabled, false);
});

test('an entry with our comment that stands in no record of ours is left alone and pointed out', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  ftl.domains.personAdds('deny', 'exact', 'other.top', 'guardian: 9/92 virustotal until 2026-05-08');
  const names = Array.from({ length: 12 }, (_, n) => `evil-${n}.top`);
  const pihole = target();
  await pihole.drive(desired(...names), NEVER);
  await pihole.stop();
  const later = target();
  assert.match((await later.drive(desired(...names), NEVER)).notice ?? '', /^1 entries in Pi-hole carry our comment/);
  await later.drive(new Map(), NEVER);
  assert.deepEqual(
    ftl.domains.rows.map((row) => row.domain),
    ['other.top'],
  );
});

test('an answer that was lost is made up for: nothing twice, nothing left behind', async (t) => {
  const { ftl, book, dir, target } = await piholeWorld(t);
  // As after a kill -9 between asking and knowing: one had arrived, the other had not.
  ftl.domains.personAdds('deny', 'exact', 'evil-one.top', 'guardian: 12/92 virustotal until 2026-05-08');
  writeFileSync(join(dir, 'pihole-home'), ftl.url);
  for (const item of ['evil-one.top', 'evil-two.icu'])
    book.remember({ place: 'deny/exact', item, state: 'asked', at: SINCE });
  const outcome = await target().drive(desired('evil-one.top', 'evil-two.icu'), NEVER);
  assert.deepEqual([outcome.added, outcome.failed.size, outcome.proved], [1, 0, true]);
  assert.equal(ftl.domains.rows.length, 2);
});

test('blocking that is switched off in Pi-hole is no proof, and said', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  ftl.domains.isBlocking = false;
  const outcome = await target().drive(desired('evil-one.top'), NEVER);
  assert.equal(outcome.proved, false);
  assert.match(outcome.notice ?? '', /blocking is switched off in Pi-hole/);
});

test('a DNS that does not answer is no proof, and said', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  ftl.dns.isSilent = true;
  const outcome = await target().drive(desired('evil-one.top'), NEVER);
  assert.deepEqual([outcome.added, outcome.proved], [1, false]);
  assert.match(outcome.notice ?? '', /DNS of Pi-hole does not answer/);
});

test('a canary is published, held and withdrawn as any name is', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  const name = 'canary-0123abcd.guardian.test';
  const observable = { kind: 'domain', value: name } as const;
  const outcome = await pihole.drive(desired(name), NEVER);
  assert.deepEqual([outcome.added, outcome.failed.size, outcome.proved], [1, 0, true]);
  assert.equal(await pihole.holds(observable, NEVER), true);
  await pihole.drive(new Map(), NEVER);
  assert.equal(await pihole.holds(observable, NEVER), false);
  assert.deepEqual(ftl.domains.rows, []);
});

test("holds() speaks of ours: neither a person's equal entry nor a name that is not blocked counts", async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  ftl.domains.personAdds('deny', 'exact', 'evil-one.top', 'mine');
  assert.equal(await pihole.holds({ kind: 'domain', value: 'evil-one.top' }, NEVER), false);
  assert.equal(await pihole.holds({ kind: 'ip', value: '198.51.100.7' }, NEVER), false);
});

test('another Pi-hole is filled anew: what it never had was not deleted by anybody', async (t) => {
  const { book, dir, target } = await piholeWorld(t);
  const other = await piholeWorld(t);
  const state = desired('evil-one.top', '*.evil-two.icu');
  await target().drive(state, NEVER);
  const moved = await other.target({ book, stateDir: dir }).drive(state, NEVER);
  assert.deepEqual([moved.added, moved.failed.size, moved.proved], [2, 0, true]);
});

test('list after api: what still stands there is pointed out', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  await target().drive(desired('evil-one.top'), NEVER);
  const asked = ftl.requests.length;
  const outcome = await target({ mode: 'list' }).drive(desired('evil-one.top'), NEVER);
  assert.match(outcome.notice ?? '', /^1 entries of ours still stand in Pi-hole/);
  assert.equal(ftl.requests.length, asked);
});
