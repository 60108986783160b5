import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, lchownSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { requires } from '../../support/requirement.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { treeOf } from '../../support/tree.ts';
import { type CliRun, cli, world } from '../cli-fixture.ts';
import { type SystemRoot, systemRoot } from './system-root.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');
const YAML = '/etc/suricata/suricata.yaml';

const install = ({ root }: SystemRoot, ...more: readonly string[]): Promise<CliRun> =>
  cli(['install', '--root', root, ...more]);
const uninstall = ({ root }: SystemRoot, ...more: readonly string[]): Promise<CliRun> =>
  cli(['uninstall', '--root', root, ...more]);

/** A system and how it was. */
function before(t: TestContext, options?: { readonly withSuricata: boolean }) {
  const system = systemRoot(t, options);
  return { system, was: system.snapshot() };
}

test('uninstall leaves a system as it was before install, to the last byte and mode', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const { system, was } = before(t);
  const installed = await install(system);
  assert.equal(installed.status, 0, installed.stdout + installed.stderr);
  assert.match(system.read('/etc/passwd'), /^guardian:x:\d+:\d+:[^:]*:\/var\/lib\/guardian:\/usr\/sbin\/nologin$/m);
  assert.equal(statSync(system.at('/etc/guardian')).mode & 0o7777, 0o750);
  assert.equal(statSync(system.at('/etc/guardian/guardian.yaml')).mode & 0o777, 0o640);
  assert.equal(statSync(system.at('/var/lib/suricata/rules')).mode & 0o7777, 0o1775);
  assert.match(
    system.read('/etc/systemd/system/guardian.service'),
    /^ExecStart=\/usr\/bin\/node \/usr\/lib\/home-network-guardian\/dist\/main\.js run --config/m,
  );
  assert.match(system.read('/etc/guardian/guardian.yaml'), /command_socket: \/var\/run\/suricata-command\.socket/);
  assert.match(system.read(YAML), /- eve-log: !include guardian-eve\.yaml/);
  const undone = await uninstall(system);
  assert.equal(undone.status, 0, undone.stdout + undone.stderr);
  assert.deepEqual(system.snapshot(), was);
});

test('install --dry-run names every step and does none', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const { system, was } = before(t);
  const { status, stdout } = await install(system, '--dry-run');
  assert.equal(status, 0);
  assert.match(stdout, /^would {4}create user and group guardian$/m);
  assert.match(stdout, /^would {4}add an EVE output and virustotal-ioc\.rules to \/etc\/suricata\/suricata\.yaml/m);
  assert.match(stdout, /^skipped {2}enable and start guardian\.service: no systemd runs here$/m);
  assert.match(stdout, /Nothing was changed\.\n$/);
  assert.deepEqual(system.snapshot(), was);
});

test('install a second time finds nothing to do', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const system = systemRoot(t);
  await install(system);
  const once = system.snapshot();
  const { status, stdout } = await install(system);
  assert.equal(status, 0);
  assert.doesNotMatch(stdout, /^did/m);
  assert.deepEqual(system.snapshot(), once);
});

for (const line of [1, 4, 7, 11]) {
  test(`install that is killed after its step ${line} is finished by another, or undone whole`, async (t) => {
    if (!requires(t, 'suricata', 'systemd')) return;
    const { system, was } = before(t);
    await killedInstall(system, line);
    assert.equal((await uninstall(system)).status, 0);
    assert.deepEqual(system.snapshot(), was);
    await killedInstall(system, line);
    assert.equal((await install(system)).status, 0);
    assert.equal((await uninstall(system)).status, 0);
    assert.deepEqual(system.snapshot(), was);
  });
}

test('without Suricata, install does the rest, says so, and joins Suricata when it is there', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const { system, was } = before(t, { withSuricata: false });
  const { status, stdout } = await install(system);
  assert.equal(status, 0);
  assert.match(
    stdout,
    /^skipped {2}join Suricata in .*: Suricata is not installed here; run "guardian install" again/m,
  );
  const other = systemRoot(t);
  system.write('/etc/suricata/classification.config', other.read('/etc/suricata/classification.config'));
  system.write('/etc/suricata/reference.config', other.read('/etc/suricata/reference.config'));
  system.write(YAML, other.read(YAML));
  assert.match((await install(system)).stdout, /^did {6}add an EVE output/m);
  await uninstall(system);
  rmSync(system.at('/etc/suricata'), { recursive: true });
  assert.deepEqual(system.snapshot(), was);
});

