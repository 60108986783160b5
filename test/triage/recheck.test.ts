import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VERDICT_STATES } from '../../src/core/verdict.ts';
import { DEFAULT_RECHECKS, recheckAt } from '../../src/triage/recheck.ts';

const DAY_MS = 86_400_000;

function days(...args: Parameters<typeof recheckAt>): number | undefined {
  const at = recheckAt(...args);
  return at === undefined ? undefined : (at - args[2]) / DAY_MS;
}

test('an unknown name is asked for again after 1, 3, 7 and then every 30 days', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 9].map((n) => days('not_found', n, 5)),
    [1, 3, 7, 30, 30],
  );
});

test('a young clean name is asked for again soon, an old or popular one after a month', () => {
  assert.equal(days('clean', 1, 0), 1);
  assert.equal(days('clean', 1, 0, { established: true }), 30);
  assert.equal(days('clean', 2, 0, { established: true }), 90);
});

test('a malicious name is examined before its block ends, a file much later', () => {
  assert.equal(days('malicious', 1, 0), 6);
  assert.equal(days('malicious', 1, 0, { kind: 'file' }), 90);
  assert.equal(days('not_found', 2, 0, { kind: 'file' }), 7);
});

test('the table can be replaced', () => {
  assert.equal(days('noise', 1, 0, {}, { ...DEFAULT_RECHECKS, noise: [DAY_MS * 2] }), 2);
});

test('every answered state has a next time, and what was never asked has none', () => {
  for (const state of VERDICT_STATES) assert.equal(recheckAt(state, 1, 0) === undefined, state === 'unasked');
});
