import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ExplanationDocument } from '../../src/api/explanation.ts';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { tempDir } from '../support/temp-dir.ts';
import { textNow } from '../support/text-now.ts';
import { until } from '../support/until.ts';

const USED = 'used-by-all.top';
const DAY_MS = 86_400_000;

test('a block that would hit regular devices waits for a person, in status and in the metric, until block or allow', {
  timeout: 240_000,
}, async (t) => {
  const dir = tempDir(t);
  const feed = join(dir, 'feed.txt');
  writeFileSync(feed, `${USED}\n`);
  const daemon = await startDaemon(t, {
    dir: join(dir, 'g'),
    moreSuricata: ', allow_unchecked: true',
    more: 'policy: { hold_if_seen_by: 2 }\n',
  });
  const status = (): Promise<StatusDocument> => daemon.client.ask({ method: 'GET', path: '/v1/status' });
  const isListed = () => textNow(join(daemon.listsDir, 'domains.txt')).split('\n').includes(USED);
  const say = (action: 'block' | 'allow') =>
    daemon.client.ask({ method: 'POST', path: '/v1/overrides', body: { action, pattern: USED } });
  const days = [3, 2, 1, 0].map((ago) => new Date(Date.now() - ago * DAY_MS));
  const lines = days.flatMap((at) => ['192.168.1.7', '192.168.1.8'].map((client) => dnsQuestionLine(USED, client, at)));
  await sendToSocket(daemon.eveSocket, lines.join(''));

  // What turns bad must have been seen before, or there is nobody to ask about.
  await until('all of it is kept', async () => {
    const story = await daemon.client.ask<ExplanationDocument>({ method: 'GET', path: `/v1/explain/${USED}` });
    return story.clients.length === 2 && story.clients.every((client) => client.days === days.length);
  });
  const config = readFileSync(daemon.configPath, 'utf8');
  writeFileSync(daemon.configPath, `${config}feeds: [{ name: heavy, path: ${feed}, weight: 6 }]\n`);
  daemon.kill('SIGHUP');
  const told = await until('it is held', async () => {
    const now = await status();
    return now.held_blocks.length > 0 && now;
  });
  assert.deepEqual(
    told.held_blocks.map(({ observable }) => observable),
    [USED],
  );
  assert.match(told.held_blocks[0]?.why ?? '', /2 devices/);
  const metrics = await daemon.client.askText({ method: 'GET', path: '/metrics' });
  assert.match(metrics, /^guardian_verdicts_held 1$/m);
  assert.equal(isListed(), false);

  await say('block');
  assert.equal(isListed(), true, 'approved');
  assert.deepEqual((await status()).held_blocks, []);
  await say('allow');
  assert.equal(isListed(), false, 'refused');
});
