import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, runForeground } from './run.mjs';

/** A test that takes longer hangs. Those that drive real Suricata say their own limit. */
const TEST_TIMEOUT_MS = 120_000;

/** Run only when named: benchmarks, and what wants the machine to itself and packages of its own (`npm test -- test/slow`). */
const ONLY_WHEN_NAMED = ['test/bench/', 'test/slow/'];

/** Runs the test files that are named (files or folders), or all but those. Flags go to `node --test`. */
export function runTests(args) {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const paths = args.filter((arg) => !arg.startsWith('-'));
  const files =
    paths.length > 0
      ? paths.flatMap(testFiles)
      : testFiles('test').filter((file) => !ONLY_WHEN_NAMED.some((folder) => file.startsWith(folder)));
  if (files.length === 0) {
    console.error(`Cannot run tests: there is no *.test.ts in ${paths.join(' ') || 'test'}`);
    return 2;
  }
  const options = ['--test-reporter=spec', '--test-concurrency=2', `--test-timeout=${TEST_TIMEOUT_MS}`];
  return runForeground(process.execPath, ['--import', 'tsx', '--test', ...options, ...flags, ...files]);
}

/** Node 20 does not expand patterns after `--test`, so the list is made here. */
function testFiles(path) {
  const full = join(ROOT, path);
  const stat = statSync(full, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isFile()) return [path];
  return readdirSync(full, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => relative(ROOT, join(full, file)))
    .sort();
}
