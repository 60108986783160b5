import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { centralRows } from '../../src/cli/central-rows.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

/** A status as far as these rows look at it. */
function status(central: StatusDocument['central']): StatusDocument {
  return { central } as StatusDocument;
}

test('centralRows() says nothing where no central database is configured', () => {
  assert.deepEqual(centralRows(status(undefined), NOW), []);
});

test('centralRows() shows lag and backlog of a centre in reach, in one row', () => {
  const central = {
    state: 'in_reach',
    where: 'db1:3306',
    lag_ms: 1_400,
    outbox_rows: 1,
    thinned: 0,
    set_aside: 0,
    refused: [],
  } as const;
  assert.deepEqual(centralRows(status(central), NOW), [['central', 'in reach, db1:3306, 1 s behind, 1 row to send']]);
});

test('centralRows() says why a centre is away, when it is tried again, what was given up, and what it refused', () => {
  const central = {
    state: 'away',
    where: 'db1:3306',
    why: 'Cannot use central database db1:3306: connect ECONNREFUSED',
    retry_at: new Date(NOW + 30_000).toISOString(),
    outbox_rows: 12,
    thinned: 3,
    set_aside: 2,
    refused: [{ relation: 'verdicts', at: new Date(NOW).toISOString(), error: 'Data too long' }],
  } as const;
  assert.deepEqual(centralRows(status(central), NOW), [
    [
      'central',
      'away, db1:3306, never up to date, 12 rows to send, 3 old sightings given up, tried again in 30 s: Cannot use central database db1:3306: connect ECONNREFUSED',
    ],
    ['central refused', '2 rows, the latest of verdicts: Data too long'],
  ]);
});
