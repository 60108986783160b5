import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QuotaError } from '../../../src/core/errors.ts';
import type { Allowances } from '../../../src/sources/virustotal/allowances.ts';
import { QuotaPause, type QuotaSpent } from '../../../src/sources/virustotal/quota-pause.ts';
import { NOW } from './source-against-stand-in.ts';

const LEFT = { allowed: 500, used: 3 };
const SPENT = { allowed: 500, used: 500 };

function spent(allowances: Allowances | undefined, more: Partial<QuotaSpent> = {}): QuotaSpent {
  return { now: NOW, retryAfterMs: undefined, serverAt: undefined, allowances, ...more };
}

test('QuotaPause waits for a minute when neither day nor month is spent', () => {
  const error = new QuotaPause().note(spent({ day: LEFT, month: LEFT }), 'ask');
  assert.equal(error.window, 'minute');
  assert.equal(error.retryAt, NOW + 60_000);
});

test('QuotaPause waits for the next 00:00 UTC when the day is spent', () => {
  const error = new QuotaPause().note(spent({ day: SPENT, month: LEFT }), 'ask');
  assert.equal(error.window, 'day');
  assert.equal(error.retryAt, Date.UTC(2026, 3, 16));
});

test('QuotaPause waits for the 1st of the next month, 00:00 UTC, when the month is spent, even if the day is too', () => {
  const error = new QuotaPause().note(spent({ day: SPENT, month: SPENT }), 'ask');
  assert.equal(error.window, 'month');
  assert.equal(error.retryAt, Date.UTC(2026, 4, 1));
});

test('QuotaPause turns the year at the end of December', () => {
  const now = Date.UTC(2026, 11, 31, 23, 59);
  for (const allowances of [{ day: SPENT }, { day: LEFT, month: SPENT }]) {
    assert.equal(new QuotaPause().note(spent(allowances, { now }), 'ask').retryAt, Date.UTC(2027, 0, 1));
  }
});

test('QuotaPause counts a key that may not ask at all as spent', () => {
  assert.equal(new QuotaPause().note(spent({ day: { allowed: 0, used: 0 } }), 'ask').window, 'day');
});

test('QuotaPause honours a Retry-After, and never takes it for the end of a day', () => {
  const minute = new QuotaPause().note(spent({ day: LEFT }, { retryAfterMs: 7_000 }), 'ask');
  assert.equal(minute.retryAt, NOW + 7_000);
  const day = new QuotaPause().note(spent({ day: SPENT }, { retryAfterMs: 7_000 }), 'ask');
  assert.equal(day.retryAt, Date.UTC(2026, 3, 16));
});

test('QuotaPause waits a minute and then twice as long, up to an hour, when nothing is known', () => {
  const pause = new QuotaPause();
  const waits: number[] = [];
  for (let nth = 0, now = NOW; nth < 8; nth += 1) {
    const error = pause.note(spent(undefined, { now }), 'ask');
    assert.equal(error.window, 'unknown');
    waits.push((error.retryAt - now) / 60_000);
    now = error.retryAt;
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
});

test('QuotaPause stops believing in the minute when 429 follows 429 without an answer in between', () => {
  const pause = new QuotaPause();
  const windows: string[] = [];
  for (let nth = 0, now = NOW; nth < 4; nth += 1) {
    const error = pause.note(spent({ day: LEFT }, { now }), 'ask');
    windows.push(error.window);
    now = error.retryAt;
  }
  assert.deepEqual(windows, ['minute', 'minute', 'minute', 'unknown']);
});

test('QuotaPause takes answers to questions asked side by side for one event', () => {
  const pause = new QuotaPause();
  for (let nth = 0; nth < 10; nth += 1) pause.note(spent(undefined), 'ask');
  assert.equal(pause.retryAt(NOW), NOW + 60_000);
});

test('QuotaPause refuses until the wait is over, and an answer that was under way does not end it', () => {
  const pause = new QuotaPause();
  pause.note(spent({ day: LEFT }), 'ask');
  pause.answered(NOW + 1);
  assert.throws(() => pause.check(NOW + 59_999, 'ask'), QuotaError);
  pause.check(NOW + 60_000, 'ask');
});

test('QuotaPause does not lose a day when our clock runs ahead of the server over midnight', () => {
  const now = Date.UTC(2026, 3, 16) + 500;
  const error = new QuotaPause().note(spent({ day: SPENT }, { now, serverAt: now - 3_000 }), 'ask');
  assert.equal(error.window, 'day');
  assert.equal(error.retryAt, now + 2_500 + 1_000);
});

test('QuotaPause passes over a server clock that is hours off', () => {
  const error = new QuotaPause().note(spent({ day: SPENT }, { serverAt: NOW - 20 * 3_600_000 }), 'ask');
  assert.equal(error.retryAt, Date.UTC(2026, 3, 16));
});
