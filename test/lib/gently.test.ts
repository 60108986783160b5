import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { atOnce, gently, type Steps, sortedInSteps, steps } from '../../src/lib/gently.ts';

test('sortedInSteps() sorts as sort() does, equal items in their order, and leaves the original alone', () => {
  const items = fc.array(fc.record({ rank: fc.integer({ min: 0, max: 50 }), id: fc.nat() }), { maxLength: 9000 });
  fc.assert(
    fc.property(items, (given) => {
      const before = [...given];
      const compare = (a: { rank: number }, b: { rank: number }) => a.rank - b.rank;
      assert.deepEqual(atOnce(sortedInSteps(given, compare)), [...given].sort(compare));
      assert.deepEqual(given, before);
    }),
    { numRuns: 30 },
  );
});

test('gently() comes to what atOnce() comes to, and lets others have their turn meanwhile', async (t) => {
  function* count(): Steps<number> {
    let sum = 0;
    yield* steps(Array.from({ length: 2_000_000 }).keys(), (n) => {
      sum += n;
    });
    return sum;
  }
  let turns = 0;
  const others = setInterval(() => turns++, 1);
  t.after(() => clearInterval(others));
  assert.equal(await gently(count()), atOnce(count()));
  assert.ok(turns > 0);
});

test('gently() ends with the reason of a signal', async () => {
  function* forever(): Steps<never> {
    for (;;) yield;
  }
  const abort = new AbortController();
  const work = gently(forever(), abort.signal);
  abort.abort(new Error('enough'));
  await assert.rejects(work, /enough/);
});
