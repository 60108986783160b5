import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Store } from '../../src/store/store.ts';
import { LANES, type Lane } from '../../src/triage/lane.ts';
import { QuotaLedger } from '../../src/triage/quota-ledger.ts';
import { DAY_MS, MINUTE_MS, startOf } from '../../src/triage/quota-window.ts';
import { tempDir } from '../support/temp-dir.ts';

const HOUR_MS = 3_600_000;
const MIDNIGHT = Date.UTC(2026, 0, 5);
const RESERVE = { alert: 0.1, manual: 0.1, recheck: 0.25 };

/** A book in memory, as lasting as its owner: a ledger made anew on it has restarted. */
class MemoryBook {
  readonly #spent = new Map<string, Map<string, number>>();
  readonly #allowed = new Map<string, { window: string; allowed: number; foreignUsed: number; readAt: number }>();

  add(_source: string, window: string, startsAt: number, lane: string, used: number): void {
    const key = `${window} ${startsAt}`;
    const lanes = this.#spent.get(key) ?? new Map<string, number>();
    this.#spent.set(key, lanes.set(lane, Math.max(0, (lanes.get(lane) ?? 0) + used)));
  }

  spent(_source: string, window: string, startsAt: number): ReadonlyMap<string, number> {
    return this.#spent.get(`${window} ${startsAt}`) ?? new Map();
  }

  allow(_source: string, allowance: { window: string; allowed: number; foreignUsed: number; readAt: number }): void {
    this.#allowed.set(allowance.window, allowance);
  }

  allowances(): readonly { window: string; allowed: number; foreignUsed: number; readAt: number }[] {
    return [...this.#allowed.values()];
  }
}

class Clock {
  at = MIDNIGHT;
  readonly now = (): number => this.at;
}

function ledgerOf(clock: Clock, maxPerDay = 500, book = new MemoryBook(), maxPerMinute = 4): QuotaLedger {
  const ledger = new QuotaLedger({
    source: 'vt',
    book,
    limits: { maxPerMinute, maxPerDay, reserve: RESERVE },
    now: clock.now,
  });
  ledger.start();
  return ledger;
}

/** Asks whatever is permitted, every `stepMs`, and returns when. */
function askAll(
  ledger: QuotaLedger,
  clock: Clock,
  lane: Lane,
  untilMs: number,
  stepMs = MINUTE_MS,
  urgent = false,
): number[] {
  const asked: number[] = [];
  for (; clock.at < untilMs; clock.at += stepMs) {
    while (ledger.permit(lane, { urgent }).granted) {
      ledger.spend(lane);
      asked.push(clock.at);
    }
  }
  return asked;
}

interface Attempt {
  readonly kind: 'ask' | 'fail';
  readonly lane: Lane;
  readonly urgent?: boolean;
  readonly leftover?: boolean;
}

/** Whether a question was asked and answered. One that fails is given back. */
function tryToAsk(ledger: QuotaLedger, { kind, lane, urgent = false, leftover = false }: Attempt): boolean {
  if (!ledger.permit(lane, { urgent, leftover }).granted) return false;
  const spending = ledger.spend(lane);
  if (kind === 'fail') ledger.giveBack(spending);
  return kind === 'ask';
}

function count(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}

test('no window ever holds more than is allowed, whatever the clock and restarts do', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('ask' as const),
      lane: fc.constantFrom(...LANES),
      urgent: fc.boolean(),
      leftover: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 6 * HOUR_MS }) }),
    fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }) }),
    fc.constant({ kind: 'restart' as const }),
    fc.record({ kind: fc.constant('fail' as const), lane: fc.constantFrom(...LANES) }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 200 }),
      (perDay, perMinute, steps) => {
        const clock = new Clock();
        const book = new MemoryBook();
        let ledger = ledgerOf(clock, perDay, book, perMinute);
        const days = new Map<number, number>();
        for (const one of steps) {
          if (one.kind === 'wait' || one.kind === 'jump') clock.at += one.ms;
          else if (one.kind === 'restart') ledger = ledgerOf(clock, perDay, book, perMinute);
          else if (tryToAsk(ledger, one)) count(days, startOf('day', clock.at));
          const minute = sum(book.spent('vt', 'minute', startOf('minute', clock.at)));
          assert.ok(minute <= perMinute, `${minute} in a minute of ${perMinute}`);
        }
        for (const used of days.values()) assert.ok(used <= perDay, `${used} in a day of ${perDay}`);
      },
    ),
    { numRuns: 300 },
  );
});

test('new questions flow evenly: noon finds half of their part left, and reserves nobody used are spent by midnight', () => {
  const clock = new Clock();
  const ledger = ledgerOf(clock);
  const morning = askAll(ledger, clock, 'new', MIDNIGHT + DAY_MS / 2).length;
  assert.ok(morning > 120 && morning < 160, `${morning} by noon`);
  const evening = askAll(ledger, clock, 'new', MIDNIGHT + DAY_MS).length;
  assert.ok(morning + evening > 480 && morning + evening <= 500, `${morning + evening} by midnight`);
});

test('what the morning did not use carries forward to the evening', () => {
  const clock = new Clock();
  const ledger = ledgerOf(clock);
  clock.at = MIDNIGHT + 18 * HOUR_MS;
  assert.ok(askAll(ledger, clock, 'new', MIDNIGHT + DAY_MS).length > 480);
});

