import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { CanaryDocument } from '../../src/api/canary.ts';
import type { ExplanationDocument } from '../../src/api/explanation.ts';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { errorFault } from '../../src/cli/demo/virustotal-stand-in-answer.ts';
import { CommandSocket } from '../../src/enforce/suricata/command-socket.ts';
import { SuricataCommands } from '../../src/enforce/suricata/suricata-commands.ts';
import { DAEMON_KEY, type Daemon, type DaemonOptions, startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { loadedSet } from '../support/loaded-set.ts';
import { networkNamespace } from '../support/netns.ts';
import { requires } from '../support/requirement.ts';
import { type LiveSuricata, startSuricata } from '../support/suricata.ts';
import { tempDir } from '../support/temp-dir.ts';
import { textNow } from '../support/text-now.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const BAD = 'e2e-evil-name.top';
const PATIENCE_MS = 90_000;

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

async function daemonIn(t: TestContext, dir: string, options: Partial<DaemonOptions> = {}): Promise<Daemon> {
  return startDaemon(t, { dir: join(dir, 'g'), commandSocket: join(dir, 's', 'command.sock'), ...options });
}

async function suricataFor(
  t: TestContext,
  dir: string,
  daemon: Daemon,
  users: readonly string[] = [],
): Promise<LiveSuricata> {
  await until('the rules file is there', () => existsSync(daemon.rulesFile));
  const netns = await networkNamespace(t);
  return startSuricata(t, { dir: join(dir, 's'), netns, rulesFiles: [daemon.rulesFile, ...users] });
}

function block(daemon: Daemon, pattern: string): Promise<unknown> {
  return daemon.client.ask({ method: 'POST', path: '/v1/overrides', body: { action: 'block', pattern } });
}

function forget(daemon: Daemon, pattern: string): Promise<unknown> {
  return daemon.client.ask({ method: 'DELETE', path: `/v1/overrides?pattern=${encodeURIComponent(pattern)}` });
}

function explain(daemon: Daemon, name: string): Promise<ExplanationDocument> {
  return daemon.client.ask({ method: 'GET', path: `/v1/explain/${name}` });
}

function status(daemon: Daemon): Promise<StatusDocument> {
  return daemon.client.ask({ method: 'GET', path: '/v1/status' });
}

async function noticeOf(daemon: Daemon): Promise<string> {
  return (await status(daemon)).targets.find(({ name }) => name === 'suricata')?.notice ?? '';
}

async function isProved(daemon: Daemon, name: string): Promise<boolean> {
  const { publications } = await explain(daemon, name);
  return publications.some(({ target, state }) => target === 'suricata' && state === 'proved');
}

async function suricataHolds({ commandSocket }: LiveSuricata, name: string): Promise<boolean> {
  const socket = new CommandSocket(commandSocket);
  try {
    const commands = new SuricataCommands(socket);
    return (await commands.datasetLookup(await loadedSet(commands, 'domains'), name)) === 'present';
  } finally {
    socket.close();
  }
}

function filesMention(daemon: Daemon, name: string): boolean {
  const encoded = Buffer.from(name).toString('base64');
  const files = [
    daemon.rulesFile,
    join(daemon.datasetsDir, 'guardian-domains.lst'),
    join(daemon.listsDir, 'domains.txt'),
  ];
  return files.some((path) => existsSync(path) && new RegExp(`${name}|${encoded}`).test(readFileSync(path, 'utf8')));
}

test('Suricata that is absent, comes, is restarted and is reloaded by others is caught up with, without help', {
  timeout: 300_000,
}, async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const dir = tempDir(t);
  const daemon = await daemonIn(t, dir);
  await block(daemon, BAD);
  await until('status says that Suricata is away', async () => /proof waits for Suricata/.test(await noticeOf(daemon)));
  assert.equal(filesMention(daemon, BAD), true, 'and its files are written');
  const suricata = await suricataFor(t, dir, daemon);
  await until('the block is proved', () => isProved(daemon, BAD), PATIENCE_MS);
  assert.equal(await suricataHolds(suricata, BAD), true);

  await suricata.stop();
  await until('its end is noticed', async () => /proof waits/.test(await noticeOf(daemon)), PATIENCE_MS);
  await block(daemon, 'while-away.top');
  await suricata.start();
  await until('what was said meanwhile is proved', () => isProved(daemon, 'while-away.top'), PATIENCE_MS);

  const before = (await status(daemon)).targets.find(({ name }) => name === 'suricata')?.last_proof_at ?? '';
  const socket = new CommandSocket(suricata.commandSocket);
  t.after(() => socket.close());
  const commands = new SuricataCommands(socket);
  // Somebody removes an entry and reloads, as suricata-update does.
  await commands.datasetRemove(await loadedSet(commands, 'domains'), BAD);
  await commands.reloadRules();
  await until(
    'the reload is noticed and proved anew',
    async () => ((await status(daemon)).targets.find(({ name }) => name === 'suricata')?.last_proof_at ?? '') > before,
    PATIENCE_MS,
  );
  assert.equal(await suricataHolds(suricata, BAD), true);

  // The canary goes the same way, and nothing of it stays.
  const canary = await daemon.client.ask<CanaryDocument>({ method: 'POST', path: '/v1/canary' });
  assert.deepEqual(
    canary.targets.map(({ target, outcome }) => [target, outcome]),
    [
      ['suricata', 'proved'],
      ['lists', 'proved'],
    ],
  );
  assert.equal(await suricataHolds(suricata, canary.name), false);
  assert.equal(filesMention(daemon, canary.name), false);
  assert.equal((await status(daemon)).canary?.name, canary.name);

  await forget(daemon, BAD);
  assert.equal(await suricataHolds(suricata, BAD), false);
  assert.equal(filesMention(daemon, BAD), false);
});

