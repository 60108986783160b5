import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { keyOf } from '../../src/core/observable.ts';
import { type OutboxEntry, OutboxStore } from '../../src/store/outbox-store.ts';
import { openSqliteFile, type Sqlite } from '../../src/store/sqlite-file.ts';
import { Store } from '../../src/store/store.ts';
import { observable, sightings, T0, verdict } from '../central/central-fixture.ts';
import { tempDir } from '../support/temp-dir.ts';

interface TestContext {
  after(fn: () => void): void;
}

function open(t: TestContext): { readonly store: Store; readonly outbox: OutboxStore; readonly db: Sqlite } {
  const path = join(tempDir(t), 'guardian.db');
  const store = new Store({ path, sidRange: { first: 1, last: 9 } });
  const db = openSqliteFile(path);
  t.after(() => {
    db.close();
    store.close();
  });
  return { store, outbox: new OutboxStore(db), db };
}

function all(outbox: OutboxStore, relation: string): readonly OutboxEntry[] {
  return outbox.next(relation, undefined, 1000);
}

function countOf(outbox: OutboxStore): number {
  return [...outbox.count()].at(-1) ?? 0;
}

test('OutboxStore marks nothing until it is enabled, then all that is known, and nothing again once disabled', (t) => {
  const { store, outbox } = open(t);
  store.transact(() => store.sightings.record(sightings(['a.example.com', 'b.example.com'], T0)));
  assert.equal(countOf(outbox), 0);
  outbox.enable();
  assert.equal(countOf(outbox), 4, 'two observables, two sightings');
  outbox.acknowledge('observables', all(outbox, 'observables'));
  outbox.enable();
  assert.equal(countOf(outbox), 2, 'a restart marks nothing twice');
  outbox.disable();
  store.verdicts.keep(verdict('a.example.com', 'clean', T0));
  assert.equal(countOf(outbox), 0);
});

test('OutboxStore.next() takes in no more minutes of alerts than make a batch', (t) => {
  const { store, outbox } = open(t);
  outbox.enable();
  store.transact(() => {
    for (let at = T0; at < T0 + 20 * 60_000; at += 1000)
      store.alerts.keep({
        ...{ at, sid: 1, signature: 's', category: 'c', severity: 1, action: 'allowed', peer: '192.0.2.1' },
        client: `10.0.0.${(at / 1000) % 60}`,
      });
  });
  const batches: number[] = [];
  for (let last: OutboxEntry['key'] | undefined; ; ) {
    const entries = outbox.next('suricata_alerts', last, 100);
    if (entries.length === 0) break;
    batches.push(entries.reduce((sum, { rows }) => sum + rows.length, 0));
    last = entries.at(-1)?.key;
  }
  assert.deepEqual(batches, Array(10).fill(120), 'two minutes of 60 rows each time');
});

test('OutboxStore.acknowledge() leaves a row marked that changed after it was read', (t) => {
  const { store, outbox } = open(t);
  outbox.enable();
  store.verdicts.keep(verdict('a.example.com', 'clean', T0));
  const before = all(outbox, 'verdicts');
  store.verdicts.keep(verdict('a.example.com', 'malicious', T0 + 1));
  outbox.acknowledge('verdicts', before);
  const after = all(outbox, 'verdicts');
  assert.equal(after.length, 1);
  assert.equal(after[0]?.rows[0]?.[outbox.columns('verdicts').indexOf('state')], 'malicious');
  outbox.acknowledge('verdicts', after);
  assert.equal(all(outbox, 'verdicts').length, 0);
});

test('OutboxStore forgets the mark with a transaction that was rolled back, and keeps one for a row that was deleted', (t) => {
  const { store, outbox } = open(t);
  outbox.enable();
  assert.throws(() =>
    store.transact(() => {
      store.verdicts.keep(verdict('a.example.com', 'clean', T0));
      throw new Error('no');
    }),
  );
  assert.equal(countOf(outbox), 0);
  store.verdicts.keep(verdict('a.example.com', 'clean', T0));
  store.verdicts.remove(observable('a.example.com'));
  const [entry] = all(outbox, 'verdicts');
  assert.equal(entry?.present, false);
  assert.deepEqual(entry?.rows[0]?.slice(0, 2), ['domain', 'a.example.com']);
});

