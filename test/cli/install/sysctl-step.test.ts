import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { networkNamespace } from '../../support/netns.ts';
import { requires } from '../../support/requirement.ts';
import { tempDir } from '../../support/temp-dir.ts';

const run = promisify(execFile);
const INSTALL = join(import.meta.dirname, '../../../src/cli/install');

/** Runs in a network namespace, whose settings are its own. */
const PROGRAM = `
  const [root] = process.argv.slice(1);
  const { TargetSystem } = await import(${JSON.stringify(`${INSTALL}/target-system.ts`)});
  const { Manifest } = await import(${JSON.stringify(`${INSTALL}/manifest.ts`)});
  const { sysctlStep, readSetting, writeSetting } = await import(${JSON.stringify(`${INSTALL}/sysctl-step.ts`)});
  const { undo } = await import(${JSON.stringify(`${INSTALL}/undo.ts`)});
  const name = 'net.unix.max_dgram_qlen';
  const system = new TargetSystem(root);
  const manifest = Manifest.read(system);
  const said = [];
  const step = sysctlStep('# why\\n' + name + ' = 512\\n');
  writeSetting(name, '11');
  step.perform({ system, manifest, written: new Set() });
  said.push(readSetting(name));
  const [change] = Manifest.read(system).changes;
  said.push((await undo(change, system)).outcome, readSetting(name));
  said.push((await undo(change, system)).outcome);
  writeSetting(name, '2000');
  said.push((await undo(change, system)).outcome, readSetting(name));
  step.perform({ system, manifest, written: new Set() });
  said.push(readSetting(name));
  console.log(JSON.stringify(said));
`;

test('a kernel setting is raised, put back, and left alone where a person chose another or a higher one', async (t) => {
  if (!requires(t, 'netns')) return;
  const netns = await networkNamespace(t);
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', PROGRAM, tempDir(t)];
  const { stdout } = await run('ip', ['netns', 'exec', netns, ...node]);
  assert.deepEqual(JSON.parse(stdout), ['512', 'undone', '11', 'gone', 'kept', '2000', '2000']);
});
