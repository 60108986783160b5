import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DesiredState } from '../../../src/core/indicator.ts';
import type { PiholeTarget } from '../../../src/enforce/pihole/pihole-target.ts';
import { until } from '../../support/until.ts';
import { desired } from '../suricata/desired.ts';
import { type PiholeWorld, piholeWorld } from './pihole-world.ts';

const NEVER = new AbortController().signal;
const HOUR = 3_600_000;

/** One round as the publisher makes it: the files first, then Pi-hole; and again when it has read its lists. */
async function round({ lists }: PiholeWorld, pihole: PiholeTarget, state: DesiredState) {
  await lists.drive(state);
  const first = await pihole.drive(state, NEVER);
  await pihole.settled();
  return { first, second: await pihole.drive(state, NEVER) };
}

test('both: a name is blocked at once, and its entry retires when the list holds it', async (t) => {
  const world = await piholeWorld(t);
  const { ftl } = world;
  const pihole = world.target({ mode: 'both' });
  const state = desired('evil-one.top', 'evil-two.icu');
  const { first, second } = await round(world, pihole, state);
  assert.deepEqual([first.added, first.proved], [2, true]);
  assert.deepEqual([second.failed.size, second.proved, second.removed], [0, true, 2]);
  assert.deepEqual(ftl.domains.rows, []);
  assert.deepEqual(
    ftl.domains.lists.map(({ address, comment, number, status }) => [address.slice(-12), comment, number, status]),
    [['/domains.txt', 'guardian: kept by Home Network Guardian', 2, 1]],
  );
  assert.ok(ftl.domains.blocks('evil-one.top'));
  const again = await pihole.drive(state, NEVER);
  assert.deepEqual([again.added, again.removed, ftl.gravityRuns], [0, 0, 1]);
  assert.deepEqual(ftl.violations, []);
});

test('both: lists are read again rarely, and meanwhile what is new stands as an entry', async (t) => {
  const world = await piholeWorld(t);
  const { ftl, clock } = world;
  const pihole = world.target({ mode: 'both' });
  await round(world, pihole, desired('evil-one.top'));
  const more = desired('evil-one.top', 'evil-two.icu');
  clock.now += HOUR;
  const { second } = await round(world, pihole, more);
  assert.deepEqual([second.failed.size, second.proved, ftl.gravityRuns], [0, true, 1]);
  assert.deepEqual(
    ftl.domains.rows.map((row) => row.domain),
    ['evil-two.icu'],
  );
  clock.now += 7 * HOUR;
  await round(world, pihole, more);
  assert.deepEqual([ftl.gravityRuns, ftl.domains.rows.length], [2, 0]);
});

test('both: a restart remembers what the list holds and has nothing read again', async (t) => {
  const world = await piholeWorld(t);
  const { ftl } = world;
  const state = desired('evil-one.top', 'evil-two.icu');
  const earlier = world.target({ mode: 'both' });
  await round(world, earlier, state);
  await earlier.stop();
  const { second } = await round(world, world.target({ mode: 'both' }), state);
  assert.deepEqual([second.added, second.removed, second.proved, ftl.gravityRuns], [0, 0, true, 1]);
});

test('both: what is taken back is free at once although the list still holds it', async (t) => {
  const world = await piholeWorld(t);
  const { ftl, clock } = world;
  const pihole = world.target({ mode: 'both' });
  await round(world, pihole, desired('evil-one.top', 'sorry.org'));
  assert.ok(ftl.domains.blocks('sorry.org'));
  await round(world, pihole, desired('evil-one.top'));
  assert.equal(ftl.domains.blocks('sorry.org'), false);
  assert.equal(
    ftl.domains.row('allow', 'exact', 'sorry.org')?.comment,
    'guardian: released until the lists are read again',
  );
  clock.now += HOUR;
  await round(world, pihole, desired('evil-one.top'));
  assert.deepEqual([ftl.domains.rows, ftl.domains.lists[0]?.number, ftl.gravityRuns], [[], 1, 2]);
});

