import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const RUN = join(import.meta.dirname, '../../native-config/bootstrap/run.mjs');

/** Notes each signal in a file and ends with status 7 a little after the first. */
const CHILD = `
const { appendFileSync } = require('node:fs');
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {
  appendFileSync(process.argv[1], signal + ' ');
  setTimeout(() => process.exit(7), 300);
});
setInterval(() => {}, 1000);
appendFileSync(process.argv[1], 'up ');
`;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`runForeground() passes ${signal} on once, waits, and ends with the status of what it ran`, async (t) => {
    const log = join(tempDir(t), 'log');
    const parent = foreground(t, CHILD, log);
    await until('the child is up', () => textOf(log) === 'up ');
    parent.kill(signal);
    // npm passes on what the terminal has sent already.
    parent.kill(signal);
    const [status] = await once(parent, 'exit');
    assert.equal(status, 7);
    assert.equal(textOf(log), `up ${signal} `);
  });
}

test('runForeground() says by which signal its child died, as a shell does', async (t) => {
  const [status] = await once(foreground(t, 'process.kill(process.pid, "SIGKILL")', ''), 'exit');
  assert.equal(status, 137);
});

function foreground(t: TestContext, childCode: string, log: string): ChildProcess {
  const code = `import { runForeground } from ${JSON.stringify(RUN)};
    process.exitCode = await runForeground(process.execPath, ['-e', ${JSON.stringify(childCode)}, ${JSON.stringify(log)}]);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  t.after(() => parent.kill());
  return parent;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
