import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UnavailableError } from '../../../src/core/errors.ts';
import { allowancesOf, isSpent } from '../../../src/sources/virustotal/allowances.ts';
import { KEY, NEVER, startSource } from './source-against-stand-in.ts';

const window = (allowed: number, used: number) => ({ user: { allowed, used } });

test('allowancesOf() reads hour, day and month', () => {
  const data = {
    api_requests_hourly: window(240, 4),
    api_requests_daily: window(500, 17),
    api_requests_monthly: window(15_500, 170),
    intelligence_downloads_monthly: window(0, 0),
  };
  assert.deepEqual(allowancesOf({ data }), {
    hour: { allowed: 240, used: 4 },
    day: { allowed: 500, used: 17 },
    month: { allowed: 15_500, used: 170 },
  });
});

test('allowancesOf() believes a key that is allowed one question a day', () => {
  const { day } = allowancesOf({ data: { api_requests_daily: window(1, 1) } });
  assert.deepEqual(day, { allowed: 1, used: 1 });
  assert.equal(isSpent(day), true);
});

test('allowancesOf() takes the group when the group has less left', () => {
  const daily = { user: { allowed: 500, used: 0 }, group: { allowed: 1_000, used: 990 } };
  assert.deepEqual(allowancesOf({ data: { api_requests_daily: daily } }).day, { allowed: 1_000, used: 990 });
});

test('allowancesOf() refuses what is not an answer of overall_quotas', () => {
  const bad = [null, 1, '', [], {}, { data: {} }, { data: { api_requests_daily: {} } }];
  const typed = [window(-1, 0), { user: { allowed: '500', used: 0 } }, { user: { allowed: 500 } }, null];
  for (const json of [...bad, ...typed.map((daily) => ({ data: { api_requests_daily: daily } }))]) {
    assert.throws(() => allowancesOf(json), UnavailableError, JSON.stringify(json));
  }
});

test('allowancesOf() gives numbers or throws UnavailableError, whatever the JSON', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ data: fc.jsonValue() })), (json) => {
      try {
        const { day } = allowancesOf(json);
        assert.equal(typeof day.allowed + typeof day.used, 'numbernumber');
      } catch (error) {
        assert.ok(error instanceof UnavailableError);
      }
    }),
  );
});

test('VirusTotalSource.readAllowances() names the user in the path once it knows him, and is not charged', async (t) => {
  const { source, standIn } = await startSource(t, { allowance: { minute: 4, day: 1, month: 31 } });
  for (let nth = 0; nth < 3; nth += 1) {
    assert.deepEqual(await source.readAllowances(NEVER), {
      hour: { allowed: 240, used: 0 },
      day: { allowed: 1, used: 0 },
      month: { allowed: 31, used: 0 },
    });
  }
  const paths = standIn.requests.map(({ path }) => path);
  assert.equal(paths.filter((path) => path.includes('{apikey}')).length, 1);
  assert.ok(paths.slice(1).every((path) => /^\/api\/v3\/users\/user-\w+\/overall_quotas$/.test(path)));
});

test('VirusTotalSource.readAllowances() falls back to the key where the user may not be read', async (t) => {
  const { source, standIn } = await startSource(t);
  standIn.fail(
    { fault: 'answer', status: 403, body: { error: { code: 'ForbiddenError', message: 'no' } } },
    { on: new RegExp(`/users/${KEY}$`) },
  );
  const { day } = await source.readAllowances(NEVER);
  assert.equal(day.allowed, 1e6);
  assert.equal(standIn.requests.at(-1)?.path, '/api/v3/users/{apikey}/overall_quotas');
});
