import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { requires } from '../support/requirement.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

test('guardian demo --once proves the loop with real Suricata, and blocks none of the five example hosts', {
  timeout: 240_000,
}, async (t) => {
  if (!requires(t, 'suricata')) return;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', MAIN, 'demo', '--once'], { timeout: 200_000 });
  assert.match(stdout, /hng-demo-malware\.top\t12\/92\tmalicious\tyes/);
  assert.match(stdout, /storage\.googleapis\.com\t1\/92\tnoise\tno/);
  assert.match(stdout, /printer\.lan\t-\tunasked\tno/);
  assert.match(stdout, /Home Network Guardian: hng-demo-malware\.top is malicious, 12\/92 engines/);
  assert.match(stdout, /The loop is closed/);
});