test('outputs that are included from another file are left to their owner, and found when they name us', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const system = systemRoot(t);
  const text = system.read(YAML).replace(/^outputs:\n[\s\S]*?(?=^\S)/m, 'outputs: !include my-outputs.yaml\n');
  const output = '- eve-log: { enabled: yes, filetype: regular, filename: eve.json, types: [alert] }\n';
  system.write('/etc/suricata/my-outputs.yaml', `%YAML 1.1\n---\n${output}`);
  system.write(YAML, text);
  const { status, stdout } = await install(system);
  assert.equal(status, 1);
  assert.match(stdout, /^NOT done add an EVE output.*"outputs:" is not followed by a list of lines/m);
  assert.match(stdout, /^ +Add "- eve-log: !include \/etc\/suricata\/guardian-eve\.yaml" to your outputs/m);
  assert.equal(system.read(YAML), text);
  system.write('/etc/suricata/my-outputs.yaml', `%YAML 1.1\n---\n${output}- eve-log: !include guardian-eve.yaml\n`);
  system.write(YAML, text.replace(/^rule-files:\n/m, 'rule-files:\n  - virustotal-ioc.rules\n'));
  const again = await install(system);
  assert.equal(again.status, 0, again.stdout + again.stderr);
  assert.match(again.stdout, /^is done {2}add an EVE output/m);
});

test('an output of the user that is an include of its own stays beside ours', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const system = systemRoot(t);
  const mine = '%YAML 1.1\n---\nenabled: yes\nfiletype: regular\nfilename: mine.json\ntypes: [alert]\n';
  system.write('/etc/suricata/mine.yaml', mine);
  const text = system.read(YAML).replace(/^outputs:\n/m, 'outputs:\n  - eve-log: !include mine.yaml\n');
  system.write(YAML, text);
  assert.equal((await install(system)).status, 0);
  assert.match(system.read(YAML), /!include mine\.yaml/);
  await uninstall(system);
  assert.equal(system.read(YAML), text);
});

for (const [what, change, said] of [
  [
    'an include that replaces our outputs',
    (system: SystemRoot, text: string) => {
      const outputs = 'outputs:\n  - fast: { enabled: yes, filename: fast.log }\n';
      system.write('/etc/suricata/late.yaml', `%YAML 1.1\n---\n${outputs}`);
      return `${text}\ninclude: late.yaml\n`;
    },
    /^guardian: .*Suricata does not see it, so an include replaces it; "\/etc\/suricata\/suricata\.yaml" is as it was/,
  ],
  [
    'a configuration that Suricata does not take',
    (_: SystemRoot, text: string) => text.replace(/^stream:\n {2}memcap: .*$/m, 'stream:\n  memcap: nonsense'),
    /^guardian: Cannot run suricata: .*; "\/etc\/suricata\/suricata\.yaml" is as it was/,
  ],
] as const) {
  test(`suricata.yaml is put back after ${what}`, async (t) => {
    if (!requires(t, 'suricata', 'systemd')) return;
    const system = systemRoot(t);
    const text = change(system, system.read(YAML));
    system.write(YAML, text);
    const was = system.snapshot();
    const { status, stderr } = await install(system);
    assert.equal(status, 1);
    assert.match(stderr, said);
    assert.equal(system.read(YAML), text);
    await uninstall(system);
    assert.deepEqual(system.snapshot(), was);
  });
}

test('what a person changed is left by uninstall, and said', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const system = systemRoot(t);
  const text = system.read(YAML);
  await install(system);
  const config = `${system.read('/etc/guardian/guardian.yaml')}log_level: debug\n`;
  system.write('/etc/guardian/guardian.yaml', config);
  system.write('/etc/systemd/system/guardian.service', '[Service]\nExecStart=/bin/true\n');
  system.write('/etc/guardian/virustotal.key', 'secret\n');
  system.write('/var/lib/guardian/guardian.db', 'data');
  system.write(YAML, system.read(YAML).replace(/^default-rule-path:.*$/m, 'default-rule-path: /srv/rules'));
  const again = await install(system);
  assert.match(again.stdout, /^skipped {2}write \/etc\/systemd\/system\/guardian\.service: you changed it/m);
  const { status, stdout } = await uninstall(system);
  assert.equal(status, 0);
  assert.match(stdout, /^kept {5}remove \/etc\/guardian\/guardian\.yaml: you changed it$/m);
  assert.match(stdout, /^kept {5}remove \/etc\/systemd\/system\/guardian\.service: you changed it$/m);
  assert.match(stdout, /^kept {5}remove folder \/var\/lib\/guardian: it is not empty$/m);
  assert.equal(system.read('/etc/guardian/guardian.yaml'), config);
  assert.equal(system.read(YAML), text.replace(/^default-rule-path:.*$/m, 'default-rule-path: /srv/rules'));
  assert.equal(system.read('/var/lib/guardian/guardian.db'), 'data');
  assert.equal(statSync(system.at('/var/lib/guardian')).uid, 0, 'and is no longer of a number without a user');
});

