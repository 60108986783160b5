import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ExplanationDocument } from '../../src/api/explanation.ts';
import type { HuntDocument } from '../../src/api/hunt.ts';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { errorFault, type StandInAnswer } from '../../src/cli/demo/virustotal-stand-in-answer.ts';
import type { Observable } from '../../src/core/observable.ts';
import { DAEMON_KEY, type Daemon, startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { tempDir } from '../support/temp-dir.ts';
import { textNow } from '../support/text-now.ts';
import { until } from '../support/until.ts';

const GENEROUS = { minute: 1000, day: 100_000, month: 1_000_000 };

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

async function standIn(
  t: TestContext,
  reports: (observable: Observable) => StandInAnswer,
): Promise<{ readonly url: string; readonly server: VirusTotalStandIn }> {
  const server = new VirusTotalStandIn({ keys: [DAEMON_KEY], reports, allowance: GENEROUS });
  const { baseUrl } = await server.start();
  t.after(() => server.stop());
  return { url: baseUrl, server };
}

function explain(daemon: Daemon, name: string): Promise<ExplanationDocument> {
  return daemon.client.ask({ method: 'GET', path: `/v1/explain/${encodeURIComponent(name)}` });
}

function status(daemon: Daemon): Promise<StatusDocument> {
  return daemon.client.ask({ method: 'GET', path: '/v1/status' });
}

/** Empty until the daemon has published for the first time. */
function blocklist(daemon: Daemon): readonly string[] {
  return textNow(join(daemon.listsDir, 'domains.txt')).split('\n');
}

test('what a feed lists is judged when it is seen, without a question, and only as much as the feed weighs', {
  timeout: 240_000,
}, async (t) => {
  const dir = tempDir(t);
  const heavy = join(dir, 'heavy.txt');
  const light = join(dir, 'light.txt');
  writeFileSync(heavy, 'heavy-name.top\nnever-seen.top\n');
  writeFileSync(light, 'light-name.top\n');
  const more = `feeds:\n  - { name: heavy, path: ${heavy}, weight: 6 }\n  - { name: light, path: ${light} }\n`;
  const daemon = await startDaemon(t, { dir: join(dir, 'g'), more, moreSuricata: ', allow_unchecked: true' });
  await until('both feeds are read', async () =>
    (await status(daemon)).feeds.every((feed) => feed.state === 'current'),
  );
  await sendToSocket(
    daemon.eveSocket,
    dnsQuestionLine('www.heavy-name.top') + dnsQuestionLine('heavy-name.top') + dnsQuestionLine('light-name.top'),
  );
  await until('it is on the blocklist', () => blocklist(daemon).includes('heavy-name.top'));
  assert.equal((await explain(daemon, 'light-name.top')).verdict.state, 'noise');
  assert.equal(blocklist(daemon).includes('never-seen.top'), false, 'what nobody here uses is not published');
  assert.equal((await status(daemon)).disclosures, 0, 'nothing was asked');
});

test('a source that answers only with errors costs no quota, acquits nobody and loses no question', {
  timeout: 240_000,
}, async (t) => {
  const faults = [
    errorFault(503, 'TransientError'),
    errorFault(504, 'DeadlineExceededError'),
    { fault: 'answer', status: 200, body: { error: { code: 'X', message: 'x' } } },
    { fault: 'reset' },
    { fault: 'answer', status: 200, body: '<html>' },
  ] as const;
  let asked = 0;
  const { url, server } = await standIn(t, () => faults[asked++ % faults.length]);
  const daemon = await startDaemon(t, {
    dir: join(tempDir(t), 'g'),
    virustotalUrl: url,
    moreSuricata: ', allow_unchecked: true',
  });
  const names = Array.from({ length: 12 }, (_, index) => `unlucky-name-${index}.top`);
  await sendToSocket(daemon.eveSocket, names.map((name) => dnsQuestionLine(name)).join(''));
  await until('it was asked again and again', () => asked >= 5);
  await until('every attempt is told', async () => (await status(daemon)).queue.length === names.length);
  const stories = await Promise.all(names.map((name) => explain(daemon, name)));
  assert.deepEqual([...new Set(stories.map((story) => story.verdict.state))], ['unasked']);
  assert.ok(stories.some((story) => story.verdict.last_error !== undefined));
  const day = (await status(daemon)).quota.find((one) => one.window === 'day');
  assert.equal(day?.used, 0);
  assert.deepEqual(server.violations, []);
});

test("an operator's allow teaches which voice to believe less, and forgetting it takes the lesson back", {
  timeout: 240_000,
}, async (t) => {
  const flaggedBy = ['Phishing Database', 'Fortinet', 'Sophos', 'Kaspersky', 'ESET'];
  const { url } = await standIn(t, () => ({ malicious: 5, flaggedBy }));
  const daemon = await startDaemon(t, {
    dir: join(tempDir(t), 'g'),
    virustotalUrl: url,
    moreSuricata: ', allow_unchecked: true',
  });
  const lookUp = (name: string) =>
    daemon.client.ask({ method: 'POST', path: '/v1/lookups', body: { observable: name, refresh: true } });
  await lookUp('ours-really.top');
  assert.equal((await explain(daemon, 'ours-really.top')).verdict.state, 'malicious');
  await daemon.client.ask({
    method: 'POST',
    path: '/v1/overrides',
    body: { action: 'allow', pattern: 'ours-really.top', reason: 'it is ours' },
  });
  assert.equal(blocklist(daemon).includes('ours-really.top'), false);
  await lookUp('another-name.top');
  const taught = await explain(daemon, 'another-name.top');
  assert.equal(taught.verdict.state, 'suspicious');
  assert.ok(taught.verdict.reasons.some((reason) => reason.code === 'learned'));
  await daemon.client.ask({ method: 'DELETE', path: '/v1/overrides?pattern=ours-really.top' });
  assert.equal(blocklist(daemon).includes('ours-really.top'), true);
  await lookUp('another-name.top');
  assert.equal((await explain(daemon, 'another-name.top')).verdict.state, 'malicious');
});

for (const eveType of ['stream', 'dgram'] as const) {
  test(`${eveType}: SIGHUP takes over policy and allow, says what waits for a restart, and survives a typo`, {
    timeout: 240_000,
  }, async (t) => {
    const { url } = await standIn(t, () => ({ malicious: 6 }));
    const daemon = await startDaemon(t, {
      dir: join(tempDir(t), 'g'),
      eveType,
      virustotalUrl: url,
      moreSuricata: ', allow_unchecked: true',
    });
    await daemon.client.ask({ method: 'POST', path: '/v1/lookups', body: { observable: 'some-name.top' } });
    await until('it is blocked', () => blocklist(daemon).includes('some-name.top'));
    const config = readFileSync(daemon.configPath, 'utf8');
    writeFileSync(
      daemon.configPath,
      `${config.replace('log_level: debug', 'log_level: info')}policy: { malicious_at: 8 }\n`,
    );
    daemon.kill('SIGHUP');
    await until('it is not blocked any more', () => !blocklist(daemon).includes('some-name.top'));
    assert.match(daemon.log(), /some keys wait for a restart.*|"keys":\["log_level"\]/);
    writeFileSync(daemon.configPath, `${config}policy: { malicous_at: 8 }\n`);
    daemon.kill('SIGHUP');
    await until('the typo is told', () => /configuration not taken over/.test(daemon.log()));
    assert.equal((await explain(daemon, 'some-name.top')).verdict.state, 'suspicious');
  });
}

test('SIGHUP takes over feeds: a new one blocks, one that is gone releases, and one that cannot be read goes on counting', {
  timeout: 240_000,
}, async (t) => {
  const dir = tempDir(t);
  const [first, second] = [join(dir, 'first.txt'), join(dir, 'second.txt')];
  writeFileSync(first, 'first-name.top\n');
  writeFileSync(second, 'second-name.top\n');
  const feedsOf = (...lines: string[]) => `feeds:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
  const more = feedsOf(`{ name: first, path: ${first}, weight: 6 }`);
  const daemon = await startDaemon(t, { dir: join(dir, 'g'), more, moreSuricata: ', allow_unchecked: true' });
  const config = readFileSync(daemon.configPath, 'utf8').replace(more, '');
  const reload = (feeds: string) => {
    writeFileSync(daemon.configPath, config + feeds);
    daemon.kill('SIGHUP');
  };
  await until('the feed is read', async () => (await status(daemon)).feeds[0]?.state === 'current');
  await sendToSocket(daemon.eveSocket, dnsQuestionLine('first-name.top') + dnsQuestionLine('second-name.top'));
  await until('its name is blocked', () => blocklist(daemon).includes('first-name.top'));
  const secondLine = `{ name: second, path: ${second}, weight: 6 }`;
  reload(feedsOf(`{ name: first, path: ${join(dir, 'gone.txt')}, weight: 6 }`, secondLine));
  await until('the name of the new feed is blocked too', () => blocklist(daemon).includes('second-name.top'));
  assert.ok(blocklist(daemon).includes('first-name.top'), 'its last good version counts');
  const hunted = await daemon.client.ask<HuntDocument>({ method: 'GET', path: '/v1/hunt?observable=second-name.top' });
  assert.equal(hunted.observables[0]?.findings.length, 1, 'who had used it before the feed listed it is found');
  reload(feedsOf(secondLine));
  await until('what only the old feed listed is free', () => !blocklist(daemon).includes('first-name.top'));
  reload(feedsOf(`{ name: second, path: ${second}, weight: 1 }`));
  await until('a feed that weighs less blocks no more', () => !blocklist(daemon).includes('second-name.top'));
  assert.doesNotMatch(daemon.log(), /wait for a restart/);
});

test('a configuration that changed while the daemon was down is followed at its start', {
  timeout: 240_000,
}, async (t) => {
  const { url } = await standIn(t, () => ({ malicious: 12 }));
  const daemon = await startDaemon(t, {
    dir: join(tempDir(t), 'g'),
    virustotalUrl: url,
    moreSuricata: ', allow_unchecked: true',
  });
  for (const observable of ['ours-really.top', 'truly-bad.top'])
    await daemon.client.ask({ method: 'POST', path: '/v1/lookups', body: { observable } });
  await until('both are blocked', () =>
    ['ours-really.top', 'truly-bad.top'].every((one) => blocklist(daemon).includes(one)),
  );
  daemon.kill('SIGTERM');
  assert.equal(await daemon.ended(), 0);
  writeFileSync(daemon.configPath, `${readFileSync(daemon.configPath, 'utf8')}allow: [ours-really.top]\n`);
  await daemon.start();
  await until('what is allowed now is free', () => !blocklist(daemon).includes('ours-really.top'));
  assert.ok(blocklist(daemon).includes('truly-bad.top'));
});

test('a block that a hard guard forbids is refused in words, and nothing of it is kept', {
  timeout: 240_000,
}, async (t) => {
  const daemon = await startDaemon(t, { dir: join(tempDir(t), 'g'), moreSuricata: ', allow_unchecked: true' });
  for (const pattern of ['0.0.0.0/0', '::/0', '10.0.0.0/8', '*.co.uk', 'router.lan']) {
    const said = daemon.client.ask({ method: 'POST', path: '/v1/overrides', body: { action: 'block', pattern } });
    await assert.rejects(said, /Cannot block .*: .*/, pattern);
  }
  const { overrides } = await daemon.client.ask<{ overrides: unknown[] }>({ method: 'GET', path: '/v1/overrides' });
  assert.deepEqual(overrides, []);
});

test('kill -9 at any moment loses nothing that cost quota', { timeout: 240_000 }, async (t) => {
  const { url, server } = await standIn(t, () => ({ malicious: 0 }));
  const daemon = await startDaemon(t, {
    dir: join(tempDir(t), 'g'),
    virustotalUrl: url,
    moreSuricata: ', allow_unchecked: true',
  });
  let answered = 0;
  for (let round = 0; round < 3; round++) {
    const names = Array.from({ length: 20 }, (_, index) => `round-${round}-name-${index}.top`);
    await sendToSocket(daemon.eveSocket, names.map((name) => dnsQuestionLine(name)).join(''));
    // Questions left of the rounds before may be asked ahead of these, which are kept only once they came in.
    const asked = () => server.requests.filter((one) => one.path.includes(`/domains/round-${round}-`)).length;
    await until('some of this round were asked', () => asked() >= 4);
    daemon.kill('SIGKILL');
    await daemon.ended();
    await daemon.start();
    const { verdicts, quota } = await status(daemon);
    const used = quota.find((one) => one.window === 'day')?.used ?? 0;
    const questions = server.requests.filter((one) => one.path.startsWith('/api/v3/domains/')).length;
    assert.ok(verdicts.clean >= answered, 'no verdict is gone');
    assert.ok(used >= verdicts.clean, 'every answer is counted');
    assert.ok(used <= questions + 4, 'no more is counted than was under way');
    answered = verdicts.clean;
  }
  await until('what was under way is asked again', async () => (await status(daemon)).verdicts.clean === 60, 80_000);
});
