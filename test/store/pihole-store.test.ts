import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { PiholeStore } from '../../src/store/pihole-store.ts';
import { openSqliteFile } from '../../src/store/sqlite-file.ts';
import { Store } from '../../src/store/store.ts';
import { piholeWorld } from '../enforce/pihole/pihole-world.ts';
import { desired } from '../enforce/suricata/desired.ts';
import { tempDir } from '../support/temp-dir.ts';

const NEVER = new AbortController().signal;
const HOUR = 3_600_000;

test('an entry is remembered once, in its last state, and outlives a restart', (t) => {
  const path = join(tempDir(t), 'guardian.db');
  const db = openSqliteFile(path);
  const store = new PiholeStore(db);
  store.remember({ place: 'deny/exact', item: 'evil-one.top', state: 'asked', at: 1 });
  store.remember({ place: 'deny/exact', item: 'evil-one.top', state: 'placed', at: 2 });
  store.remember({ place: 'allow/exact', item: 'evil-one.top', state: 'placed', at: 3 });
  db.close();
  const again = openSqliteFile(path);
  t.after(() => again.close());
  const reopened = new PiholeStore(again);
  reopened.forget('allow/exact', 'evil-one.top');
  assert.deepEqual(reopened.all(), [{ place: 'deny/exact', item: 'evil-one.top', state: 'placed', at: 2 }]);
});

test('it serves the Pi-hole target as its book', async (t) => {
  const { ftl, dir, target } = await piholeWorld(t);
  const db = openSqliteFile(join(dir, 'guardian.db'));
  t.after(() => db.close());
  const book = new PiholeStore(db);
  await target({ book }).drive(desired('evil-one.top', '*.evil-two.icu'), NEVER);
  assert.deepEqual(
    book.all().map(({ place, item, state }) => [place, item, state]),
    [
      ['deny/exact', 'evil-one.top', 'placed'],
      ['deny/regex', '(\\.|^)evil-two\\.icu$', 'placed'],
    ],
  );
  await target({ book: new PiholeStore(db) }).drive(new Map(), NEVER);
  assert.deepEqual([book.all(), ftl.domains.rows], [[], []]);
});

test('hits are added up by hour and device; a name that was never heard of is none of ours', (t) => {
  const store = new Store({ path: ':memory:', sidRange: { first: 1, last: 9 } });
  t.after(() => store.close());
  store.observables.idOf('domain:evil-one.top', 1);
  const at = 10 * HOUR + 5;
  store.piholeHits.add(at, [
    { name: 'evil-one.top', client: '192.168.50.77', count: 2 },
    { name: 'never-heard-of.top', client: '192.168.50.77', count: 9 },
  ]);
  store.piholeHits.add(at + 1000, [{ name: 'evil-one.top', client: '192.168.50.77', count: 3 }]);
  assert.equal(store.piholeHits.prune(10 * HOUR), 0);
  assert.equal(store.piholeHits.prune(11 * HOUR), 1, 'one row');
});
