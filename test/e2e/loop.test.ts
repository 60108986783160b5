import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ExplanationDocument } from '../../src/api/explanation.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { keyOf, parseObservable } from '../../src/core/observable.ts';
import { DAEMON_KEY, type Daemon, startDaemon } from '../support/daemon.ts';
import { networkNamespace, sendUdp } from '../support/netns.ts';
import { requires } from '../support/requirement.ts';
import { startSuricata } from '../support/suricata.ts';
import { tempDir } from '../support/temp-dir.ts';
import { textNow } from '../support/text-now.ts';
import { until } from '../support/until.ts';
import { dnsMessage } from '../support/wire-message.ts';

const BAD = 'e2e-evil-name.top';
/** Suricata loads its rules while other tests have the processor. */
const PATIENCE_MS = 90_000;
const HARMLESS = 'storage.googleapis.com';

function key(name: string): string {
  const parsed = parseObservable(name);
  assert.ok(parsed.ok);
  return keyOf(parsed.value);
}

function explain(daemon: Daemon, name: string): Promise<ExplanationDocument> {
  return daemon.client.ask({ method: 'GET', path: `/v1/explain/${name}` });
}

for (const transport of ['stream', 'dgram'] as const) {
  test(`a DNS query becomes a rule that alerts on the next one, over unix_${transport}`, {
    timeout: 240_000,
  }, async (t) => {
    if (!requires(t, 'suricata', 'netns')) return;
    const dir = tempDir(t);
    const reports = new Map([
      [key(BAD), { malicious: 12 }],
      [key(HARMLESS), { malicious: 1, flaggedBy: ['Phishing Database'] }],
    ]);
    const standIn = new VirusTotalStandIn({
      keys: [DAEMON_KEY],
      reports,
      allowance: { minute: 1000, day: 100_000, month: 1_000_000 },
    });
    const { baseUrl } = await standIn.start();
    t.after(() => standIn.stop());
    const commandSocket = join(dir, 's', 'command.sock');
    const daemon = await startDaemon(t, {
      dir: join(dir, 'g'),
      eveType: transport,
      virustotalUrl: baseUrl,
      commandSocket,
    });
    await until('the rules file is there, with its datasets', () => textNow(daemon.rulesFile).includes('dataset:'));
    const netns = await networkNamespace(t);
    const suricata = await startSuricata(t, {
      dir: join(dir, 's'),
      netns,
      rulesFiles: [daemon.rulesFile],
      eve: { type: `unix_${transport}`, path: daemon.eveSocket },
    });
    const ask = (name: string, id: number) => sendUdp(netns, [dnsMessage({ name, id })]);

    // The first time it passes: nobody knows it yet.
    await ask(BAD, 1);
    await ask(HARMLESS, 2);
    const story = await until(
      'Suricata itself confirms the entry',
      async () => {
        const told = await explain(daemon, BAD);
        return told.publications.some((one) => one.target === 'suricata' && one.state === 'proved') && told;
      },
      PATIENCE_MS,
    );
    assert.equal(story.verdict.state, 'malicious');
    assert.equal(story.verdict.ratio, '12/92');
    assert.equal(story.verdict.strong, true);
    assert.equal(suricata.alerts().length, 0, 'the query that made it known raised no alert');

    // The next one alerts, and the alert comes back through EVE and is kept.
    await ask(BAD, 3);
    await ask(HARMLESS, 4);
    const alerted = await until(
      'the alert has come back',
      async () => {
        const told = await explain(daemon, BAD);
        return told.alerts.length > 0 && told;
      },
      PATIENCE_MS,
    );
    assert.match(alerted.alerts.at(-1)?.signature ?? '', /^Home Network Guardian: DNS query to a name held malicious/);
    const own = await until(
      'its own rule is loaded and alerts too',
      async () => {
        await ask(BAD, 5);
        const { sid, alerts } = await explain(daemon, BAD);
        return sid !== undefined && alerts.some((alert) => alert.sid === sid) && sid;
      },
      PATIENCE_MS,
    );
    assert.ok(own >= 1_900_000 && own <= 1_999_999);

    const harmless = await explain(daemon, HARMLESS);
    assert.deepEqual(
      [harmless.verdict.state, harmless.verdict.ratio, harmless.alerts.length, harmless.publications.length],
      ['noise', '1/92', 0, 0],
    );
    assert.ok(textNow(join(daemon.listsDir, 'domains.txt')).split('\n').includes(BAD));
    assert.doesNotMatch(textNow(daemon.rulesFile), /googleapis/);
    assert.deepEqual(standIn.violations, []);
    daemon.kill('SIGTERM');
    assert.equal(await daemon.ended(), 0);
  });
}
