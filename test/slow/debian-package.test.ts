import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildDeb } from '../../native-config/bootstrap/deb.mjs';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { ControlClient } from '../../src/cli/control-client.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { debianTree } from '../support/machine/debian-tree.ts';
import { bootMachine, type Machine } from '../support/machine/machine.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { textNow } from '../support/text-now.ts';
import { treeOf } from '../support/tree.ts';
import { until } from '../support/until.ts';

const PATIENCE_MS = 90_000;
const BAD = 'packaged-evil-name.top';

/** What dpkg and the tools it calls keep for themselves, whatever is installed. */
const OF_DPKG = /^(?:ld\.so\.cache|mailcap)$/;

function etcOf(machine: Machine): ReadonlyMap<string, string> {
  return new Map([...treeOf(machine.at('/etc'))].filter(([path]) => !OF_DPKG.test(path)));
}

/** Over the socket, not by the command: a Node that starts for every look takes the machine from the one that is looked at. */
function status(machine: Machine): Promise<StatusDocument> {
  const client = new ControlClient(machine.at('/run/guardian/api.sock'), new AbortController().signal);
  return client.ask({ method: 'GET', path: '/v1/status' });
}

async function installPackage(t: TestContext, machine: Machine): Promise<string> {
  const deb = await buildDeb(tempDir(t));
  const path = `/root/${basename(deb)}`;
  machine.copy(deb, path);
  await machine.must('dpkg', '--install', path);
  return path;
}

test('the Debian package installs on a Debian with its own Node, starts by itself, works, upgrades, and is purged without a trace', {
  timeout: 600_000,
}, async (t) => {
  if (!requires(t, 'debootstrap', 'systemd', 'netns')) return;
  const machine = await bootMachine(t, await debianTree(t, ['nodejs', 'systemd', 'suricata']));
  const was = etcOf(machine);
  const deb = await installPackage(t, machine);

  // Started by its maintainer script, under every restriction of the unit, by the Node of Debian.
  assert.equal(await machine.property('guardian', 'ActiveState'), 'active', await machine.journal('guardian'));
  assert.equal((await machine.must('systemctl', 'is-enabled', 'guardian')).trim(), 'enabled');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.equal((await machine.must('guardian', '--version')).trim(), version);
  assert.match(
    await machine.must('stat', '-c', '%a %U:%G', '/etc/guardian', '/etc/guardian/guardian.yaml'),
    /^750 root:guardian\n640 root:guardian$/m,
  );

  // A feed and an event become a block.
  const config = '/etc/guardian/guardian.yaml';
  machine.write('/etc/guardian/feed.txt', `${BAD}\n`);
  const edited = `${readFileSync(machine.at(config), 'utf8')}feeds:\n  - { name: house, path: /etc/guardian/feed.txt, weight: 6 }\n`;
  machine.write(config, edited);
  await machine.must('systemctl', 'restart', 'guardian');
  await until(
    'the feed is read',
    async () => (await status(machine)).feeds.every(({ state }) => state === 'current'),
    PATIENCE_MS,
  );
  await sendToSocket(machine.at('/run/guardian/eve.sock'), dnsQuestionLine(BAD));
  await until(
    'it is on the list',
    () => textNow(machine.at('/var/lib/guardian/lists/domains.txt')).includes(`\n${BAD}\n`),
    PATIENCE_MS,
  );
  assert.match(await machine.must('guardian', 'explain', BAD), /house/);

  // The package leaves other packages' files alone; joining Suricata is for a person to say.
  const install = await machine.run('guardian', 'install');
  assert.equal(install.status, 0, install.stdout + install.stderr);
  assert.deepEqual(
    install.stdout
      .split('\n')
      .filter((line) => line.startsWith('did'))
      .map((line) => line.split(',')[0]),
    [
      'did      write /etc/systemd/system/suricata.service.d/guardian.conf',
      'did      write /etc/suricata/guardian-eve.yaml',
      'did      add an EVE output and virustotal-ioc.rules to /etc/suricata/suricata.yaml',
      'did      enable and start guardian.service',
    ],
  );

  // An upgrade keeps what a person wrote, and the new program runs.
  const pid = await machine.property('guardian', 'MainPID');
  await machine.must('dpkg', '--install', deb);
  assert.equal(readFileSync(machine.at(config), 'utf8'), edited);
  assert.equal(await machine.property('guardian', 'ActiveState'), 'active');
  assert.notEqual(await machine.property('guardian', 'MainPID'), pid);

  await machine.must('dpkg', '--remove', 'home-network-guardian');
  assert.equal(await machine.property('guardian', 'ActiveState'), 'inactive');
  const left = new Map(
    [...etcOf(machine)].filter(([path]) => !/^(?:guardian|(?:passwd|group|shadow|gshadow)$)/.test(path)),
  );
  for (const [path, entry] of left) if (!/systemd\/system\//.test(path)) assert.equal(entry, was.get(path), path);
  assert.equal(readFileSync(machine.at(config), 'utf8'), edited, 'the configuration stays until it is purged');
  assert.ok(statSync(machine.at('/var/lib/guardian/guardian.db')).size > 0, 'and so does the data');
  await machine.must('dpkg', '--purge', 'home-network-guardian');
  assert.deepEqual(etcOf(machine), was);
  for (const path of [
    '/var/lib/guardian',
    '/var/lib/suricata',
    '/usr/lib/home-network-guardian',
    '/usr/bin/guardian',
    '/run/guardian',
  ]) {
    assert.equal(existsSync(machine.at(path)), false, `${path} is still there`);
  }
});