test('uninstall --purge leaves neither data nor keys, and what is not ours', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const system = systemRoot(t);
  system.write('/var/lib/suricata/rules/suricata.rules', '# of suricata-update\n');
  const was = system.snapshot();
  await install(system);
  system.write('/etc/guardian/virustotal.key', 'secret\n');
  system.write('/var/lib/guardian/guardian.db', 'data');
  system.write('/var/lib/suricata/rules/virustotal-ioc.rules', '# ours\n');
  system.write('/var/lib/suricata/datasets/guardian-domains.lst', '');
  const { status, stdout } = await uninstall(system, '--purge');
  assert.equal(status, 0, stdout);
  assert.deepEqual(system.snapshot(), was);
});

for (const [what, damage] of [
  ['a mark of ours is gone', (text: string) => text.replace(/ *# guardian end\n/, '')],
  ['all our marks are gone', (text: string) => text.replaceAll(/ *# guardian (?:begin|end).*\n/g, '')],
  [
    'a line of somebody else came between our marks',
    (text: string) => text.replace(/( *)(- eve-log: !include guardian-eve\.yaml\n)/, '$1$2$1- fast: { enabled: no }\n'),
  ],
] as const) {
  test(`where ${what}, uninstall takes out our lines and no other, and Suricata takes what is left`, async (t) => {
    if (!requires(t, 'suricata', 'systemd')) return;
    const { system, was } = before(t);
    const own = system.read(YAML);
    await install(system);
    const damaged = damage(system.read(YAML));
    assert.notEqual(damaged, system.read(YAML));
    system.write(YAML, damaged);
    assert.equal((await install(system)).status, 0, 'install finds its lines too');
    const { status, stdout } = await uninstall(system);
    assert.equal(status, 0, stdout);
    const left = system.read(YAML);
    assert.equal(left.replace(/^ *- fast: \{ enabled: no \}\n/m, ''), own);
    assert.equal(left.includes('- fast: { enabled: no }'), damaged.includes('- fast: { enabled: no }'));
    system.write(YAML, own);
    assert.deepEqual(system.snapshot(), was);
    execFileSync('suricata', ['--dump-config', '-c', system.at(YAML)]);
  });
}

test('a fragment that somebody includes by a line of their own stays until they take the line out', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const { system, was } = before(t);
  const own = system.read(YAML);
  await install(system);
  const rewritten = system
    .read(YAML)
    .replace('- eve-log: !include guardian-eve.yaml', '- eve-log: !include "guardian-eve.yaml"');
  system.write(YAML, rewritten);
  const { status, stdout } = await uninstall(system);
  assert.equal(status, 1);
  assert.match(stdout, /^NOT done remove \/etc\/suricata\/guardian-eve\.yaml: Suricata still includes it/m);
  execFileSync('suricata', ['--dump-config', '-c', system.at(YAML)]);
  system.write(YAML, own);
  assert.equal((await uninstall(system)).status, 0);
  assert.deepEqual(system.snapshot(), was);
});

test('a fragment that was deleted by hand is written again by install', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const { system, was } = before(t);
  await install(system);
  const whole = system.snapshot();
  rmSync(system.at('/etc/suricata/guardian-eve.yaml'));
  const looked = await install(system, '--dry-run');
  assert.match(looked.stdout, /^would {4}write \/etc\/suricata\/guardian-eve\.yaml$/m);
  const { status, stderr } = await install(system);
  assert.equal(status, 0, stderr);
  assert.deepEqual(system.snapshot(), whole);
  await uninstall(system);
  assert.deepEqual(system.snapshot(), was);
});

test('another type of the socket takes the place of our first output', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const { system, was } = before(t);
  await install(system);
  const config = system.read('/etc/guardian/guardian.yaml');
  system.write('/etc/guardian/guardian.yaml', `${config}eve: { type: dgram }\n`);
  const { status, stdout, stderr } = await install(system);
  assert.equal(status, 0, stdout + stderr);
  assert.deepEqual(system.read(YAML).match(/!include guardian-eve\S*/g), ['!include guardian-eve-dgram.yaml']);
  system.write('/etc/guardian/guardian.yaml', config);
  const undone = await uninstall(system);
  assert.equal(undone.status, 0, undone.stdout + undone.stderr);
  assert.deepEqual(system.snapshot(), was);
});

for (const [how, named] of [
  ['a pattern', '"*.rules"'],
  ['another spelling of its path', '/var/lib/suricata/../suricata/rules/virustotal-ioc.rules'],
  ['its name alone', 'virustotal-ioc.rules'],
] as const) {
  test(`rules that Suricata loads already by ${how} are not named a second time`, async (t) => {
    if (!requires(t, 'suricata', 'systemd')) return;
    const system = systemRoot(t);
    const text = system.read(YAML).replace(/^rule-files:\n/m, `rule-files:\n  - ${named}\n`);
    system.write(YAML, text);
    const { status, stderr } = await install(system);
    assert.equal(status, 0, stderr);
    assert.match(system.read(YAML), /!include guardian-eve\.yaml/);
    assert.doesNotMatch(system.read(YAML), /- \/var\/lib\/suricata\/rules\/virustotal-ioc\.rules/);
    await uninstall(system);
    assert.equal(system.read(YAML), text);
  });
}

for (const [what, output, why] of [
  ['off', 'enabled: no, filetype: unix_stream, types: [dns]', 'it is not enabled'],
  ['without DNS', 'enabled: yes, filetype: unix_stream, types: [alert, tls]', 'it writes no dns'],
  ['of datagrams', 'enabled: yes, filetype: unix_dgram, types: [dns]', 'it is of type unix_dgram, want unix_stream'],
] as const) {
  test(`an output to our socket that is ${what} is left to its owner, and said`, async (t) => {
    if (!requires(t, 'suricata', 'systemd')) return;
    const system = systemRoot(t);
    const line = `  - eve-log: { ${output}, filename: /run/guardian/eve.sock }\n`;
    const text = system.read(YAML).replace(/^outputs:\n/m, `outputs:\n${line}`);
    system.write(YAML, text);
    const { status, stdout } = await install(system);
    assert.equal(status, 1);
    assert.match(stdout, new RegExp(`^NOT done add an EVE output.*already, but ${why}`, 'm'));
    assert.equal(system.read(YAML), text);
  });
}

test('what was left half written is taken away, and what a user keeps under such a name is not touched', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const system = systemRoot(t);
  for (const end of ['.new', '.before-guardian']) system.write(`${YAML}${end}`, 'mine');
  const was = system.snapshot();
  await install(system);
  for (const path of [
    YAML,
    `${YAML}.before-guardian-2`,
    '/etc/suricata/guardian-eve.yaml',
    '/etc/guardian/guardian.yaml',
  ])
    system.write(`${path}.guardian-unfinished`, 'half');
  const { status, stdout } = await uninstall(system);
  assert.equal(status, 0, stdout);
  assert.deepEqual(system.snapshot(), was);
});

