import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ExplanationDocument } from '../../src/api/explanation.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { CommandSocket } from '../../src/enforce/suricata/command-socket.ts';
import type { LiveSet } from '../../src/enforce/suricata/datasets.ts';
import { SuricataCommands } from '../../src/enforce/suricata/suricata-commands.ts';
import { type FirewallNamespace, firewallNamespace } from '../enforce/nftables/firewall-namespace.ts';
import { FtlStandIn } from '../enforce/pihole/ftl-stand-in.ts';
import { DAEMON_KEY, type Daemon, startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { loadedSet } from '../support/loaded-set.ts';
import { networkNamespace, sendUdp } from '../support/netns.ts';
import { requires } from '../support/requirement.ts';
import { alertLines, type LiveSuricata, nameAskedIn, startSuricata } from '../support/suricata.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { dnsMessage } from '../support/wire-message.ts';

const BAD = 'bad-everywhere.top';
const BAD_ADDRESS = '45.9.148.108';
const PATIENCE_MS = 90_000;

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

/** One daemon with every target: real Suricata, real nftables in a namespace, the stand-in of a Pi-hole, lists. */
interface Everywhere {
  readonly daemon: Daemon;
  readonly suricata: LiveSuricata;
  readonly netns: string;
  readonly ftl: FtlStandIn;
  readonly firewall: FirewallNamespace;
  readonly standIn: VirusTotalStandIn;
  /** Where an observable is published and proved. */
  readonly provedAt: (observable: string) => Promise<string>;
}

async function everywhere(t: TestContext): Promise<Everywhere> {
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
  const firewall = await firewallNamespace(t);
  const daemon = await startDaemon(t, {
    dir: join(dir, 'g'),
    virustotalUrl: baseUrl,
    commandSocket: join(dir, 's', 'command.sock'),
    env: { PATH: `${nftWithin(firewall, dir)}:${process.env.PATH ?? ''}` },
    more: `pihole: { url: "${ftl.url}", password_file: ${join(dir, 'pihole.password')}, dns: "127.0.0.1:${ftl.dns.port}" }\nnftables: {}\n`,
  });
  await until('the rules file is there', () => existsSync(daemon.rulesFile));
  const netns = await networkNamespace(t);
  const suricata = await startSuricata(t, { dir: join(dir, 's'), netns, rulesFiles: [daemon.rulesFile] });
  const provedAt = async (observable: string): Promise<string> => {
    const path = `/v1/explain/${observable}`;
    const { publications } = await daemon.client.ask<ExplanationDocument>({ method: 'GET', path });
    const proved = publications.filter(({ state }) => state === 'proved');
    return proved
      .map(({ target }) => target)
      .sort()
      .join();
  };
  return { daemon, suricata, netns, ftl, firewall, standIn, provedAt };
}

/** The daemon's nft is the real one, in a namespace: the machine's own firewall is none of a test's business. */
function nftWithin({ command }: FirewallNamespace, dir: string): string {
  const programs = join(dir, 'programs');
  mkdirSync(programs);
  const path = (process.env.PATH ?? '').replaceAll("'", '');
  writeFileSync(join(programs, 'nft'), `#!/bin/sh\nPATH='${path}:/usr/sbin:/sbin' exec ${command.join(' ')} "$@"\n`);
  chmodSync(join(programs, 'nft'), 0o755);
  return programs;
}

function say({ daemon }: Everywhere, action: 'block' | 'allow', pattern: string): Promise<unknown> {
  return daemon.client.ask({ method: 'POST', path: '/v1/overrides', body: { action, pattern, reason: 'a test' } });
}

function forget({ daemon }: Everywhere, pattern: string): Promise<unknown> {
  return daemon.client.ask({ method: 'DELETE', path: `/v1/overrides?pattern=${pattern}` });
}

async function suricataHolds({ suricata }: Everywhere, set: LiveSet, entry: string): Promise<boolean> {
  const socket = new CommandSocket(suricata.commandSocket);
  try {
    const commands = new SuricataCommands(socket);
    return (await commands.datasetLookup(await loadedSet(commands, set), entry)) === 'present';
  } finally {
    socket.close();
  }
}

/** Everything that holds an observable at this moment, asked of the targets themselves and read in every file. */
async function traces(site: Everywhere, kind: 'domain' | 'ip', value: string): Promise<readonly string[]> {
  const { daemon, ftl, firewall } = site;
  const set = kind === 'ip' ? 'ips' : 'domains';
  const forms = [value, Buffer.from(value).toString('base64')];
  const files = [
    daemon.rulesFile,
    ...['domains', 'own-domains', 'ips', 'own-ips'].map((one) => join(daemon.datasetsDir, `guardian-${one}.lst`)),
    ...['domains', 'ips'].map((one) => join(daemon.datasetsDir, `guardian-${one}-json.ndjson`)),
    ...['domains.txt', 'hosts.txt', 'adblock.txt', 'rpz.zone', 'ips.txt'].map((one) => join(daemon.listsDir, one)),
  ];
  const mentions = (file: string): boolean =>
    existsSync(file) && forms.some((form) => readFileSync(file, 'utf8').includes(form));
  return [
    ...((await suricataHolds(site, set, value)) ? ['suricata'] : []),
    ...(ftl.domains.rows.some((row) => row.domain === value) ? ['pihole'] : []),
    ...((await firewall.elements('bad4')).has(value) ? ['nftables'] : []),
    ...files.filter(mentions),
  ];
}

/** Whether a query raises an alert now: another name, asked after it, says when its record would have been written. */
async function alertsOn({ suricata, netns }: Everywhere, name: string, mark: string): Promise<boolean> {
  const before = suricata.alerts().length;
  await sendUdp(netns, [dnsMessage({ name, id: 1 })]);
  await sendUdp(netns, [dnsMessage({ name: mark, id: 2 })]);
  await until(
    `Suricata logs ${mark}`,
    () => suricata.events().some((event) => nameAskedIn(event) === mark),
    PATIENCE_MS,
  );
  return alertLines(suricata.alerts().slice(before)).length > 0;
}

test('one verdict reaches rules, lists and Pi-hole, and allow takes it back everywhere', {
  timeout: 240_000,
}, async (t) => {
  if (!requires(t, 'suricata', 'netns', 'nftables')) return;
  const site = await everywhere(t);
  await sendToSocket(site.daemon.eveSocket, dnsQuestionLine(BAD));
  const all = async () => (await site.provedAt(BAD)) === 'lists,pihole,suricata';
  await until('it is proved everywhere', all, PATIENCE_MS);
  assert.equal(await alertsOn(site, BAD, 'mark1.example'), true);

  await say(site, 'allow', BAD);
  assert.deepEqual(await traces(site, 'domain', BAD), []);
  assert.equal(await alertsOn(site, BAD, 'mark2.example'), false);

  await forget(site, BAD);
  await until('the word taken back, the evidence speaks again', all, PATIENCE_MS);
  site.daemon.kill('SIGTERM');
  assert.equal(await site.daemon.ended(), 0);
  assert.deepEqual([site.ftl.violations, site.ftl.auth.sessions.size, site.standIn.violations], [[], 0, []]);
});

test('forget of an indicator leaves no trace in Suricata, Pi-hole, nftables and the lists when it has been answered', {
  timeout: 240_000,
}, async (t) => {
  if (!requires(t, 'suricata', 'netns', 'nftables')) return;
  const site = await everywhere(t);
  await say(site, 'block', BAD);
  await say(site, 'block', BAD_ADDRESS);
  const isProved = async () =>
    (await site.provedAt(BAD)) === 'lists,pihole,suricata' &&
    (await site.provedAt(BAD_ADDRESS)) === 'lists,nftables,suricata';
  await until('both are proved wherever they can be', isProved, PATIENCE_MS);
  assert.equal((await site.firewall.elements('bad4')).has(BAD_ADDRESS), true);
  assert.equal(await alertsOn(site, BAD, 'mark1.example'), true);

  const startedAt = performance.now();
  await Promise.all([forget(site, BAD), forget(site, BAD_ADDRESS)]);
  t.diagnostic(`both forgotten after ${Math.round(performance.now() - startedAt)} ms`);
  assert.deepEqual(await traces(site, 'domain', BAD), []);
  assert.deepEqual(await traces(site, 'ip', BAD_ADDRESS), []);
  assert.equal(await alertsOn(site, BAD, 'mark2.example'), false);
  assert.deepEqual([await site.provedAt(BAD), await site.provedAt(BAD_ADDRESS)], ['', '']);
});