test("both: a release never frees what the user's other lists or entries block", async (t) => {
  const world = await piholeWorld(t);
  const { ftl } = world;
  ftl.domains.personSubscribes('https://lists.example.org/ads.txt', 'block', ['listed.org']);
  const pihole = world.target({ mode: 'both' });
  await round(world, pihole, desired('evil-one.top', 'listed.org', 'denied.org'));
  ftl.domains.personAdds('deny', 'exact', 'denied.org');
  await round(world, pihole, desired('evil-one.top'));
  assert.ok(ftl.domains.blocks('listed.org') && ftl.domains.blocks('denied.org'));
});

test('both: a list that the user had there already is used and never deleted', async (t) => {
  const world = await piholeWorld(t);
  const { ftl, listsDir } = world;
  ftl.domains.personSubscribes(`file://${join(listsDir, 'domains.txt')}`, 'block', [], 'mine');
  const pihole = world.target({ mode: 'both' });
  const { second } = await round(world, pihole, desired('evil-one.top'));
  assert.equal(second.proved, true);
  await world.lists.drive(new Map());
  await pihole.withdraw(NEVER);
  assert.deepEqual(
    ftl.domains.lists.map((list) => list.comment),
    ['mine'],
  );
});

test('both: nothing left to block ends the subscription, and every trace is gone at once', async (t) => {
  const world = await piholeWorld(t);
  const { ftl, book } = world;
  const pihole = world.target({ mode: 'both' });
  await round(world, pihole, desired('evil-one.top'));
  await pihole.withdraw(NEVER);
  assert.deepEqual([ftl.domains.rows, ftl.domains.lists, book.all()], [[], [], []]);
  assert.equal(ftl.domains.blocks('evil-one.top'), false);
});

test('both: a subscription that the user ended is not made again, and entries take over', async (t) => {
  const world = await piholeWorld(t);
  const { ftl } = world;
  const pihole = world.target({ mode: 'both' });
  await round(world, pihole, desired('evil-one.top'));
  ftl.domains.lists = [];
  const { second } = await round(world, pihole, desired('evil-one.top'));
  assert.match(second.notice ?? '', /a person ended the subscription of our list, which is respected/);
  assert.deepEqual([ftl.domains.lists, second.proved], [[], true]);
});

test('both: a list that Pi-hole may not read is said, and the entries stay', async (t) => {
  const world = await piholeWorld(t);
  const { ftl, listsDir, lists } = world;
  const state = desired('evil-one.top');
  await lists.drive(state);
  chmodSync(join(listsDir, 'domains.txt'), 0o600);
  const pihole = world.target({ mode: 'both' });
  await pihole.drive(state, NEVER);
  await pihole.settled();
  const outcome = await pihole.drive(state, NEVER);
  assert.match(outcome.notice ?? '', /could not fetch our list .* check pihole.list_address/);
  assert.deepEqual([outcome.proved, ftl.domains.rows.length], [true, 1]);
});

test('both: a run that yields nothing is noticed, and entries take over', async (t) => {
  const world = await piholeWorld(t);
  const { ftl } = world;
  const pihole = world.target({ mode: 'both' });
  const state = desired('evil-one.top');
  await round(world, pihole, state);
  const [list] = ftl.domains.lists;
  assert.ok(list);
  list.names = new Set();
  list.number = 0;
  ftl.dns.changed();
  const outcome = await pihole.drive(state, NEVER);
  assert.deepEqual([outcome.added, outcome.proved], [1, true]);
});

test('both: more names than entries wait for the list, which is read as soon as it may', async (t) => {
  const world = await piholeWorld(t);
  const { ftl, clock } = world;
  const pihole = world.target({ mode: 'both', maxEntries: 1 });
  await round(world, pihole, desired('first.top'));
  const state = desired('first.top', 'evil-1.top', 'evil-2.top');
  const { second } = await round(world, pihole, state);
  assert.deepEqual([...second.failed.values()], ['waits for Pi-hole to read its lists again']);
  assert.match(second.notice ?? '', /names wait for Pi-hole to read its lists again at 2026-05-01T12:10Z/);
  clock.now += 11 * 60_000;
  const later = await round(world, pihole, state);
  assert.deepEqual([later.second.failed.size, later.second.proved, ftl.gravityRuns], [0, true, 2]);
});

