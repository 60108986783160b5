import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { PiholeStore } from '../../src/store/pihole-store.ts';
import { openSqliteFile } from '../../src/store/sqlite-file.ts';
import { piholeWorld } from '../enforce/pihole/pihole-world.ts';
import { desired } from '../enforce/suricata/desired.ts';
import { tempDir } from '../support/temp-dir.ts';

const NEVER = new AbortController().signal;

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
