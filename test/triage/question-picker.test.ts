import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lane } from '../../src/triage/lane.ts';
import { pickQuestion, type WaitingQuestion } from '../../src/triage/question-picker.ts';
import type { Permit, Pressure } from '../../src/triage/quota-ledger.ts';
import { domain } from './network.ts';

type Waiting = Partial<Record<Lane, number>>;

function pick(waiting: Waiting, permit: (lane: Lane, pressure: Pressure) => boolean): string {
  const next = (lane: Lane): WaitingQuestion | undefined => {
    const score = waiting[lane];
    return score === undefined ? undefined : { observable: domain(`${lane}.org`), lane, attempts: 0, score };
  };
  const denied: Permit = { granted: false, retryAt: 7, window: 'day' };
  const picked = pickQuestion(next, {
    permit: (lane, pressure = {}) => (permit(lane, pressure) ? { granted: true } : denied),
  });
  return picked.kind === 'ask' ? picked.lane : picked.kind;
}

const all = (): boolean => true;

test('an alert comes first, then what is blocked, then what is urgent, then old answers, then new names', () => {
  assert.equal(pick({ alert: 110, recheck: 58, new: 15 }, all), 'alert');
  assert.equal(pick({ recheck: 58, new: 15 }, all), 'recheck');
  assert.equal(pick({ recheck: 11, new: 15 }, all), 'new');
  assert.equal(pick({ recheck: 11, new: 9 }, all), 'recheck');
  assert.equal(pick({ new: 9 }, all), 'new');
});

test('a lane without a permit does not hold up the others', () => {
  assert.equal(
    pick({ alert: 110, new: 9 }, (lane) => lane === 'new'),
    'new',
  );
  assert.equal(
    pick({ recheck: 11, new: 9 }, (lane, { leftover }) => lane === 'recheck' && leftover === true),
    'recheck',
  );
});

test('what is not urgent never runs ahead', () => {
  assert.equal(
    pick({ new: 9 }, (_lane, { urgent }) => urgent === true),
    'wait',
  );
});

test('an empty queue is idle, a spent allowance waits', () => {
  assert.equal(pick({}, all), 'idle');
  assert.equal(
    pick({ new: 9 }, () => false),
    'wait',
  );
});
