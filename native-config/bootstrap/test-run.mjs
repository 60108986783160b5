import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, runForeground } from './run.mjs';

/** Run only when named. */
const BENCHMARKS = 'test/bench/';

/** What starts a cluster of servers: after all others, and one file at a time, or its parts find each other dead for want of a core. */
const SLOW = 'test/slow/';

/** A file that takes longer hangs. The limit is that of a file with all its tests, on a machine that is busy with other things. */
const FILE_TIMEOUT_MS = 600_000;

/** Two at a time: most tests wait for a server or a child process. */
const CONCURRENCY = 2;

/**
 * Runs the test files that are named (files or folders), or all but benchmarks, and ends with one summary. Flags go to
 * `node --test`, which then runs every file in one phase.
 */
export function runTests(args) {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const paths = args.filter((arg) => !arg.startsWith('-'));
  const files =
    paths.length > 0 ? paths.flatMap(testFiles) : testFiles('test').filter((file) => !file.startsWith(BENCHMARKS));
  if (files.length === 0) {
    console.error(`Cannot run tests: there is no *.test.ts in ${paths.join(' ') || 'test'}`);
    return 2;
  }
  const slow = files.filter((file) => file.startsWith(SLOW));
  const phases = [
    { files: files.filter((file) => !slow.includes(file)), concurrency: CONCURRENCY },
    { files: slow, concurrency: 1 },
  ].filter((phase) => phase.files.length > 0);
  const program = flags.length === 0 ? inPhases(phases) : inOne(files, flags, phases.at(-1).concurrency);
  return runForeground(process.execPath, ['--import', 'tsx', ...program]);
}

function inPhases(phases) {
  return [join(import.meta.dirname, 'test-phases.mjs'), JSON.stringify({ phases, timeout: FILE_TIMEOUT_MS })];
}

function inOne(files, flags, concurrency) {
  const options = [
    '--test-reporter=spec',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    ...flags,
  ];
  return ['--test', ...options, ...files];
}

/** Node 20 does not expand patterns after `--test`, so the list is made here. */
function testFiles(path) {
  const full = join(ROOT, path);
  const stat = statSync(full, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isFile()) return [relative(ROOT, full)];
  return readdirSync(full, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => relative(ROOT, join(full, file)))
    .sort();
}
