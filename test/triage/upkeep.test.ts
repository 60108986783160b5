import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Log, SILENT } from '../../src/lib/log.ts';
import { Upkeep } from '../../src/triage/upkeep.ts';
import { until } from '../support/until.ts';

test('Upkeep on a full disk says so and ends nothing', async (t) => {
  const said: string[] = [];
  const log: Log = { ...SILENT, error: (message) => void said.push(message) };
  const upkeep = new Upkeep({
    book: {
      dueForRecheck: () => [],
      expired: () => [],
      prune: () => {
        throw new Error('database or disk is full');
      },
      durably: (work) => work(),
    },
    considerRecheck: () => undefined,
    sweep: () => undefined,
    expire: () => undefined,
    endWords: () => 0,
    onExpired: () => undefined,
    onRechecks: () => undefined,
    log,
    now: Date.now,
  });
  t.after(() => upkeep.stop());
  upkeep.start();
  await until('it is said', () => said.length > 0);
  assert.deepEqual(said, ['upkeep failed']);
});
