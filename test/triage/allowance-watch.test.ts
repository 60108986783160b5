import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENT } from '../../src/lib/log.ts';
import { AllowanceWatch } from '../../src/triage/allowance-watch.ts';
import { QuotaLedger } from '../../src/triage/quota-ledger.ts';
import { until } from '../support/until.ts';

const NOON = Date.UTC(2026, 3, 15, 12);
const DAY_MS = 86_400_000;

test('what the other sensors spent is not counted a second time as a stranger, when they come in reach after the reading', async (t) => {
  let foreignUsed = 0;
  let others: ReadonlyMap<string, number> | undefined;
  const ledger = new QuotaLedger({
    source: 'virustotal',
    book: {
      add() {},
      spent: () => new Map(),
      allow: (_, allowance) => {
        foreignUsed = allowance.foreignUsed;
      },
      allowances: () => [{ window: 'day', allowed: 500, foreignUsed, readAt: NOON }],
    },
    limits: { maxPerMinute: 4, maxPerDay: 500, reserve: { alert: 0, manual: 0, recheck: 0 } },
    now: () => NOON,
    others: () => (others === undefined ? undefined : { dayStartsAt: NOON - DAY_MS / 2, byLane: others, inMonth: 0 }),
  });
  let readings = 0;
  const watch = new AllowanceWatch({
    read: async () => {
      readings += 1;
      return { day: { allowed: 500, used: 200 } };
    },
    ledger,
    log: SILENT,
    onRead: () => undefined,
    now: () => NOON,
  });
  t.after(() => watch.stop());
  watch.start();
  await until('the allowance is read', () => foreignUsed === 200);
  others = new Map([['new', 190]]);
  watch.lookAgain();
  await until('it is read again', () => foreignUsed === 10);
  assert.equal(ledger.use().find(({ window }) => window === 'day')?.used, 200);
  watch.lookAgain();
  watch.lookAgain();
  assert.equal(readings, 2, 'and not over and over');
});
