import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Breather } from '../../src/eve/breather.ts';

test('a reader rests once a turn after short work, and not after work as long as the rest', async (t) => {
  const slept = t.mock.method(Atomics, 'wait', () => 'timed-out');
  const breather = new Breather();
  breather.rest(performance.now());
  breather.rest(performance.now());
  await turn();
  assert.equal(slept.mock.callCount(), 1);
  breather.rest(performance.now() - 50);
  await turn();
  assert.equal(slept.mock.callCount(), 1);
  breather.rest(performance.now());
  await turn();
  assert.equal(slept.mock.callCount(), 2);
});
