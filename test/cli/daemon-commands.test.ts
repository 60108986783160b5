import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { TargetOutcome } from '../../src/api/publish-outcome.ts';
import { runCli } from '../../src/cli/program.ts';
import {
  accusers,
  ask,
  HOUR,
  keepReport,
  keepSighting,
  keepVerdict,
  NOW,
  observable,
  publishProved,
  startControl,
} from '../api/control-fixture.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { cli, world } from './cli-fixture.ts';

const DRIVEN: TargetOutcome = {
  target: 'suricata',
  added: ['domain:evil.com'],
  removed: [],
  published: 1,
  proved: 1,
  failed: [],
};

test('no daemon: the socket, why, and what to do; exit 1', async (t) => {
  const socket = join(tempDir(t), 'api.sock');
  const { status, stdout, stderr } = await cli(['status', '--socket', socket]);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.equal(
    stderr,
    `guardian: Cannot reach guardian at "${socket}": there is no such socket. Start it ("guardian run", or "systemctl start guardian"), or name its socket with --socket.\n`,
  );
});

test('the socket is found by --socket, by --config and by GUARDIAN_SOCKET, in this order', async (t) => {
  const { dir, socket } = await startControl(t);
  const config = join(dir, 'guardian.yaml');
  writeFileSync(config, `api: { socket: ${socket} }\n`);
  const elsewhere = join(dir, 'nobody.sock');
  assert.equal((await cli(['status', '-c', config])).status, 0);
  assert.equal((await cli(['status'], { env: { GUARDIAN_SOCKET: socket } })).status, 0);
  assert.equal((await cli(['status', '-s', socket, '-c', '/nonexistent'])).status, 0);
  assert.equal((await cli(['status', '-c', config], { env: { GUARDIAN_SOCKET: elsewhere } })).status, 0);
  assert.equal((await cli(['status', '-s', elsewhere], { env: { GUARDIAN_SOCKET: socket } })).status, 1);
});

test('a bad configuration is exit 78 with a line for each bad key', async (t) => {
  const config = join(tempDir(t), 'guardian.yaml');
  writeFileSync(config, 'api: { socket: relative }\nevee: 1\n');
  const { status, stderr } = await cli(['status', '-c', config]);
  assert.equal(status, 78);
  assert.match(stderr, /line 1: api\.socket/);
  assert.match(stderr, /line 2: /);
});

test('status is tab-separated where nobody reads on a screen', async (t) => {
  const { socket } = await startControl(t);
  const { status, stdout } = await cli(['status', '-s', socket]);
  assert.equal(status, 0);
  assert.equal(
    stdout,
    [
      'what\tstate',
      'guardian\t0.1.0 on gateway, up 2 h, 88 MiB',
      'eve\tstream /run/guardian/eve.sock, 1 connection, last event 3 s ago',
      'events\tdns 120, tls 30',
      'dropped\tbad_json 1',
      'lost before us\t0.1 % of DNS transactions',
      'virustotal\tasking',
      'virustotal day\t12 of 500 used (new 12), reserved: manual 50, next lookup in 1 min',
      'feed urlhaus\tcurrent, 1 entry, read 1 min ago',
      'queue\t0 questions waiting',
      'verdicts\tnone yet',
      'target suricata\t1 published, 1 proved, last proof 1 min ago',
      'alerts\t0 in the last 24 hours',
      'disclosures\t0 names ever sent to a source',
      '',
      'What it cannot see or do',
      '- No VirusTotal key: only feeds are used. Set virustotal.api_key_file.',
      '',
    ].join('\n'),
  );
});

test('status is a table that fits on a terminal', async (t) => {
  const { socket } = await startControl(t);
  const { stdout } = await cli(['status', '-s', socket], { columns: 60, env: { NO_COLOR: '1' } });
  assert.match(stdout, /┌/);
  assert.ok(!stdout.includes('\u001b'), 'NO_COLOR is respected');
  for (const line of stdout.split('\n')) assert.ok(line.length <= 60, line);
});

test('status --json is exactly the document of the API', async (t) => {
  const { socket } = await startControl(t);
  const { stdout } = await cli(['status', '-s', socket, '--json']);
  assert.deepEqual(JSON.parse(stdout), (await ask(socket, '/v1/status')).json);
});

