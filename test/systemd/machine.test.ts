import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ExplanationDocument } from '../../src/api/explanation.ts';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { ControlClient } from '../../src/cli/control-client.ts';
import { type GuardianMachine, guardianMachine } from '../support/machine/guardian-machine.ts';
import { requires } from '../support/requirement.ts';
import { textNow } from '../support/text-now.ts';
import { treeOf } from '../support/tree.ts';
import { until } from '../support/until.ts';
import { dnsMessage } from '../support/wire-message.ts';

// The units, the drop-ins and "guardian install" on a copy of this machine that a real systemd has booted: everything the
// hardened service does is done under the restrictions that systemd itself put in place.

const LIMIT = { timeout: 300_000 };
const PATIENCE_MS = 90_000;
const BAD = 'machine-evil-name.top';
const CONFIG = '/etc/guardian/guardian.yaml';
const FEED = `feeds:\n  - { name: house, path: /etc/guardian/feed.txt, weight: 6 }\n`;

/** A machine whose Suricata would capture its loopback. */
async function machineWithSuricata(t: TestContext): Promise<GuardianMachine> {
  const machine = await guardianMachine(t);
  const yaml = '/etc/suricata/suricata.yaml';
  machine.write(yaml, readFileSync(machine.at(yaml), 'utf8').replaceAll('interface: eth0', 'interface: lo'));
  return machine;
}

async function install(machine: GuardianMachine): Promise<void> {
  const { status, stdout, stderr } = await machine.guardian('install');
  assert.equal(status, 0, `${stdout}${stderr}${await machine.journal('guardian')}`);
}

/** Adds to the configuration and starts the daemon with it. */
async function configure(machine: GuardianMachine, more: string): Promise<void> {
  machine.write(CONFIG, `${readFileSync(machine.at(CONFIG), 'utf8')}${more}`);
  await machine.must('systemctl', 'restart', 'guardian');
}

/** A DNS question on the loopback of the machine. Bash, since it starts in a hundredth of what Node takes. */
function ask(machine: GuardianMachine, name: string): Promise<unknown> {
  const send = 'base64 --decode <<<"$0" >/dev/udp/127.0.0.1/53';
  return machine.must('bash', '-c', send, dnsMessage({ name }).toString('base64'));
}

/** Writes down what it is asked for and with which key. What it answers is nothing that counts here. */
const LISTENER = `
  require('node:http').createServer(({ url, headers }, response) => {
    require('node:fs').appendFileSync('/run/asked', url + ' ' + headers['x-apikey'] + '\\n');
    response.writeHead(503).end();
  }).listen(8999, '127.0.0.1');
`;

function asked(machine: GuardianMachine): string {
  return textNow(machine.at('/run/asked'));
}

/** Over the socket, not by a command: a Node that starts for every look takes the machine from the one that is looked at. */
function get<T>(machine: GuardianMachine, path: string): Promise<T> {
  const client = new ControlClient(machine.at('/run/guardian/api.sock'), new AbortController().signal);
  return client.ask<T>({ method: 'GET', path });
}

async function isProved(machine: GuardianMachine, name: string): Promise<boolean> {
  const { publications } = await get<ExplanationDocument>(machine, `/v1/explain/${name}`);
  return publications.some(({ target, state }) => target === 'suricata' && state === 'proved');
}

test(
  'installed beside Suricata and started by systemd, it hears a name, blocks it, proves it, and leaves no trace',
  LIMIT,
  async (t) => {
    if (!requires(t, 'systemd', 'suricata', 'netns')) return;
    const machine = await machineWithSuricata(t);
    const was = treeOf(machine.at('/etc'));
    await install(machine);
    assert.equal(await machine.property('guardian', 'ActiveState'), 'active');
    assert.equal((await machine.must('systemctl', 'is-enabled', 'guardian')).trim(), 'enabled');
    machine.write('/etc/guardian/feed.txt', `${BAD}\n`);
    await configure(machine, FEED);
    await machine.must('systemctl', 'start', 'suricata');
    assert.match(await machine.property('suricata', 'After'), /\bguardian\.service\b/);

    // EVE in: real Suricata sees the question on the wire and sends it through the socket that the service bound.
    await until(
      'the name has come through',
      async () => {
        await ask(machine, BAD);
        return (await get<StatusDocument>(machine, '/v1/status')).verdicts.malicious === 1;
      },
      PATIENCE_MS,
    );
    // A block out: checked by "suricata -T" and loaded over the command socket, all of it from inside the service.
    await until('the block is proved', () => isProved(machine, BAD), PATIENCE_MS);
    await until(
      'Suricata alerts by our rule',
      async () => {
        await ask(machine, BAD);
        return readFileSync(machine.at('/var/log/suricata/eve.json'), 'utf8').includes('"signature_id":19');
      },
      PATIENCE_MS,
    );
    assert.match(readFileSync(machine.at('/var/lib/guardian/lists/domains.txt'), 'utf8'), new RegExp(`^${BAD}$`, 'm'));
    assert.match(
      await machine.must('stat', '-c', '%a %U:%G', '/var/run/suricata-command.socket'),
      /^660 root:guardian$/m,
    );
    await until(
      'systemctl tells how things stand',
      async () =>
        /^\d+ events on \/run\/guardian\/eve\.sock, 1 blocked, \d+ to be asked$/.test(
          await machine.property('guardian', 'StatusText'),
        ),
      PATIENCE_MS,
    );

    await machine.must('systemctl', 'stop', 'suricata');
    await machine.must('systemctl', 'stop', 'guardian');
    assert.equal(await machine.property('guardian', 'Result'), 'success');
    assert.equal(existsSync(machine.at('/run/guardian')), false);
    const undone = await machine.guardian('uninstall', '--purge');
    assert.equal(undone.status, 0, undone.stdout + undone.stderr);
    assert.deepEqual(treeOf(machine.at('/etc')), was);
    assert.equal(existsSync(machine.at('/var/lib/guardian')), false);
  },
);

