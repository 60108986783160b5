import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UnavailableError } from '../../../src/core/errors.ts';
import { desired } from '../suricata/desired.ts';
import { piholeWorld } from './pihole-world.ts';

const NEVER = new AbortController().signal;
const MINUTE = 60_000;
const STATE = desired('evil-one.top');

test('Pi-hole down: the drive says so, and the next one catches up', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  await ftl.stop();
  await assert.rejects(pihole.drive(STATE, NEVER), (error) => {
    assert.ok(error instanceof UnavailableError);
    assert.match(error.message, /^Cannot reach Pi-hole at http:.*ECONNREFUSED/);
    return true;
  });
  await ftl.start();
  const outcome = await pihole.drive(STATE, NEVER);
  assert.deepEqual([outcome.added, outcome.proved], [1, true]);
});

test('Pi-hole restarted: the session of before still holds, and nothing is published twice', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  await pihole.drive(STATE, NEVER);
  await ftl.stop();
  await ftl.start();
  const outcome = await pihole.drive(STATE, NEVER);
  assert.deepEqual([outcome.added, outcome.proved, ftl.auth.logins], [0, true, 1]);
});

test('one session serves all drives and outlives a crash; its file is private', async (t) => {
  const { ftl, dir, target } = await piholeWorld(t);
  await target().drive(STATE, NEVER);
  // Never stopped: as after kill -9.
  await target().drive(desired('evil-two.icu'), NEVER);
  assert.deepEqual([ftl.auth.logins, ftl.auth.sessions.size], [1, 1]);
  assert.equal(statSync(join(dir, 'pihole-session')).mode & 0o777, 0o600);
  assert.ok(ftl.requests.every(({ userAgent }) => userAgent === 'HomeNetworkGuardian/test'));
});

test('a session that ended is replaced by one log-in', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  await pihole.drive(STATE, NEVER);
  ftl.auth.sessions.clear();
  const outcome = await pihole.drive(desired('evil-one.top', 'evil-two.icu'), NEVER);
  assert.deepEqual([outcome.added, ftl.auth.logins, ftl.auth.sessions.size], [1, 2, 1]);
});

test('a torn session file is no session', async (t) => {
  const { dir, ftl, target } = await piholeWorld(t);
  writeFileSync(join(dir, 'pihole-session'), '\0\n\r<>');
  assert.equal((await target().drive(STATE, NEVER)).added, 1);
  assert.ok(ftl.auth.sessions.has(readFileSync(join(dir, 'pihole-session'), 'utf8').trim()));
});

test('wrong password: said with what to do, and not tried again for minutes', async (t) => {
  const { ftl, clock, target } = await piholeWorld(t);
  const pihole = target({ password: () => 'wrong' });
  for (let tries = 0; tries < 3; tries++) {
    await assert.rejects(pihole.drive(STATE, NEVER), /refuses the password.*Configure app password/);
  }
  assert.equal(ftl.auth.logins, 1);
  clock.now += 6 * MINUTE;
  await assert.rejects(pihole.drive(STATE, NEVER));
  assert.equal(ftl.auth.logins, 2);
});

test('two-factor log-in on: said that an app password is wanted, which then works', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  ftl.auth.hasTotp = true;
  ftl.auth.appPassword = 'app password';
  await assert.rejects(target().drive(STATE, NEVER), /two-factor log-in is on, want an app password/);
  assert.equal((await target({ password: () => 'app password' }).drive(STATE, NEVER)).added, 1);
});

test('no password is configured and one is wanted: said, without a log-in', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  await assert.rejects(target({ password: () => undefined }).drive(STATE, NEVER), /pihole.password_file is not set/);
  assert.equal(ftl.auth.logins, 0);
});

test('a Pi-hole without password needs no session', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  ftl.auth.password = null;
  const outcome = await target({ password: () => undefined }).drive(STATE, NEVER);
  assert.deepEqual([outcome.added, outcome.proved, ftl.auth.logins], [1, true, 0]);
});

test('seats exhausted: said with what to do, left alone for minutes, then taken up again', async (t) => {
  const { ftl, clock, target } = await piholeWorld(t);
  for (let seat = 0; seat < 16; seat++) ftl.auth.sessions.set(`seat-${seat}`, 'a dashboard that never logs out');
  const pihole = target();
  for (let tries = 0; tries < 3; tries++) {
    await assert.rejects(pihole.drive(STATE, NEVER), /API seats are taken by other programs.*Tried again after/);
    clock.now += MINUTE;
  }
  assert.equal(ftl.auth.logins, 1);
  ftl.auth.sessions.clear();
  clock.now += 5 * MINUTE;
  assert.equal((await pihole.drive(STATE, NEVER)).added, 1);
});

