import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand, intervalFor, intervalText, type Moment } from './macros.ts';

const MOMENT: Moment = {
  from: 1_494_410_783_500,
  to: 1_494_497_183_900,
  intervalMs: 300_000,
  variables: { one: ['a'], two: ['a', "b'c"], all: 'client', n: ['5'], search: ['100% "x"'], none: [''] },
};

test('expand() does what the documentation of the MySQL data source says of each macro', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['$__time(at)', 'UNIX_TIMESTAMP(at) as time_sec'],
    ['$__timeEpoch(at)', 'UNIX_TIMESTAMP(at) as time_sec'],
    ['$__timeFilter(at)', 'at BETWEEN FROM_UNIXTIME(1494410783) AND FROM_UNIXTIME(1494497183)'],
    ['$__timeFrom()', 'FROM_UNIXTIME(1494410783)'],
    ['$__timeTo()', 'FROM_UNIXTIME(1494497183)'],
    ["$__timeGroup(at,'5m')", 'UNIX_TIMESTAMP(at) DIV 300 * 300'],
    ["$__timeGroup(at, '1h', 0)", 'UNIX_TIMESTAMP(at) DIV 3600 * 3600'],
    ['$__timeGroupAlias(at, $__interval, NULL)', 'UNIX_TIMESTAMP(at) DIV 300 * 300 AS "time"'],
    ['$__timeGroupAlias(at, $__interval, previous)', 'UNIX_TIMESTAMP(at) DIV 300 * 300 AS "time"'],
    ['$__unixEpochFilter(at)', 'at >= 1494410783 AND at <= 1494497183'],
    ["$__unixEpochGroup(at,'5m')", 'at DIV 300 * 300'],
    ['$__interval_ms', '300000'],
  ];
  for (const [sql, wanted] of cases) assert.equal(expand(sql, MOMENT), wanted, sql);
});

test('expand() puts variables in by the format they are asked for, and a custom "All" as it is', () => {
  assert.equal(expand('x IN (${two:sqlstring}) AND n >= $n', MOMENT), "x IN ('a','b''c') AND n >= 5");
  assert.equal(expand('client IN (${all:sqlstring})', MOMENT), 'client IN (client)');
  assert.equal(expand('LOCATE(${search:sqlstring}, x)', MOMENT), `LOCATE('100% \\"x\\"', x)`);
  assert.equal(expand('LOCATE(${none:sqlstring}, x)', MOMENT), "LOCATE('', x)");
  assert.equal(expand('${one}', MOMENT), 'a');
});

test('expand() refuses what Grafana refuses', () => {
  for (const sql of [
    '$__timeGroup(at)',
    "$__timeGroup(at,'5m',null)",
    "$__timeGroup(at,'0s')",
    '$__timeFilter()',
    '$__madeUp(at)',
    '$unknown',
    '${one:glob}',
  ])
    assert.throws(() => expand(sql, MOMENT), sql);
});

test('a bucket is a round length, never shorter than asked for', () => {
  const day = 86_400_000;
  assert.equal(intervalText(intervalFor(7 * day, 1000, 60_000)), '30m');
  assert.equal(intervalText(intervalFor(7 * day, 1000, 3_600_000)), '1h');
  assert.equal(intervalText(intervalFor(90 * day, 1000, 60_000)), '3h');
  assert.equal(intervalText(intervalFor(3_600_000, 1000, 60_000)), '1m');
  assert.equal(intervalText(2 * day), '2d');
  assert.equal(intervalText(45_000), '45s');
});