test('status --watch draws anew until it is interrupted, and goes on while the daemon is away', async (t) => {
  const { socket, server } = await startControl(t);
  const interrupted = new AbortController();
  const io = world({ signal: interrupted.signal });
  const running = runCli(['status', '--watch', '-s', socket], io);
  await until('it was drawn', () => io.stdout.text.includes('gateway'));
  await server.stop();
  await until('the absence was said', () => io.stderr.text.includes('there is no such socket'));
  interrupted.abort();
  assert.equal(await running, 0);
});

test('lookup prints a verdict for each observable', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'evil.com', accusers(12));
  keepReport(store, 'odd.com', accusers(1));
  const { status, stdout } = await cli(['lookup', 'EVIL.com', 'odd.com', '-s', socket]);
  assert.equal(status, 0);
  assert.equal(
    stdout,
    'observable\tstate\tengines\tblocked\twhy\n' +
      'evil.com\tmalicious\t12/92\tyes\tmalicious: 12 independent engines >= policy.strong_at 10; analysed 2026-03-13, asked 2026-03-14\n' +
      'odd.com\tnoise\t1/92\tno\tnoise: 1 independent engine < policy.suspicious_at 2; analysed 2026-03-13, asked 2026-03-14\n',
  );
});

test('lookup says on stderr what could not be asked, keeps the rest, and exits 1', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'evil.com', accusers(12));
  const { status, stdout, stderr } = await cli(['lookup', 'new.com', 'evil.com', '--json', '-s', socket]);
  assert.equal(status, 1);
  const { verdicts } = JSON.parse(stdout);
  assert.equal(verdicts[0].state, 'unasked');
  assert.equal(verdicts[0].error.code, 'unavailable');
  assert.equal(verdicts[1].state, 'malicious');
  assert.match(stderr, /^guardian: Cannot look up domain:new\.com: no answer within 15000 ms\. Try again later/);
  assert.equal(stderr.split('\n').length, 2);
});

test('lookup that left an observable unasked is exit 1 and says why', async (t) => {
  const fixture = await startControl(t, { lookUp: async (seen) => keepVerdict(fixture.store, seen) });
  const { status, stdout, stderr } = await cli(['lookup', 'new.com', '-s', fixture.socket]);
  assert.equal(status, 1);
  assert.match(stdout, /\nnew\.com\tunasked\t-\tno\tunasked: no report\n$/);
  assert.match(stderr, /^guardian: Cannot look up new\.com: no source was asked\./);
});

test('explain is readable text, wrapped to the terminal', async (t) => {
  const { socket, store } = await startControl(t);
  publishProved(store, keepReport(store, 'evil.com', accusers(12)));
  keepSighting(store, 'evil.com', '192.168.1.20', 7);
  const { status, stdout } = await cli(['explain', 'evil.com', '-s', socket], { columns: 60, env: { NO_COLOR: '1' } });
  assert.equal(status, 0);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 60, line);
  for (const section of ['Verdict', 'Reports', 'Published', 'Seen by', 'Changes', 'Report page'])
    assert.match(stdout, new RegExp(`\n${section}\n`));
  assert.match(stdout, / {2}suricata: published 2026-03-14 11:00 UTC, proved/);
});

test('explain is coloured on a terminal only, and where NO_COLOR is not set', async (t) => {
  const { socket } = await startControl(t);
  const argv = ['explain', 'evil.com', '-s', socket];
  assert.ok((await cli(argv, { columns: 80 })).stdout.includes('\u001b[1m'));
  assert.ok(!(await cli(argv, { columns: 80, env: { NO_COLOR: '1' } })).stdout.includes('\u001b'));
  assert.ok(!(await cli(argv)).stdout.includes('\u001b'));
});

test('explain --json is exactly the document of the API', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'https://evil.com/a?b=c', accusers(12));
  const { stdout } = await cli(['explain', 'https://evil.com/a?b=c', '--json', '-s', socket]);
  const { json } = await ask(socket, `/v1/explain/${encodeURIComponent('https://evil.com/a?b=c')}`);
  assert.deepEqual(JSON.parse(stdout), json);
});