test('lines that no Suricata has tested, since install was killed, are tested by the next, and taken out when refused', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const { system, was } = before(t);
  await install(system);
  const path = '/var/lib/home-network-guardian/installed.json';
  system.write(path, system.read(path).replace('"isTested": true', '"isTested": false'));
  const broken = system.read(YAML).replace(/^stream:\n {2}memcap: .*$/m, 'stream:\n  memcap: nonsense');
  system.write(YAML, broken);
  const { status, stderr } = await install(system);
  assert.equal(status, 1);
  assert.match(stderr, /^guardian: Cannot run suricata/);
  assert.doesNotMatch(system.read(YAML), /guardian/);
  system.write(
    YAML,
    system.read(YAML).replace('memcap: nonsense', /^stream:\n {2}(memcap: .*)$/m.exec(broken)?.[1] ?? ''),
  );
  await uninstall(system);
  assert.equal(was.size, system.snapshot().size);
});

test('folders that the hardened service may not write to are said, and taken as they are once a drop-in opens them', async (t) => {
  if (!requires(t, 'systemd')) return;
  const { system } = before(t, { withSuricata: false });
  system.write(
    '/etc/guardian/guardian.yaml',
    'data_dir: /srv/guardian\nsuricata: { rules_file: /srv/rules/virustotal-ioc.rules }\n',
  );
  const { status, stdout } = await install(system);
  assert.equal(status, 1);
  assert.match(
    stdout,
    /^NOT done let the service write .*: it sees \/srv\/guardian and \/srv\/rules read-only or not at all$/m,
  );
  assert.match(stdout, /^ +Make it .*"ReadWritePaths=\/srv\/guardian \/srv\/rules"\.$/m);
  system.write('/etc/systemd/system/guardian.service.d/override.conf', '[Service]\nReadWritePaths=-/srv\n');
  assert.equal((await install(system)).status, 0);
});