test('Suricata that is killed in the middle of a reload is caught up with when it is back', {
  timeout: 300_000,
}, async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const dir = tempDir(t);
  const daemon = await daemonIn(t, dir);
  // Rules of the user's, so that a reload takes a while.
  const users = join(dir, 'users.rules');
  const rule = (n: number) => `alert dns any any -> any any (dns.query; content:"user-${n}.example"; sid:${n + 1};)\n`;
  writeFileSync(users, Array.from({ length: 4000 }, (_, n) => rule(n)).join(''));
  const suricata = await suricataFor(t, dir, daemon, [users]);
  await block(daemon, BAD);
  await until('the block is proved', () => isProved(daemon, BAD), PATIENCE_MS);
  const reloads = () => suricata.output().split('rule reload starting').length;
  const before = reloads();
  // Nothing but a rule of its own holds a URL, and nothing but a reload brings that.
  await block(daemon, `http://${BAD}/dropper`);
  await until('a reload is under way', () => reloads() > before, PATIENCE_MS);
  process.kill(suricata.pid(), 'SIGKILL');
  await suricata.stop();
  await suricata.start();
  const url = encodeURIComponent(`http://${BAD}/dropper`);
  await until('both are proved', async () => (await isProved(daemon, url)) && isProved(daemon, BAD), PATIENCE_MS);
  assert.equal(await suricataHolds(suricata, BAD), true);
});

test('a command socket that accepts and says nothing stops nothing else, is told, and is caught up with', {
  timeout: 240_000,
}, async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const dir = tempDir(t);
  mkdirSync(join(dir, 's'));
  const clients: Socket[] = [];
  const dumb = createServer((client) => void clients.push(client));
  await new Promise<void>((resolve) => void dumb.listen(join(dir, 's', 'command.sock'), resolve));
  const closeDumb = (): Promise<void> =>
    new Promise((resolve) => {
      for (const client of clients) client.destroy();
      dumb.close(() => resolve());
    });
  t.after(closeDumb);
  const daemon = await daemonIn(t, dir);
  const said = block(daemon, BAD);
  await until('the lists hold it, whoever else is silent', () =>
    textNow(join(daemon.listsDir, 'domains.txt')).includes(BAD),
  );
  await until('status says so', async () => /Suricata/.test(await noticeOf(daemon)), PATIENCE_MS);
  await said;
  await closeDumb();
  await suricataFor(t, dir, daemon);
  await until('it is proved', () => isProved(daemon, BAD), PATIENCE_MS);
});

test('without the program that checks them, rules are not put in place, and status says what to do', {
  timeout: 240_000,
}, async (t) => {
  const dir = tempDir(t);
  const daemon = await daemonIn(t, dir, { moreSuricata: ', binary: /nowhere/suricata' });
  await block(daemon, BAD);
  await until('status says so', async () => /could not be checked.*\/nowhere\/suricata/.test(await noticeOf(daemon)));
  assert.equal(existsSync(daemon.rulesFile), false);
  assert.equal(readFileSync(join(daemon.listsDir, 'domains.txt'), 'utf8').includes(BAD), true);
});