test('texts from outside never reach the terminal as escapes', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'evil.com', [{ engine: '\u001b[2JEvil\u009b31m', category: 'malicious', result: 'a\nb\u202e' }]);
  const alert = {
    at: NOW,
    sid: 1,
    signature: '\u001b]0;x\u0007',
    category: '',
    severity: 1,
    action: 'allowed',
    client: '192.168.1.2',
    peer: '1.1.1.1',
  } as const;
  store.alerts.keep({ ...alert, observable: observable('evil.com') });
  for (const argv of [
    ['explain', 'evil.com'],
    ['explain', 'evil.com', '--json'],
    ['lookup', 'evil.com', '--json'],
  ]) {
    const { status, stdout } = await cli([...argv, '-s', socket]);
    assert.equal(status, 0);
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  }
});

test('hunt lists devices, for one observable and for what became malicious', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'evil.com', accusers(12));
  keepSighting(store, 'evil.com', '192.168.1.20', 7, NOW - 2 * HOUR);
  const expected =
    'observable\tstate\tdevice\tvia\tcount\tdays\tfirst\tlast\tturned bad\n' +
    'evil.com\tmalicious\t192.168.1.20\tdns\t7\t1\t2026-03-14 10:00 UTC\t2026-03-14 10:01 UTC\t-\n';
  assert.equal((await cli(['hunt', 'evil.com', '-s', socket])).stdout, expected);
  assert.equal((await cli(['hunt', '-s', socket])).stdout, expected);
  assert.equal((await cli(['hunt', '--since', '2h', '-s', socket])).stdout, expected);
  assert.equal((await cli(['hunt', '--since', '30m', '-s', socket])).stdout.split('\n').length, 2);
  assert.equal((await cli(['hunt', 'evil.com', '--since', '1d', '-s', socket])).status, 2);
});

test('hunt tells who had used something when it turned bad, also when the sightings are long deleted', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'evil.com', accusers(12));
  keepSighting(store, 'evil.com', '192.168.1.20', 7, NOW - 2 * HOUR);
  store.findings.lookBack(observable('evil.com'), NOW - HOUR);
  store.sightings.forgetBefore(NOW, 0, 1_000);
  const [, row] = (await cli(['hunt', '-s', socket])).stdout.split('\n');
  assert.equal(
    row,
    'evil.com\tmalicious\t192.168.1.20\t-\t7\t-\t2026-03-14 10:00 UTC\t2026-03-14 10:01 UTC\t2026-03-14 11:00 UTC',
  );
});

test('publish --dry-run lists the difference and whom it would hit', async (t) => {
  const { socket, store } = await startControl(t, { publish: async () => ({ targets: [DRIVEN] }) });
  keepSighting(store, 'evil.com', '192.168.1.20', 7);
  const { status, stdout } = await cli(['publish', '--dry-run', '-s', socket]);
  assert.equal(status, 0);
  assert.match(stdout, /target\tchange\tobservable\nsuricata\tadd\tevil\.com\n/);
  assert.match(stdout, /new block\tdevices in 7 days\twhich\nevil\.com\t1\t192\.168\.1\.20\n$/);
});

test('publish is exit 1 when something wanted is not in place', async (t) => {
  const failed = [{ key: 'domain:evil.com', error: 'refused' }];
  const { socket } = await startControl(t, { publish: async () => ({ targets: [{ ...DRIVEN, failed }] }) });
  const { status, stdout } = await cli(['publish', '-s', socket]);
  assert.equal(status, 1);
  assert.match(stdout, /evil\.com: refused/);
});

test('export prints a list, or replaces a file that everybody may read', async (t) => {
  const { dir, socket } = await startControl(t);
  const list = '# guardian\nbad.evil.com\n';
  assert.deepEqual(await cli(['export', 'domains', '-s', socket]), { status: 0, stdout: list, stderr: '' });
  const file = join(dir, 'domains.txt');
  writeFileSync(file, 'old');
  assert.deepEqual(await cli(['export', 'domains', '-o', file, '-s', socket]), { status: 0, stdout: '', stderr: '' });
  assert.equal(readFileSync(file, 'utf8'), list);
  assert.equal(statSync(file).mode & 0o777, 0o644);
  const nowhere = await cli(['export', 'domains', '-o', join(dir, 'no', 'x'), '-s', socket]);
  assert.equal(nowhere.status, 1);
  assert.match(nowhere.stderr, /^guardian: Cannot write ".*": ENOENT\./);
});

test('export of an unknown format is wrong usage and lists the formats', async () => {
  const { status, stderr } = await cli(['export', 'pdf']);
  assert.equal(status, 2);
  assert.match(stderr, /Allowed choices are domains, hosts, adblock/);
});