test('an account that somebody logs in by is not taken for the daemon without a word', async (t) => {
  if (!requires(t, 'systemd')) return;
  const { system } = before(t, { withSuricata: false });
  system.write('/etc/passwd', `${system.read('/etc/passwd')}guardian:x:1001:1001::/home/guardian:/bin/bash\n`);
  system.write('/etc/group', `${system.read('/etc/group')}guardian:x:1001:\n`);
  const { status, stdout } = await install(system);
  assert.equal(status, 1);
  assert.match(
    stdout,
    /^NOT done create user and group guardian: somebody logs in by that name \(shell \/bin\/bash\)/m,
  );
  await uninstall(system);
  assert.match(system.read('/etc/passwd'), /^guardian:/m);
});

test('a folder of rules that belongs to somebody else is not taken over', async (t) => {
  if (!requires(t, 'suricata', 'systemd')) return;
  const system = systemRoot(t);
  mkdirSync(system.at('/var/lib/suricata/rules'), { recursive: true });
  chownSync(system.at('/var/lib/suricata/rules'), 1000, 1000);
  const was = system.snapshot();
  const { status, stdout } = await install(system);
  assert.equal(status, 1);
  assert.match(stdout, /^NOT done make folder \/var\/lib\/suricata\/rules.*belongs to user 1000 and group 1000/m);
  assert.match(stdout, /^ +Let guardian write to it: setfacl -m u:guardian:rwx \/var\/lib\/suricata\/rules$/m);
  await uninstall(system);
  assert.deepEqual(system.snapshot(), was);
});

test('a link that the daemon put in the place of a folder of its own gives it nothing of root, and is left', async (t) => {
  if (!requires(t, 'systemd')) return;
  const { system } = before(t, { withSuricata: false });
  mkdirSync(system.at('/etc/secret'), { mode: 0o700 });
  mkdirSync(system.at('/var/lib/guardian'), { recursive: true });
  symlinkSync('../../../etc/secret', system.at('/var/lib/guardian/lists'));
  lchownSync(system.at('/var/lib/guardian/lists'), 1000, 1000);
  const secret = () => {
    const { mode, uid, gid } = statSync(system.at('/etc/secret'));
    return [mode & 0o7777, uid, gid];
  };
  const { status, stdout } = await install(system);
  assert.equal(status, 1);
  assert.match(stdout, /^NOT done make folder \/var\/lib\/guardian\/lists.*it is a link of user 1000, want a folder$/m);
  assert.deepEqual(secret(), [0o700, 0, 0]);
  assert.equal((await uninstall(system)).status, 0);
  assert.deepEqual(secret(), [0o700, 0, 0]);
});

test('a folder that root has put on another disk by a link is used', async (t) => {
  if (!requires(t, 'systemd')) return;
  const { system } = before(t, { withSuricata: false });
  mkdirSync(system.at('/srv/guardian'), { recursive: true });
  symlinkSync('../../srv/guardian', system.at('/var/lib/guardian'));
  assert.equal((await install(system)).status, 0);
  assert.equal(statSync(system.at('/srv/guardian')).mode & 0o7777, 0o711);
});

test('install and uninstall --root change nothing outside, also where a link of that system leads there', async (t) => {
  if (!requires(t, 'systemd')) return;
  const [outside, other] = [tempDir(t), tempDir(t)];
  const { system } = before(t, { withSuricata: false });
  symlinkSync(outside, system.at('/var/lib/suricata'));
  const { status, stderr } = await install(system);
  assert.equal(status, 1);
  assert.match(stderr, /var\/lib\/suricata\/rules leads out of it|var\/lib\/suricata leads out of it/);
  assert.deepEqual(treeOf(outside), treeOf(other));
  rmSync(system.at('/var/lib/suricata'));
  assert.equal((await install(system)).status, 0);
  rmSync(system.at('/var/lib/suricata'), { recursive: true });
  mkdirSync(join(outside, 'rules'));
  writeFileSync(join(outside, 'rules/virustotal-ioc.rules'), '');
  symlinkSync(outside, system.at('/var/lib/suricata'));
  assert.equal((await uninstall(system, '--purge')).status, 1);
  assert.ok(existsSync(join(outside, 'rules/virustotal-ioc.rules')));
});

