import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { errorFault } from '../../src/cli/demo/virustotal-stand-in-answer.ts';
import { endWithUs } from '../support/children.ts';
import { DAEMON_KEY, type Daemon, startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const GENEROUS = { minute: 1000, day: 100_000, month: 1_000_000 };

function status(daemon: Daemon): Promise<StatusDocument> {
  return daemon.client.ask({ method: 'GET', path: '/v1/status' });
}

function alertLine(sid: number, severity: number): string {
  const alert = { action: 'allowed', signature_id: sid, signature: 's\u001b[31m"; drop', severity };
  return `${JSON.stringify({ timestamp: new Date().toISOString().replace('Z', '000+0000'), event_type: 'alert', src_ip: '192.168.7.9', dest_ip: '93.184.216.34', alert })}\n`;
}

test('no EVE line ends the daemon, and what comes with it is kept', { timeout: 240_000 }, async (t) => {
  const daemon = await startDaemon(t, { dir: join(tempDir(t), 'g'), moreSuricata: ', allow_unchecked: true' });
  const numbers = [2 ** 63, 2 ** 53, 1.5, -1, 1e300, 2 ** 32, 7];
  const hostile = numbers.flatMap((number) => [alertLine(number, 1), alertLine(1, number)]);
  const rubbish = [
    '{"timestamp":"',
    '\u0000\u0001\n',
    `${'['.repeat(50_000)}\n`,
    '{"__proto__":{"event_type":"dns"}}\n',
    '{"event_type":"dns","dns":[1]}\n',
  ];
  await sendToSocket(
    daemon.eveSocket,
    `${hostile.join('')}${rubbish.join('\n')}\n${dnsQuestionLine('after-the-storm.top')}`,
  );
  await until('what came last is kept', async () => (await status(daemon)).queue.length === 1);
  assert.equal((await status(daemon)).alerts_last_day, 2 * numbers.filter((one) => one === 7).length);
  daemon.kill('SIGTERM');
  assert.equal(await daemon.ended(), 0);
});

for (const eveType of ['stream', 'dgram'] as const) {
  test(`${eveType}: a start that fails ends the process with what is wrong, and leaves nobody behind`, {
    timeout: 240_000,
  }, async (t) => {
    const dir = tempDir(t);
    const daemon = await startDaemon(t, { dir: join(dir, 'g'), eveType, moreSuricata: ', allow_unchecked: true' });
    const second = join(dir, 'second.yaml');
    // Everything of its own but the rules file, which the first one holds.
    writeFileSync(
      second,
      readFileSync(daemon.configPath, 'utf8').replace(/eve\.sock|api\.sock|"[^"]*\/data"/g, (found) =>
        found.startsWith('"') ? JSON.stringify(join(dir, 'data2')) : `2${found}`,
      ),
    );
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'run', '--config', second], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    endWithUs(child);
    t.after(() => void child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (text) => {
      said += String(text);
    });
    await until('the second has ended by itself', () => child.exitCode !== null);
    assert.equal(child.exitCode, 1);
    assert.match(said, /want one guardian for one rules file/);
  });
}

test('the store is for its owner alone, and the lists below it are for everybody', { timeout: 240_000 }, async (t) => {
  const dir = join(tempDir(t), 'g');
  const daemon = await startDaemon(t, { dir, moreSuricata: ', allow_unchecked: true' });
  await sendToSocket(daemon.eveSocket, dnsQuestionLine('some-name.top'));
  await until('something is written', async () => (await status(daemon)).queue.length === 1);
  const mode = (path: string) => statSync(path).mode & 0o777;
  for (const file of ['guardian.db', 'guardian.db-wal', 'guardian.db-shm'])
    assert.equal(mode(join(dir, 'data', file)), 0o600, file);
  assert.equal(mode(join(dir, 'data')) & 0o001, 0o001, 'others may pass through');
  assert.equal(mode(join(dir, 'lists', 'domains.txt')), 0o644);
});

test('an account that is refused everything keeps its questions', { timeout: 240_000 }, async (t) => {
  const standIn = new VirusTotalStandIn({
    keys: [DAEMON_KEY],
    reports: () => errorFault(403, 'ForbiddenError'),
    allowance: GENEROUS,
  });
  const { baseUrl } = await standIn.start();
  t.after(() => standIn.stop());
  const daemon = await startDaemon(t, {
    dir: join(tempDir(t), 'g'),
    virustotalUrl: baseUrl,
    moreSuricata: ', allow_unchecked: true',
  });
  const names = Array.from({ length: 20 }, (_, index) => `forbidden-${index}.top`);
  await sendToSocket(daemon.eveSocket, names.map((name) => dnsQuestionLine(name)).join(''));
  await until('asking rests', async () => (await status(daemon)).sources.some((source) => source.state === 'resting'));
  assert.ok((await status(daemon)).queue.length >= 12, 'most of the questions are still there');
});

test('a dry run in the wrong place is refused, and publishes nothing', { timeout: 240_000 }, async (t) => {
  const daemon = await startDaemon(t, { dir: join(tempDir(t), 'g'), moreSuricata: ', allow_unchecked: true' });
  await assert.rejects(daemon.client.ask({ method: 'POST', path: '/v1/publish?dry_run=true' }));
});