test('a full disk, or one without rights, leaves the old files in place, is told, and is caught up with when there is room', {
  timeout: 240_000,
}, async (t) => {
  if (!requires(t, 'netns')) return;
  const dir = tempDir(t);
  const small = mkdtempSync(join(tmpdir(), 'hng-small-'));
  await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small]);
  t.after(async () => {
    await run('umount', ['-l', small]);
    rmdirSync(small);
  });
  const rules = join(small, 'virustotal-ioc.rules');
  const daemon = await startDaemon(t, {
    dir: join(dir, 'g'),
    more: `canary_every: null\n`,
    moreSuricata: ', allow_unchecked: true, binary: /nowhere/suricata',
    rulesFile: rules,
    datasetsDir: join(small, 'sets'),
  });
  await block(daemon, 'first.top');
  await until('the first rule is there', () => textNow(rules).includes('first.top'));
  await run('sh', ['-c', `dd if=/dev/zero of=${small}/fill bs=1k count=512 2>/dev/null || true`]);
  await block(daemon, 'second.top');
  await until('status says so', async () => /ENOSPC/.test(await noticeOf(daemon)));
  assert.match(readFileSync(rules, 'utf8'), /first\.top/);
  await run('rm', [join(small, 'fill')]);
  await until('it catches up by itself', () => readFileSync(rules, 'utf8').includes('second.top'), PATIENCE_MS);

  // Root is refused nothing by modes, so the rights are taken from the whole file system.
  await run('mount', ['-o', 'remount,ro', small]);
  await block(daemon, 'third.top');
  await until('status says whose right is missing', async () => /EROFS/.test(await noticeOf(daemon)));
  await run('mount', ['-o', 'remount,rw', small]);
  await until('and it catches up again', () => readFileSync(rules, 'utf8').includes('third.top'), PATIENCE_MS);
});

test('two guardians on one rules file: the second ends in words', { timeout: 240_000 }, async (t) => {
  const dir = tempDir(t);
  const first = await daemonIn(t, dir);
  const second = startDaemon(t, { dir: join(dir, 'h'), rulesFile: first.rulesFile, datasetsDir: first.datasetsDir });
  await assert.rejects(second, /ended with 1:.*process \d+ holds it, want one guardian for one rules file/s);
  await block(first, BAD);
  assert.equal(filesMention(first, BAD), true);
});

test('killed between verdict and publish: after a restart everything is as desired, and no lookup is paid twice', {
  timeout: 240_000,
}, async (t) => {
  const dir = tempDir(t);
  const server = new VirusTotalStandIn({
    keys: [DAEMON_KEY],
    reports: () => ({ malicious: 12 }),
    allowance: { minute: 1000, day: 100_000, month: 1_000_000 },
  });
  const { baseUrl } = await server.start();
  t.after(() => server.stop());
  const daemon = await daemonIn(t, dir, {
    virustotalUrl: baseUrl,
    moreSuricata: ', allow_unchecked: true, binary: /nowhere/suricata',
  });
  const names = Array.from({ length: 20 }, (_, i) => `killed-${i}.top`);
  await sendToSocket(daemon.eveSocket, names.map((name) => dnsQuestionLine(name)).join(''));
  await until('the first answer was given', () => server.requests.some(({ path }) => path.includes('killed-')));
  daemon.kill('SIGKILL');
  await daemon.ended();
  await daemon.start();
  await until(
    'every name that was answered is published',
    async () => {
      const told = await status(daemon);
      const listed = textNow(join(daemon.listsDir, 'domains.txt'))
        .split('\n')
        .filter((line) => line.endsWith('.top'));
      return told.verdicts.malicious > 0 && told.queue.length === 0 && listed.length === told.verdicts.malicious;
    },
    PATIENCE_MS,
  );
  const { quota, verdicts } = await status(daemon);
  const asked = server.requests.filter(({ path }) => path.includes('killed-')).length;
  const used = quota.find(({ window }) => window === 'day')?.used ?? 0;
  assert.ok(used >= verdicts.malicious, 'every answer is counted');
  assert.ok(asked <= used + 4, 'and only what was under way may have been asked uncounted or twice');
});

test('a source that only returns errors costs no quota, acquits nobody and stops nothing', {
  timeout: 240_000,
}, async (t) => {
  const dir = tempDir(t);
  const server = new VirusTotalStandIn({
    keys: [DAEMON_KEY],
    reports: () => errorFault(503, 'TransientError', 'Try again.'),
    allowance: { minute: 1000, day: 100_000, month: 1_000_000 },
  });
  const { baseUrl } = await server.start();
  t.after(() => server.stop());
  const daemon = await daemonIn(t, dir, { virustotalUrl: baseUrl });
  await sendToSocket(daemon.eveSocket, dnsQuestionLine(BAD));
  const askedInVain = async () => (await explain(daemon, BAD)).verdict.last_error !== undefined;
  await until('it was asked in vain', askedInVain, PATIENCE_MS);
  const { quota, verdicts, queue } = await status(daemon);
  assert.equal(quota.find(({ window }) => window === 'day')?.used, 0);
  assert.deepEqual([verdicts.clean, verdicts.not_found, verdicts.no_opinion, queue.length], [0, 0, 0, 1]);
  assert.equal((await explain(daemon, BAD)).verdict.state, 'unasked');
});
