import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const UNITS = join(import.meta.dirname, '../../systemd');

/** Of 10, where 10 is a service without any restriction. */
const MAX_EXPOSURE = 1.5;
/** With the one capability that nft needs, in the machine's own user namespace. */
const MAX_EXPOSURE_WITH_NFTABLES = 1.8;

/** A folder with the unit alone, so that drop-ins of this machine do not count. */
function unitIn(dir: string, ...dropIns: readonly string[]): string {
  const unit = join(dir, 'guardian.service');
  // The program need not be installed here for the unit to be right.
  const program = join(dir, 'guardian');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
  writeFileSync(unit, readFileSync(join(UNITS, 'guardian.service'), 'utf8').replace('/usr/bin/guardian', program));
  if (dropIns.length > 0) mkdirSync(`${unit}.d`);
  for (const name of dropIns) copyFileSync(join(UNITS, name), join(`${unit}.d`, basename(name)));
  return unit;
}

async function exposureOf(unit: string): Promise<number> {
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', unit]);
  const [, exposure] = /Overall exposure level for \S+: ([\d.]+) /.exec(stdout) ?? [];
  return Number(exposure);
}

test(`systemd-analyze rates the exposure of guardian.service at most ${MAX_EXPOSURE}`, async (t) => {
  if (!requires(t, 'systemd')) return;
  const exposure = await exposureOf(unitIn(tempDir(t)));
  assert.ok(exposure > 0 && exposure <= MAX_EXPOSURE, `it is ${exposure}`);
});

test(`with the drop-in for nftables it is at most ${MAX_EXPOSURE_WITH_NFTABLES}`, async (t) => {
  if (!requires(t, 'systemd')) return;
  const exposure = await exposureOf(unitIn(tempDir(t), 'optional/nftables.conf'));
  assert.ok(exposure > MAX_EXPOSURE && exposure <= MAX_EXPOSURE_WITH_NFTABLES, `it is ${exposure}`);
});

test('systemd-analyze verify finds nothing wrong with the unit and its drop-ins', async (t) => {
  if (!requires(t, 'systemd')) return;
  const unit = unitIn(tempDir(t), 'optional/nftables.conf', 'optional/credentials.conf');
  const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', unit]);
  // It also says what other units of this machine lack.
  const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('guardian'));
  assert.deepEqual(ours, []);
});

test('systemd-analyze verify does find a mistake', async (t) => {
  if (!requires(t, 'systemd')) return;
  const unit = unitIn(tempDir(t));
  writeFileSync(unit, readFileSync(unit, 'utf8').replace('ProtectSystem=strict', 'ProtectSistem=strict'));
  const { stderr } = await run('systemd-analyze', ['verify', '--man=no', unit]);
  assert.match(stderr, /ProtectSistem/);
});

test('systemd-tmpfiles and systemd-sysusers make what "guardian install" makes', async (t) => {
  if (!requires(t, 'systemd')) return;
  const root = tempDir(t);
  mkdirSync(join(root, 'etc'));
  await run('systemd-sysusers', [`--root=${root}`, join(UNITS, 'sysusers.d/guardian.conf')]);
  await run('systemd-tmpfiles', ['--create', `--root=${root}`, join(UNITS, 'tmpfiles.d/guardian.conf')]);
  const { stdout } = await run('find', [
    join(root, 'etc/guardian'),
    join(root, 'var/lib'),
    '-mindepth',
    '0',
    '-printf',
    '%m %P\n',
  ]);
  assert.deepEqual(
    stdout
      .split('\n')
      .filter((line) => !line.endsWith(' '))
      .sort(),
    ['', '1775 suricata/rules', '711 guardian', '755 guardian/lists', '755 suricata', '755 suricata/datasets'],
  );
});
