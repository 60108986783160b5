import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { upkeepBook } from '../../src/sidecar/books.ts';
import { Store } from '../../src/store/store.ts';
import { tempDir } from '../support/temp-dir.ts';

const DAY = 86_400_000;
const NOW = 1_700_000_000_000;

test('upkeep deletes old questions piece by piece until none is left, and the names that only they kept', (t) => {
  const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: { first: 1, last: 9 } });
  t.after(() => store.close());
  const at = NOW - 366 * DAY;
  const question = {
    at,
    source: 'virustotal',
    lane: 'new',
    outcome: 'not_found',
    tookMs: 5,
    error: undefined,
  } as const;
  const name = (i: number) => ({ kind: 'domain', value: `n${i % 10}.example` }) as const;
  store.transact(() => {
    for (let i = 0; i < 5_000; i++) store.lookups.keep({ ...question, observable: name(i) });
    store.lookups.keep({ ...question, observable: { kind: 'domain', value: 'young.example' }, at: NOW - DAY });
  });
  const left = (): number =>
    [...store.lookups.counts('virustotal', { since: 0, now: NOW }).values()].reduce((sum, count) => sum + count, 0);
  const book = upkeepBook(store, { sightingsMs: 30 * DAY, reportsMs: 365 * DAY, alertsMs: 90 * DAY });
  const pieces: number[] = [];
  for (let more = true; more && pieces.length < 10; ) {
    more = book.prune(NOW);
    pieces.push(left());
  }
  assert.deepEqual(pieces, [3_001, 1_001, 1]);
  book.prune(NOW);
  assert.equal(store.observables.find(name(0)), undefined);
  assert.ok(store.observables.find({ kind: 'domain', value: 'young.example' }));
});
