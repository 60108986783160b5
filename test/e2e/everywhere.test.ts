import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ExplanationDocument } from '../../src/api/explanation.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { FtlStandIn } from '../enforce/pihole/ftl-stand-in.ts';
import { DAEMON_KEY, startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const BAD = 'bad-everywhere.top';

test('one verdict reaches rules, lists and Pi-hole, and allow takes it back everywhere', {
  timeout: 240_000,
}, async (t) => {
  const dir = tempDir(t);
  const standIn = new VirusTotalStandIn({
    keys: [DAEMON_KEY],
    reports: () => ({ malicious: 14 }),
    allowance: { minute: 1000, day: 100_000, month: 1_000_000 },
  });
  const { baseUrl } = await standIn.start();
  t.after(() => standIn.stop());
  const ftl = new FtlStandIn({ rowMs: 0, pickupMs: 5 });
  await ftl.start();
  t.after(() => ftl.stop());
  writeFileSync(join(dir, 'pihole.password'), 'correct horse', { mode: 0o600 });
  ftl.auth.password = 'correct horse';
  const more = `pihole: { url: "${ftl.url}", password_file: ${join(dir, 'pihole.password')}, dns: "127.0.0.1:${ftl.dns.port}" }\n`;
  const daemon = await startDaemon(t, {
    dir: join(dir, 'g'),
    virustotalUrl: baseUrl,
    more,
    moreSuricata: ', allow_unchecked: true',
  });
  const explain = (): Promise<ExplanationDocument> => daemon.client.ask({ method: 'GET', path: `/v1/explain/${BAD}` });
  const places = async () =>
    (await explain()).publications
      .filter((one) => one.state !== 'failed')
      .map((one) => one.target)
      .sort();

  await sendToSocket(daemon.eveSocket, dnsQuestionLine(BAD));
  await until('it is published everywhere', async () => (await places()).join() === 'lists,pihole,suricata');
  await until('Pi-hole answers for it as blocked', async () =>
    (await explain()).publications.some((one) => one.target === 'pihole' && one.state === 'proved'),
  );

  await daemon.client.ask({
    method: 'POST',
    path: '/v1/overrides',
    body: { action: 'allow', pattern: BAD, reason: 'a mistake' },
  });
  assert.deepEqual(await places(), []);
  assert.equal(
    ftl.domains.rows.some((row) => row.domain === BAD),
    false,
  );
  assert.doesNotMatch(readFileSync(join(daemon.listsDir, 'hosts.txt'), 'utf8'), /bad-everywhere/);
  assert.doesNotMatch(readFileSync(daemon.rulesFile, 'utf8'), /bad-everywhere/);
  const encoded = Buffer.from(BAD).toString('base64');
  assert.equal(readFileSync(join(daemon.datasetsDir, 'guardian-domains.lst'), 'utf8').includes(encoded), false);

  await daemon.client.ask({ method: 'DELETE', path: `/v1/overrides?pattern=${BAD}` });
  assert.deepEqual(await places(), ['lists', 'pihole', 'suricata'], 'the word taken back, the evidence speaks again');
  daemon.kill('SIGTERM');
  assert.equal(await daemon.ended(), 0);
  assert.deepEqual(ftl.violations, []);
});