test(
  'the service has no privilege, sees no homes and writes nowhere but where it must; a hung one is started anew, one with a bad configuration is not',
  LIMIT,
  async (t) => {
    if (!requires(t, 'systemd', 'suricata', 'netns')) return;
    const machine = await machineWithSuricata(t);
    await install(machine);
    const pid = await machine.property('guardian', 'MainPID');
    const status = await machine.must('cat', `/proc/${pid}/status`);
    for (const line of ['NoNewPrivs:\t1', 'CapEff:\t0000000000000000', 'CapBnd:\t0000000000000000', 'Seccomp:\t2']) {
      assert.ok(status.includes(`${line}\n`), `${line} in\n${status}`);
    }
    // As root, but in the service's own view of the file system.
    const inside = (...command: readonly string[]) => machine.run('nsenter', '-t', pid, '-m', ...command);
    for (const path of [
      '/etc/x',
      '/etc/guardian/x',
      '/usr/x',
      '/var/lib/x',
      '/var/lib/suricata/x',
      '/run/x',
      '/root/x',
    ]) {
      assert.notEqual((await inside('touch', path)).status, 0, `${path} can be written`);
    }
    for (const folder of [
      '/var/lib/guardian',
      '/var/lib/suricata/rules',
      '/var/lib/suricata/datasets',
      '/run/guardian',
      '/tmp',
    ]) {
      assert.equal((await inside('touch', `${folder}/x`)).status, 0, `${folder} cannot be written`);
    }
    assert.equal((await inside('ls', '-A', '/home')).stdout, '');

    machine.write('/etc/systemd/system/guardian.service.d/quick.conf', '[Service]\nWatchdogSec=2s\nRestartSec=0\n');
    await machine.must('systemctl', 'daemon-reload');
    await machine.must('systemctl', 'restart', 'guardian');
    await machine.must('kill', '-STOP', await machine.property('guardian', 'MainPID'));
    await until(
      'systemd has started it anew',
      async () =>
        (await machine.property('guardian', 'NRestarts')) === '1' &&
        (await machine.property('guardian', 'ActiveState')) === 'active',
      PATIENCE_MS,
    );
    assert.match(await machine.journal('guardian'), /[Ww]atchdog timeout/);

    // A bad configuration does not get better by trying again and again.
    machine.write(CONFIG, 'nonsense: 1\n');
    await machine.run('systemctl', 'restart', 'guardian');
    assert.equal(await machine.property('guardian', 'ActiveState'), 'failed');
    assert.equal(await machine.property('guardian', 'ExecMainStatus'), '78');
    assert.equal(await machine.property('guardian', 'NRestarts'), '0');
  },
);

test(
  'with datagrams, a firewall and a key that only root may read, its drop-ins are all it needs',
  LIMIT,
  async (t) => {
    if (!requires(t, 'systemd', 'suricata', 'netns', 'nftables')) return;
    const machine = await machineWithSuricata(t);
    await install(machine);
    machine.write('/etc/guardian/virustotal.key', 'a-key-of-root\n');
    await machine.must('chmod', '0600', '/etc/guardian/virustotal.key');
    const optional = join(import.meta.dirname, '../../systemd/optional/credentials.conf');
    mkdirSync(machine.at('/etc/systemd/system/guardian.service.d'), { recursive: true });
    copyFileSync(optional, machine.at('/etc/systemd/system/guardian.service.d/credentials.conf'));
    copyFileSync(
      join(import.meta.dirname, '../../native-config/nftables/guardian.nft'),
      machine.at('/etc/guardian.nft'),
    );
    await machine.must('nft', '-f', '/etc/guardian.nft');
    rmSync(machine.at('/etc/guardian.nft'));
    const more = [
      'nftables: {}',
      'eve: { type: dgram }',
      'virustotal: { api_key_file: /etc/guardian/virustotal.key, base_url: "http://127.0.0.1:8999" }',
      FEED,
    ].join('\n');
    machine.write('/etc/guardian/feed.txt', `${BAD}\n`);
    machine.write(CONFIG, `${readFileSync(machine.at(CONFIG), 'utf8')}${more}`);
    await machine.must('systemd-run', '--unit=listener', machine.node, '-e', LISTENER);
    // The drop-in for the firewall, and the other kind of EVE output.
    await install(machine);
    await machine.must('systemctl', 'daemon-reload');
    await machine.must('systemctl', 'restart', 'guardian');
    await machine.must('systemctl', 'start', 'suricata');
    await until('VirusTotal is asked, with the key', () => asked(machine).includes(' a-key-of-root\n'), PATIENCE_MS);
    assert.doesNotMatch(await machine.journal('guardian'), /a-key-of-root/);
    await until(
      'a datagram has brought the name',
      async () => {
        await ask(machine, BAD);
        return (await get<StatusDocument>(machine, '/v1/status')).verdicts.malicious === 1;
      },
      PATIENCE_MS,
    );
    assert.equal((await machine.guardian('block', '45.9.148.108')).status, 0);
    await until(
      'the firewall holds the address',
      async () => (await machine.must('nft', 'list', 'set', 'inet', 'guardian', 'bad4')).includes('45.9.148.108'),
      PATIENCE_MS,
    );
  },
);