test('too many log-ins at once: waited out', async (t) => {
  const { ftl, clock, target } = await piholeWorld(t);
  for (let tries = 0; tries < 3; tries++) ftl.auth.logIn({ password: 'somebody else' }, 'other');
  const pihole = target();
  await assert.rejects(pihole.drive(STATE, NEVER), /too many log-ins at once/);
  const { logins } = ftl.auth;
  await assert.rejects(pihole.drive(STATE, NEVER), /too many log-ins at once/);
  assert.equal(ftl.auth.logins, logins);
  clock.now += 5000;
});

test('database locked: tried again until it is free', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  await pihole.drive(STATE, NEVER);
  ftl.lockedRequests = 2;
  const outcome = await pihole.drive(desired('evil-one.top', 'evil-two.icu'), NEVER);
  assert.deepEqual([outcome.added, outcome.failed.size, outcome.proved], [1, 0, true]);
});

test('database locked for long: said, and the next drive catches up', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  ftl.lockedRequests = 1000;
  await assert.rejects(pihole.drive(STATE, NEVER), /database is locked/);
  ftl.lockedRequests = 0;
  assert.equal((await pihole.drive(STATE, NEVER)).added, 1);
});

test('FTL that is starting (503) is asked again', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const pihole = target();
  await pihole.drive(STATE, NEVER);
  ftl.unavailableRequests = 2;
  assert.equal((await pihole.drive(desired('evil-one.top', 'evil-two.icu'), NEVER)).added, 1);
});

test('a Pi-hole 5 gets the list alone, and the notice says so', async (t) => {
  const { target } = await piholeWorld(t, { version: 5 });
  const outcome = await target({ mode: 'both' }).drive(STATE, NEVER);
  assert.deepEqual([outcome.added, outcome.proved], [0, false]);
  assert.match(outcome.notice ?? '', /no API of Pi-hole 6 .* gets only the list; subscribe Pi-hole to file:/);
  assert.match(outcome.failed.get('domain:evil-one.top') ?? '', /pihole -g/);
});

test('an entry that Pi-hole refuses does not stop the others', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const insert = ftl.domains.insert.bind(ftl.domains);
  ftl.domains.insert = (type, kind, domain, comment, enabled) =>
    domain === 'bad.top' ? 'disk I/O error' : insert(type, kind, domain, comment, enabled);
  const outcome = await target().drive(desired('evil-one.top', 'bad.top', 'evil-two.icu'), NEVER);
  assert.deepEqual([outcome.added, [...outcome.failed]], [2, [['domain:bad.top', 'disk I/O error']]]);
});

test('an answer full of control characters is shown without them', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  ftl.domains.insert = () => 'no\u001b[31m way\n';
  const outcome = await target().drive(STATE, NEVER);
  assert.equal(outcome.failed.get('domain:evil-one.top'), 'no?[31m way?');
});

test('an entry that a person makes in the same moment is theirs', async (t) => {
  const { ftl, book, target } = await piholeWorld(t);
  const insert = ftl.domains.insert.bind(ftl.domains);
  ftl.domains.insert = (type, kind, domain, comment, enabled) => {
    if (ftl.domains.rows.length === 0) ftl.domains.personAdds(type, kind, domain, 'mine');
    return insert(type, kind, domain, comment, enabled);
  };
  const pihole = target();
  const outcome = await pihole.drive(STATE, NEVER);
  assert.deepEqual([outcome.added, outcome.failed.size, outcome.proved, book.all()], [0, 0, true, []]);
  await pihole.drive(new Map(), NEVER);
  assert.equal(ftl.domains.row('deny', 'exact', 'evil-one.top')?.comment, 'mine');
});

test('the stand-in discards a body of 64 KiB as FTL does, and ours stay far below', async (t) => {
  const { ftl, target } = await piholeWorld(t);
  const post = (bytes: number) =>
    fetch(`${ftl.url}/api/auth`, { method: 'POST', body: JSON.stringify({ password: 'x'.repeat(bytes - 15) }) });
  assert.equal((await post(65_534)).status, 401);
  assert.match(await (await post(65_535)).text(), /No request body data/);
  const long = Array.from({ length: 200 }, (_, n) => `${`${'a'.repeat(60)}.`.repeat(3)}evil-${n}.top`);
  const pihole = target();
  await pihole.drive(desired(...long), NEVER);
  const outcome = await pihole.drive(new Map(), NEVER);
  assert.deepEqual([outcome.removed, ftl.domains.rows], [200, []]);
});
