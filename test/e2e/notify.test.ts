import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendDatagram, sendToSocket } from '../support/eve-line.ts';
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

/** A stream is received beside the daemon; for datagrams the daemon lives beside the main thread. */
const TRANSPORTS = ['stream', 'dgram'] as const;

for (const eveType of TRANSPORTS) {
  test(`${eveType}: systemd hears STATUS and READY when events are taken, WATCHDOG while all is well, and STOPPING at the end`, async (t) => {
    const notify = notifySocket(t);
    const daemon = await startDaemon(t, { dir: join(tempDir(t), 'g'), eveType, env: environment(notify) });
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

  test(`${eveType}: the watchdog starves while the daemon's thread is blocked`, async (t) => {
    const notify = notifySocket(t);
    const dir = join(tempDir(t), 'g');
    const daemon = await startDaemon(t, { dir, eveType, env: environment(notify) });
    await until('the watchdog was fed', () => feedings(notify) >= 3, PATIENCE_MS);
    // Somebody holds the database: SQLite waits for it, in the daemon's thread, and gives up after five seconds.
    const file = new Database(join(dir, 'data', 'guardian.db'));
    t.after(() => file.close());
    file.exec('BEGIN IMMEDIATE');
    await (eveType === 'dgram' ? sendDatagram : sendToSocket)(daemon.eveSocket, dnsQuestionLine('blocking-name.top'));
    const before = feedings(notify);
    await until('the daemon gave up', () => daemon.log().includes('cannot keep what was seen'), PATIENCE_MS);
    // In five seconds it would have been fed fifty times; a few come before the batch does.
    assert.ok(feedings(notify) - before <= 10, `${feedings(notify) - before} feedings came while it was blocked`);
    file.exec('ROLLBACK');
    const during = feedings(notify);
    await until('the watchdog is fed again', () => feedings(notify) > during + 1, PATIENCE_MS);
  });
}
