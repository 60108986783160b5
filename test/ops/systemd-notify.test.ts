import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Log, type LogFields, SILENT } from '../../src/lib/log.ts';
import { NotifySocket, type SystemdEnvironment, SystemdNotify } from '../../src/ops/systemd-notify.ts';
import { notifySocket } from '../support/notify-socket.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

test('SystemdNotify sends its states to the socket of systemd', async (t) => {
  const { path, received } = notifySocket(t);
  const notify = notifier({ NOTIFY_SOCKET: path }, 1);
  notify.ready();
  notify.status('3 blocked\nREADY=0');
  notify.stopping();
  await until('three messages came', () => received.length === 3);
  assert.deepEqual(received, ['READY=1', 'STATUS=3 blocked\\u000aREADY=0', 'STOPPING=1']);
});

test('SystemdNotify feeds the watchdog while the daemon is alive, and not after', async (t) => {
  const { path, received } = notifySocket(t);
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '20000', WATCHDOG_PID: '77' };
  const notify = notifier(env, 77);
  t.after(() => notify.stop());
  let asked = 0;
  let isAlive = true;
  notify.startWatchdog(() => {
    asked++;
    return isAlive;
  });
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  await until('the watchdog was fed twice', () => received.length >= 2);
  isAlive = false;
  const askedBefore = asked;
  await until('it was asked on', () => asked > askedBefore + 2);
  const fed = received.length;
  await until('it was asked further', () => asked > askedBefore + 4);
  assert.equal(received.length, fed);
  assert.equal(new Set(received).size, 1);
  assert.equal(received[0], 'WATCHDOG=1');
});

test('SystemdNotify leaves a watchdog alone that is meant for another process', (t) => {
  const { path } = notifySocket(t);
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '20000', WATCHDOG_PID: '78' };
  const notify = notifier(env, 77);
  let asked = 0;
  notify.startWatchdog(() => {
    asked++;
    return true;
  });
  notify.stop();
  assert.equal(asked, 0);
});

test('SystemdNotify does nothing without systemd', () => {
  const { log, warnings } = recorder();
  const notify = notifier({}, 1, log);
  notify.ready();
  assert.deepEqual(warnings, []);
});

for (const [what, path, reason] of [
  ['an abstract socket', '@/org/freedesktop/systemd1/notify', 'abstract socket is not supported'],
  ['a path that is too long', `/${'x'.repeat(107)}`, 'path is too long for a socket'],
] as const) {
  test(`SystemdNotify says once that it cannot use ${what}, and goes on`, () => {
    const { log, warnings } = recorder();
    const notify = notifier({ NOTIFY_SOCKET: path }, 1, log);
    notify.ready();
    notify.status('x');
    assert.equal(warnings.length, 1);
    assert.equal(warnings[0]?.reason, reason);
  });
}

test('SystemdNotify says once that nobody listens, and goes on', (t) => {
  const { log, warnings } = recorder();
  const env = { NOTIFY_SOCKET: join(tempDir(t), 'none') };
  const notify = notifier(env, 1, log);
  notify.ready();
  notify.stopping();
  assert.equal(warnings.length, 1);
});

function notifier(env: SystemdEnvironment, pid: number, log: Log = SILENT): SystemdNotify {
  const socket = new NotifySocket(env.NOTIFY_SOCKET, log);
  return new SystemdNotify({ env, pid, send: (message) => socket.send(message) });
}

function recorder(): { log: Log; warnings: LogFields[] } {
  const warnings: LogFields[] = [];
  return { log: { ...SILENT, warn: (_message, fields = {}) => warnings.push(fields) }, warnings };
}
