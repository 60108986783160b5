import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../support/temp-dir.ts';

const PROGRAM = join(import.meta.dirname, '../../native-config/bootstrap/test-phases.mjs');

/** Runs test files of the given bodies, a phase each, as `npm test` does. */
function runPhases(dir: string, bodies: readonly string[]): { readonly status: number | null; readonly out: string } {
  const phases = bodies.map((body, index) => {
    const path = join(dir, `${index}.test.mjs`);
    writeFileSync(path, `import { test } from 'node:test'; import { appendFileSync } from 'node:fs';\n${body}`);
    return { files: [path], concurrency: 1 };
  });
  // A test file that is run by a test runner speaks to it instead of to people.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const argv = [PROGRAM, JSON.stringify({ phases, timeout: 60_000 })];
  const { status, stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8', env });
  return { status, out: stdout };
}

test('test phases run one after the other and end with one summary of all', (t) => {
  const dir = tempDir(t);
  const log = JSON.stringify(join(dir, 'log'));
  const body = (name: string) => `test('${name}', () => appendFileSync(${log}, '${name} '));`;
  const { status, out } = runPhases(dir, [body('first'), body('second')]);
  assert.equal(readFileSync(join(dir, 'log'), 'utf8'), 'first second ');
  assert.deepEqual(out.match(/^ℹ (?:tests|pass|fail) \d+$/gm), ['ℹ tests 2', 'ℹ pass 2', 'ℹ fail 0']);
  assert.equal(status, 0);
});

test('a failure in an early phase fails the run, and the later phase is run all the same', (t) => {
  const { status, out } = runPhases(tempDir(t), [
    `test('bad', () => { throw new Error('for this reason'); });`,
    `test('good', () => {});`,
  ]);
  assert.equal(status, 1);
  assert.match(out, /ℹ pass 1\nℹ fail 1\n/);
  assert.match(out, /for this reason/);
});
