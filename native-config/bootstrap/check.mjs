import { runQuietly } from './run.mjs';
import { runTests } from './test-run.mjs';

const NODE = process.execPath;

/** What must hold of every commit, besides the tests. */
const STEPS = [
  { name: 'format and lint', program: 'node_modules/.bin/biome', args: ['ci', '--colors=off'] },
  { name: 'types', program: 'node_modules/.bin/tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  {
    name: 'boundaries',
    program: NODE,
    args: ['--import', 'tsx', '--test', '--test-reporter=spec', 'test/boundaries.test.ts'],
  },
  { name: 'generated files', program: NODE, args: ['--import', 'tsx', 'native-config/write-generated.ts', '--check'] },
];

/** Runs every step whatever the others say, one line each, and shows all that failed at the end. */
export async function check({ withTests }) {
  const failed = [];
  const report = (name, isGood, startedAt) => {
    console.log(`${isGood ? 'ok    ' : 'FAILED'} ${name.padEnd(16)} ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  };
  // Together: each is mostly one process that waits for a disk or one core.
  await Promise.all(
    STEPS.map(async ({ name, program, args }) => {
      const startedAt = Date.now();
      const { status, output } = await runQuietly(program, args);
      report(name, status === 0, startedAt);
      if (status !== 0) failed.push({ name, output });
    }),
  );
  if (withTests) {
    const startedAt = Date.now();
    const status = await runTests([]);
    report('tests', status === 0, startedAt);
    if (status !== 0) failed.push({ name: 'tests', output: 'see above' });
  }
  for (const { name, output } of failed) console.error(`\n--- ${name}\n${output.trimEnd()}`);
  if (failed.length > 0) console.error(`\nFailed: ${failed.map(({ name }) => name).join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}