test('both: two drives never make two runs, and the end of one is news', async (t) => {
  const world = await piholeWorld(t, { gravityMs: 200 });
  const { ftl, lists } = world;
  const pihole = world.target({ mode: 'both' });
  const state = desired('evil-one.top');
  await lists.drive(state);
  await pihole.drive(state, NEVER);
  const during = await pihole.drive(desired('evil-one.top', 'evil-two.icu'), NEVER);
  assert.match(during.notice ?? '', /is reading its lists again/);
  assert.equal(await pihole.watch(), false);
  await pihole.settled();
  assert.equal(await pihole.watch(), true);
  assert.deepEqual([ftl.gravityRuns, ftl.violations], [1, []]);
});

test('list: nothing is told to Pi-hole; DNS shows when the list has arrived', async (t) => {
  const world = await piholeWorld(t);
  const { ftl, listsDir } = world;
  const pihole = world.target({ mode: 'list', password: () => undefined });
  const state = desired('evil-one.top');
  const { second } = await round(world, pihole, state);
  assert.equal(second.proved, false);
  assert.match(second.failed.get('domain:evil-one.top') ?? '', /pihole -g/);
  ftl.domains.personSubscribes(`file://${join(listsDir, 'domains.txt')}`, 'block', []);
  await ftl.domains.gravity();
  ftl.dns.changed();
  const arrived = await until('the list has arrived', async () => {
    const outcome = await pihole.drive(state, NEVER);
    return outcome.failed.size === 0 && outcome;
  });
  assert.deepEqual([arrived.proved, arrived.notice, ftl.requests.length], [true, undefined, 0]);
});

test('both: a canary alone subscribes nothing and has nothing read', async (t) => {
  const world = await piholeWorld(t);
  const { ftl, lists } = world;
  const pihole = world.target({ mode: 'both' });
  const state = desired('canary-0123abcd.guardian.test');
  await lists.drive(state);
  const outcome = await pihole.drive(state, NEVER);
  assert.deepEqual([outcome.added, outcome.proved, ftl.domains.lists.length, ftl.gravityRuns], [1, true, 0, 0]);
});

test('list: a canary is nothing for a list that is read once a week', async (t) => {
  const { target } = await piholeWorld(t);
  const outcome = await target({ mode: 'list' }).drive(desired('canary-0123abcd.guardian.test'), NEVER);
  assert.deepEqual([...outcome.unsupported], ['domain:canary-0123abcd.guardian.test']);
});

test('api after both: the subscription ends, and entries take over', async (t) => {
  const world = await piholeWorld(t);
  const state = desired('evil-one.top');
  await round(world, world.target({ mode: 'both' }), state);
  const outcome = await world.target({ mode: 'api' }).drive(state, NEVER);
  assert.deepEqual([world.ftl.domains.lists, outcome.added, outcome.proved], [[], 1, true]);
});

test('both: what changes while lists are read is made good after, since gravity loses it', async (t) => {
  const world = await piholeWorld(t);
  const { ftl, lists, book } = world;
  let end = (): void => undefined;
  ftl.gravityHeld = new Promise((resolve) => {
    end = resolve;
  });
  t.after(() => end());
  const pihole = world.target({ mode: 'both' });
  await lists.drive(desired('evil-one.top'));
  await pihole.drive(desired('evil-one.top', 'sorry.org'), NEVER);
  await until('the lists are read', () => ftl.gravityRuns === 1);
  // Both while the run goes on: one comes, one goes.
  const state = desired('evil-one.top', 'late.top');
  const during = await pihole.drive(state, NEVER);
  assert.deepEqual([during.added, during.removed, during.proved], [1, 1, true]);
  end();
  await pihole.settled();
  assert.deepEqual(ftl.domains.rows.map((row) => row.domain).sort(), ['evil-one.top', 'sorry.org']);
  const after = await pihole.drive(state, NEVER);
  assert.deepEqual([after.failed.size, after.proved, after.notice], [0, true, undefined]);
  assert.deepEqual(ftl.domains.rows.map((row) => row.domain).sort(), ['evil-one.top', 'late.top']);
  assert.equal(book.all().length, 2);
});
