import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { type NotifySocket, notifySocket } from '../support/notify-socket.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** The daemon feeds the watchdog twice in this. */
const WATCHDOG_USEC = 200_000;
const PATIENCE_MS = 60_000;

function environment({ path }: NotifySocket): Readonly<Record<string, string>> {
  return { NOTIFY_SOCKET: path, WATCHDOG_USEC: String(WATCHDOG_USEC) };
}

function feedings({ received }: NotifySocket): number {
  return received.filter((message) => message === 'WATCHDOG=1').length;
}

/** Run from its source, the daemon may have a compiler as a child too. */
function receiverOf(daemon: number): number {
  const children = readFileSync(`/proc/${daemon}/task/${daemon}/children`, 'utf8').trim().split(' ');
  const receivers = children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('intake-process'));
  assert.equal(receivers.length, 1, 'it has one receiver');
  return Number(receivers[0]);
}

test('systemd hears STATUS and READY when events are taken, WATCHDOG while all is well, and STOPPING at the end', async (t) => {
  const notify = notifySocket(t);
  const daemon = await startDaemon(t, { dir: join(tempDir(t), 'g'), env: environment(notify) });
  await until('the watchdog was fed three times', () => feedings(notify) >= 3, PATIENCE_MS);
  daemon.kill('SIGTERM');
  assert.equal(await daemon.ended(), 0);
  const said = notify.received.filter((message) => message !== 'WATCHDOG=1');
  assert.deepEqual(said, [
    `READY=1`,
    `STATUS=waiting for Suricata on ${daemon.eveSocket}, 0 blocked, 0 to be asked`,
    'STOPPING=1',
  ]);
  assert.equal(notify.received.at(-1), 'STOPPING=1');
});

test('the watchdog starves while the receiving process hangs, and is fed again when it goes on', async (t) => {
  const notify = notifySocket(t);
  const daemon = await startDaemon(t, { dir: join(tempDir(t), 'g'), eveType: 'dgram', env: environment(notify) });
  await until('the watchdog was fed', () => feedings(notify) >= 3, PATIENCE_MS);
  const receiver = receiverOf(daemon.pid());
  process.kill(receiver, 'SIGSTOP');
  t.after(() => {
    // A stopped process does not notice that its parent ended. It is gone already when the test went well.
    try {
      process.kill(receiver, 'SIGKILL');
    } catch {}
  });
  // What the receiver answered before, and one beat that it still owes, may come; then nothing while the daemon itself answers.
  const before = feedings(notify);
  for (let i = 0; i < 20; i++) {
    const asked = Date.now();
    await daemon.client.ask({ method: 'GET', path: '/v1/status' });
    await until('a beat is due', () => Date.now() - asked > WATCHDOG_USEC / 2000);
  }
  assert.ok(feedings(notify) - before <= 2, `${feedings(notify) - before} feedings came while it hung`);
  process.kill(receiver, 'SIGCONT');
  const during = feedings(notify);
  await until('the watchdog is fed again', () => feedings(notify) > during + 1, PATIENCE_MS);
});

test('the watchdog starves while the main thread is blocked', async (t) => {
  const notify = notifySocket(t);
  const dir = join(tempDir(t), 'g');
  const daemon = await startDaemon(t, { dir, env: environment(notify) });
  await until('the watchdog was fed', () => feedings(notify) >= 3, PATIENCE_MS);
  // Somebody holds the database: SQLite waits for it, in the main thread, and gives up after five seconds.
  const file = new Database(join(dir, 'data', 'guardian.db'));
  t.after(() => file.close());
  file.exec('BEGIN IMMEDIATE');
  await sendToSocket(daemon.eveSocket, dnsQuestionLine('blocking-name.top'));
  const before = feedings(notify);
  await until('the daemon gave up', () => daemon.log().includes('cannot keep what was seen'), PATIENCE_MS);
  // In five seconds it would have been fed fifty times; a few come before the batch does.
  assert.ok(feedings(notify) - before <= 10, `${feedings(notify) - before} feedings came while it was blocked`);
  file.exec('ROLLBACK');
  const during = feedings(notify);
  await until('the watchdog is fed again', () => feedings(notify) > during + 1, PATIENCE_MS);
});