test('OutboxStore.next() goes through a relation in the order of its keys, oldest hours first, and thinning takes those', (t) => {
  const { store, outbox } = open(t);
  outbox.enable();
  for (const hour of [3, 1, 2])
    store.transact(() => store.sightings.record(sightings(['a.example.com'], T0 + hour * 3_600_000)));
  const hours: unknown[] = [];
  for (let last: OutboxEntry['key'] | undefined; ; ) {
    const [entry] = outbox.next('sightings_hourly', last, 1);
    if (entry === undefined) break;
    hours.push((Number(entry.key[0]) - T0) / 3_600_000);
    last = entry.key;
  }
  assert.deepEqual(hours, [1, 2, 3]);
  assert.equal(outbox.thin(2), 2);
  assert.equal(outbox.recall('thinned'), '2');
  assert.deepEqual(
    all(outbox, 'sightings_hourly').map(({ key }) => (key[0] - T0) / 3_600_000),
    [3],
  );
});

test('OutboxStore sends a row that was set aside again when it changes, and all of them when asked', (t) => {
  const { store, outbox } = open(t);
  outbox.enable();
  store.verdicts.keep(verdict('a.example.com', 'clean', T0));
  const [entry] = all(outbox, 'verdicts');
  assert.ok(entry);
  outbox.setAside('verdicts', entry, 'no', T0);
  assert.equal(all(outbox, 'verdicts').length, 0);
  assert.deepEqual(
    outbox.aside(5).map(({ relation, error }) => [relation, error]),
    [['verdicts', 'no']],
  );
  outbox.retryAside();
  const again = all(outbox, 'verdicts');
  assert.equal(again.length, 1);
  outbox.acknowledge('verdicts', again);
  assert.equal(outbox.asideCount(), 0);
});

test('OutboxStore folds a minute of equal alerts into rows with counts', (t) => {
  const { store, outbox } = open(t);
  outbox.enable();
  const about = observable('a.example.com');
  for (let n = 0; n < 50; n++)
    store.alerts.keep({
      at: T0 + n,
      sid: 1,
      signature: 's',
      category: 'c',
      severity: 1 + (n % 2),
      action: 'allowed',
      client: '10.0.0.1',
      peer: `192.0.2.${n % 2}`,
      observable: about,
    });
  const [entry, ...more] = all(outbox, 'suricata_alerts');
  assert.equal(more.length, 0);
  const at = outbox.columns('suricata_alerts').indexOf('count');
  assert.deepEqual(
    entry?.rows.map((row) => row[at]),
    [25, 25],
  );
  assert.equal(keyOf(about), 'domain:a.example.com');
});

test('OutboxStore bounds a minute of different alerts, and a flood of lesser ones hides no severe one', (t) => {
  const { store, outbox } = open(t);
  outbox.enable();
  const alert = { signature: 's', category: 'c', action: 'allowed', client: '10.0.0.1' } as const;
  store.transact(() => {
    for (let n = 0; n < 12_000; n++)
      store.alerts.keep({ ...alert, at: T0 + n, sid: 2, severity: 3, peer: `192.0.${n >> 8}.${n % 256}` });
    store.alerts.keep({ ...alert, at: T0 + 50_000, sid: 1, severity: 1, peer: '192.0.2.1' });
  });
  const [entry] = all(outbox, 'suricata_alerts');
  assert.equal(entry?.rows.length, 500);
  const at = outbox.columns('suricata_alerts').indexOf('sid');
  assert.equal(entry?.rows[0]?.[at], 1, 'the worst comes first');
});

test('OutboxStore.thin() gives up names that were only seen when no sighting is left to give up, and never what was judged', (t) => {
  const { store, outbox } = open(t);
  outbox.enable();
  store.transact(() => store.sightings.record(sightings(['a.example.com', 'b.example.com', 'judged.example.com'], T0)));
  store.verdicts.keep(verdict('judged.example.com', 'clean', T0));
  assert.equal(outbox.thin(4), 4, 'three sightings and the oldest name');
  assert.equal(outbox.thin(100), 1, 'the other name');
  assert.equal(outbox.recall('thinned'), '5');
  const at = outbox.columns('observables').indexOf('value');
  assert.deepEqual(
    all(outbox, 'observables').map(({ rows }) => rows[0]?.[at]),
    ['judged.example.com'],
  );
  assert.equal(all(outbox, 'verdicts').length, 1);
});

test('an acknowledgement of what was given up meanwhile takes no mark of a later change', (t) => {
  const { store, outbox } = open(t);
  outbox.enable();
  const see = () => store.transact(() => store.sightings.record(sightings(['a.example.com'], T0)));
  see();
  const onTheWay = all(outbox, 'sightings_hourly');
  outbox.thin(1);
  see();
  outbox.acknowledge('sightings_hourly', onTheWay);
  assert.equal(all(outbox, 'sightings_hourly').length, 1, 'what came later is told');
  outbox.acknowledge('sightings_hourly', all(outbox, 'sightings_hourly'));
  assert.equal(all(outbox, 'sightings_hourly').length, 0);
});