test('what the package of the distribution brings is not written again; nftables gets its drop-in when it is configured', async (t) => {
  if (!requires(t, 'systemd')) return;
  const { system } = before(t, { withSuricata: false });
  system.write('/usr/lib/systemd/system/guardian.service', '[Service]\n');
  system.write('/usr/lib/sysctl.d/60-guardian.conf', '');
  system.write('/etc/guardian/guardian.yaml', 'nftables: {}\n');
  const { status, stdout } = await install(system);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /guardian\.service: the package has it in \/usr\/lib\/systemd\/system$/m);
  assert.match(stdout, /60-guardian\.conf: the package has it in \/usr\/lib\/sysctl\.d$/m);
  assert.match(stdout, /^is done {2}write \/etc\/guardian\/guardian\.yaml: it is there already and yours$/m);
  assert.match(
    system.read('/etc/systemd/system/guardian.service.d/nftables.conf'),
    /^AmbientCapabilities=CAP_NET_ADMIN$/m,
  );
});

test('where /etc is read-only nothing is begun', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const { system, was } = before(t);
  const mounted = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"';
  const child = spawn(
    'unshare',
    [
      '--mount',
      'sh',
      '-c',
      mounted,
      'sh',
      system.at('/etc'),
      process.execPath,
      '--import',
      'tsx',
      MAIN,
      'install',
      '--root',
      system.root,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (text) => (said += String(text)));
  const status = await new Promise((resolve) => child.once('close', resolve));
  // The sources may lie in a home here, which is refused in words of its own and as early.
  assert.match(
    said,
    /^guardian: Cannot install: .*\/etc cannot be written to \(it is read-only\), want a folder that can/,
  );
  assert.equal(status, 1);
  assert.deepEqual(system.snapshot(), was);
});

test('install and uninstall want root', async (t) => {
  const system = systemRoot(t, { withSuricata: false });
  const host = { ...world().host, uid: 1000 };
  for (const command of ['install', 'uninstall']) {
    const { status, stderr } = await cli([command, '--root', system.root], { host });
    assert.equal(status, 1);
    assert.match(stderr, /this is not root, want root/);
  }
});

test('a guardian that its hardened service could not see is not installed', async (t) => {
  const { system, was } = before(t, { withSuricata: false });
  const program = { node: '/usr/bin/node', main: '/home/ann/guardian/dist/main.js' };
  const { status, stderr } = await cli(['install', '--root', system.root], { host: { ...world().host, program } });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /the hardened service does not see \/home\/ann\/guardian\/dist\/main\.js, want it .*npm install -g --prefix/,
  );
  assert.deepEqual(system.snapshot(), was);
});

test('a record of installation that cannot be understood is left, and nothing is undone by it', async (t) => {
  const system = systemRoot(t, { withSuricata: false });
  system.write('/var/lib/home-network-guardian/installed.json', '{"version":2}');
  const was = system.snapshot();
  const { status, stderr } = await uninstall(system);
  assert.equal(status, 1);
  assert.match(stderr, /it is no record of this guardian/);
  assert.deepEqual(system.snapshot(), was);
});

/** Runs install in a process of its own and kills it when it has said so many lines. */
async function killedInstall({ root }: SystemRoot, lines: number): Promise<void> {
  const program = `
    import { Writable } from 'node:stream';
    import { runCli } from ${JSON.stringify(join(import.meta.dirname, '../../../src/cli/program.ts'))};
    import { world } from ${JSON.stringify(join(import.meta.dirname, '../cli-fixture.ts'))};
    let said = 0;
    const stdout = new Writable({ write(chunk, _, done) {
      if (++said === ${lines}) process.kill(process.pid, 'SIGKILL');
      done();
    } });
    await runCli(['install', '--root', ${JSON.stringify(root)}], { ...world(), stdout });
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const signal = await new Promise((resolve) => child.once('exit', (_, name) => resolve(name)));
  assert.equal(signal, 'SIGKILL');
}
