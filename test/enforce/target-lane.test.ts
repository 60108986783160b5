import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ObservableKey } from '../../src/core/observable.ts';
import type { DriveOutcome } from '../../src/enforce/target.ts';
import { TargetLane } from '../../src/enforce/target-lane.ts';
import { SILENT } from '../../src/lib/log.ts';

const RETRY_MS = 5_000;
const RECONCILE_MS = 5 * 60_000;

/** A lane on a clock that the test moves, with a target that is never proved. Returns how often it was driven by a time. */
async function drivesBy(t: TestContext, outcome: Partial<DriveOutcome>, ...times: readonly number[]) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'], now: 0 });
  let clock = 0;
  let driven = 0;
  const unproved = {
    unsupported: new Set<ObservableKey>(),
    failed: new Map<ObservableKey, string>(),
    proved: false,
    added: 0,
    removed: 0,
  };
  const drive = async (): Promise<DriveOutcome> => {
    driven++;
    return { ...unproved, ...outcome };
  };
  const lane = new TargetLane({
    target: { name: 'unproved', drive, preview: async () => ({ add: [], remove: [] }) },
    desired: () => ({ state: new Map(), revision: 1, at: clock }),
    record: () => {},
    recordHastened: () => {},
    isWanted: () => true,
    onDriven: () => {},
    log: SILENT,
    now: () => clock,
  });
  lane.start();
  t.after(() => lane.stop());
  const counts: number[] = [];
  for (const time of times) {
    t.mock.timers.tick(time - clock);
    clock = time;
    // Promises, and what they start, have their turn.
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    counts.push(driven);
  }
  return counts;
}

test('what is not proved yet is driven again soon', async (t) => {
  assert.deepEqual(await drivesBy(t, {}, 1, RETRY_MS + 10), [1, 2]);
});

test('where nobody can be asked, nothing is driven again for want of a proof, but in the usual round', async (t) => {
  assert.deepEqual(await drivesBy(t, { provable: false }, 1, RETRY_MS + 10, RECONCILE_MS + 20), [1, 1, 2]);
});
