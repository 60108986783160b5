import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Debounce } from '../../../src/enforce/suricata/debounce.ts';

const DELAY = 5000;

function debounced(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const done: string[] = [];
  const later = new Debounce({ delayMs: DELAY, longestMs: 12 * DELAY, work: () => done.push('done') });
  const pass = (delays: number, meanwhile: () => void = () => undefined): void => {
    for (let i = 0; i < delays; i++) {
      meanwhile();
      t.mock.timers.tick(DELAY);
    }
  };
  return { later, done, pass };
}

test('however often it is asked for, it is done once, a delay after the first time', (t) => {
  const { later, done, pass } = debounced(t);
  later.ask(true);
  t.mock.timers.tick(DELAY - 1);
  later.ask(true);
  assert.deepEqual([done.length, later.isPending], [0, true]);
  t.mock.timers.tick(1);
  assert.deepEqual([done.length, later.isPending], [1, false]);
  pass(3);
  assert.equal(done.length, 1);
});

test('while something better goes on it waits for a quiet moment', (t) => {
  const { later, done, pass } = debounced(t);
  later.ask(true);
  pass(4, () => later.putOff());
  assert.equal(done.length, 0);
  pass(1);
  assert.equal(done.length, 1);
});

test('what never stops does not put it off for good', (t) => {
  const { later, done, pass } = debounced(t);
  later.ask(true);
  pass(12, () => later.putOff());
  assert.equal(done.length, 1);
});

test('what may not wait is not put off, also when it joins what may; the next may be again', (t) => {
  const { later, done, pass } = debounced(t);
  later.ask(true);
  later.ask(false);
  pass(1, () => later.putOff());
  assert.equal(done.length, 1);
  later.ask(true);
  pass(1, () => later.putOff());
  assert.deepEqual([done.length, later.isPending], [1, true]);
});

test('what is called off is not done', (t) => {
  const { later, done, pass } = debounced(t);
  later.ask(true);
  assert.equal(later.cancel(), true);
  pass(3);
  assert.deepEqual([done.length, later.cancel()], [0, false]);
});