test('an urgent question runs ahead of the flow, within a bound', () => {
  const clock = new Clock();
  const ledger = ledgerOf(clock);
  const ahead = askAll(ledger, clock, 'new', MIDNIGHT + HOUR_MS, MINUTE_MS, true).length;
  assert.ok(ahead > 50 && ahead < 275 / 2, `${ahead} in the first hour`);
  assert.equal(ledger.permit('new').granted, false);
});

test('a key with one lookup a day spends it, once: at noon, or at once on what is urgent', () => {
  for (const [urgent, at] of [
    [false, DAY_MS / 2],
    [true, 0],
  ] as const) {
    const clock = new Clock();
    const asked = askAll(ledgerOf(clock, 1), clock, 'new', MIDNIGHT + 3 * DAY_MS, MINUTE_MS, urgent);
    assert.deepEqual(
      asked,
      [0, 1, 2].map((day) => MIDNIGHT + day * DAY_MS + at),
    );
  }
});

test('a key without any lookup is never used', () => {
  const clock = new Clock();
  const ledger = ledgerOf(clock, 0);
  for (const lane of LANES) assert.equal(askAll(ledger, clock, lane, clock.at + HOUR_MS, HOUR_MS / 4, true).length, 0);
});

test('an alert finds its reserve when everything else is spent, and re-checks never eat what is for new names', () => {
  const clock = new Clock();
  const ledger = ledgerOf(clock);
  const rechecks = askAll(ledger, clock, 'recheck', MIDNIGHT + 12 * HOUR_MS).length;
  assert.ok(rechecks <= 125, `${rechecks} re-checks`);
  askAll(ledger, clock, 'new', MIDNIGHT + 13 * HOUR_MS);
  clock.at -= MINUTE_MS;
  assert.equal(ledger.permit('new').granted, false);
  clock.at += MINUTE_MS;
  assert.equal(ledger.permit('alert').granted, true);
  assert.equal(ledger.permit('manual').granted, true);
});

test('what others spend with the same key is taken into account, until the day ends', () => {
  const clock = new Clock();
  clock.at += 23 * HOUR_MS;
  const ledger = ledgerOf(clock);
  ledger.learn([{ window: 'day', allowed: 500, used: 500 }]);
  const permit = ledger.permit('alert');
  assert.deepEqual(permit, { granted: false, retryAt: MIDNIGHT + DAY_MS, window: 'day' });
  clock.at = MIDNIGHT + DAY_MS;
  assert.equal(ledger.permit('alert').granted, true);
});

test('a month that is nearly spent bounds the day', () => {
  const clock = new Clock();
  const ledger = ledgerOf(clock);
  ledger.learn([{ window: 'month', allowed: 31, used: 29 }]);
  assert.equal(askAll(ledger, clock, 'new', MIDNIGHT + 2 * DAY_MS).length, 2);
});

test('a question that brought no answer costs no count of the day, and still its minute', () => {
  const clock = new Clock();
  const ledger = ledgerOf(clock);
  for (let i = 0; i < 4; i++) ledger.giveBack(ledger.spend('alert'));
  assert.equal(ledger.use().find(({ window }) => window === 'day')?.used, 0);
  assert.equal(ledger.permit('alert').granted, false);
  clock.at += MINUTE_MS;
  assert.equal(ledger.permit('alert').granted, true);
});

test('a minute is not longer or shorter because somebody sets the clock', () => {
  const clock = new Clock();
  let uptime = 0;
  const limits = { maxPerMinute: 1, maxPerDay: 500, reserve: RESERVE };
  const ledger = new QuotaLedger({
    source: 'vt',
    book: new MemoryBook(),
    limits,
    now: clock.now,
    uptimeMs: () => uptime,
  });
  ledger.spend('alert');
  clock.at += 5 * HOUR_MS;
  assert.equal(ledger.permit('alert').granted, false);
  uptime += MINUTE_MS;
  assert.equal(ledger.permit('alert').granted, true);
});

test('the burn-down tells what was spent, what is kept, and when each lane may ask next', () => {
  const clock = new Clock();
  const ledger = ledgerOf(clock);
  ledger.spend('new');
  const { allowed, usedByLane, reserves, nextAt, resetsAt } = ledger.burnDown();
  assert.deepEqual(
    { allowed, usedByLane, reserves, resetsAt },
    {
      allowed: 500,
      usedByLane: { new: 1 },
      reserves: { alert: 50, manual: 50, recheck: 125 },
      resetsAt: MIDNIGHT + DAY_MS,
    },
  );
  assert.equal(nextAt.alert, MIDNIGHT);
  assert.ok(nextAt.new > MIDNIGHT && nextAt.new < MIDNIGHT + 10 * MINUTE_MS);
});

test('the count of a real store outlives the process that wrote it', (t) => {
  const path = join(tempDir(t), 'guardian.db');
  const clock = new Clock();
  const open = (): { store: Store; ledger: QuotaLedger } => {
    const store = new Store({ path, sidRange: { first: 1, last: 9 } });
    const limits = { maxPerMinute: 4, maxPerDay: 3, reserve: { alert: 0, manual: 0, recheck: 0 } };
    const ledger = new QuotaLedger({ source: 'vt', book: store.quota, limits, now: clock.now });
    ledger.start();
    return { store, ledger };
  };
  for (let i = 0; i < 3; i++) {
    const { store, ledger } = open();
    assert.equal(ledger.permit('alert').granted, true);
    ledger.spend('alert');
    store.close();
  }
  const { store, ledger } = open();
  t.after(() => store.close());
  assert.equal(ledger.permit('alert').granted, false);
});
