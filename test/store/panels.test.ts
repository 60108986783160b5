import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Store } from '../../src/store/store.ts';
import { HouseholdWeek } from '../support/household-week.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-03-14T12:00:00Z');
const RANGE = { since: NOW - 24 * HOUR, now: NOW, stepMs: HOUR };

function emptyStore(t: { after(fn: () => void): void }): Store {
  const store = new Store({ path: ':memory:', sidRange: { first: 1, last: 99 } });
  t.after(() => store.close());
  return store;
}

test('of several answers about one name the latest of the period counts', (t) => {
  const store = emptyStore(t);
  const week = new HouseholdWeek(store, NOW);
  week.answer('evil-one.top', 12, NOW - 30 * HOUR);
  week.answer('evil-one.top', 3, NOW - 3 * HOUR);
  week.answer('evil-one.top', 1, NOW - 2 * HOUR);
  week.answer('fine.example.com', 0, NOW - HOUR);
  const rows = store.scanPanels.rows(RANGE, 10);
  assert.deepEqual(
    rows.map(({ observable, positives, total, state, blocked }) => [
      observable.value,
      positives,
      total,
      state,
      blocked,
    ]),
    [
      ['evil-one.top', 1, 92, 'noise', false],
      ['fine.example.com', 0, 92, 'clean', false],
    ],
  );
  assert.equal(store.scanPanels.rowCount(RANGE), 2);
  assert.deepEqual(store.scanPanels.byPositives(RANGE), [
    { positives: 0, observables: 1 },
    { positives: 1, observables: 1 },
  ]);
  assert.deepEqual(store.scanPanels.classes(RANGE, 9), [{ name: 'phishing', observables: 1, engines: 1 }]);
  assert.equal(store.scanPanels.lastScanAt(RANGE), NOW - HOUR);
  const answers = store.scanPanels.overTime(RANGE);
  assert.equal(
    answers.reduce((sum, step) => sum + step.noise + step.clean, 0),
    3,
    'but every answer was one',
  );
});

test('addresses are told apart by their version, and every kind is a vector', (t) => {
  const store = emptyStore(t);
  const week = new HouseholdWeek(store, NOW);
  for (const text of ['203.0.113.9', '2001:db8::9', 'https://a.example.com/x', 'b'.repeat(64), 'evil-one.top'])
    week.answer(text, text === 'evil-one.top' ? 12 : 0, NOW - HOUR);
  const vectors = store.scanPanels.vectors(RANGE);
  assert.deepEqual(vectors.map(({ vector }) => vector).sort(), ['domain', 'file', 'ipv4', 'ipv6', 'url']);
  assert.deepEqual(
    vectors.find(({ vector }) => vector === 'domain'),
    { vector: 'domain', scanned: 1, suspicious: 0, malicious: 1 },
  );
});

test('ages fall into the right bands, also of an analysis that nobody dated', (t) => {
  const store = emptyStore(t);
  const week = new HouseholdWeek(store, NOW);
  for (const [n, days] of [0, 0.9, 3, 20, 31].entries()) week.answer(`n${n}.example.com`, 0, NOW - 1, days);
  assert.deepEqual(store.scanPanels.ages(RANGE), { withinDay: 2, withinWeek: 1, withinMonth: 1, older: 1, unknown: 0 });
});

test('a device that used something flagged only before the period is not named', (t) => {
  const store = emptyStore(t);
  const week = new HouseholdWeek(store, NOW);
  const bad = week.answer('evil-one.top', 12, NOW - HOUR);
  week.use(bad, '192.168.50.21', NOW - 26 * HOUR);
  week.use(bad, '192.168.50.77', NOW - 5 * HOUR, 2);
  week.use(bad, '192.168.50.77', NOW - 3 * HOUR, 5);
  week.use(week.answer('fine.example.com', 0, NOW - HOUR), '192.168.50.21', NOW - HOUR);
  const [contact, ...others] = store.networkPanels.contacts(RANGE, 9);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [contact?.client, contact?.count, contact?.ratio, contact?.vias],
    ['192.168.50.77', 7, '12/92', ['dns']],
  );
});

test('alerts fall into steps by severity, and one beyond 4 is as mild as 4', (t) => {
  const store = emptyStore(t);
  const alert = (at: number, severity: number) =>
    store.alerts.keep({
      at,
      sid: 7,
      signature: 's',
      category: '',
      severity,
      action: 'allowed',
      client: 'c',
      peer: 'p',
    });
  alert(NOW - HOUR, 1);
  alert(NOW - HOUR + 1, 3);
  alert(NOW - HOUR + 2, 255);
  assert.deepEqual(store.networkPanels.alertSteps(RANGE), [{ at: NOW - HOUR, counts: [1, 0, 1, 1] }]);
  assert.deepEqual(store.networkPanels.signatures(RANGE, 9), [
    { sid: 7, signature: 's', severity: 1, count: 3, clients: 1, lastAt: NOW - HOUR + 2 },
  ]);
});

test('a step in which Pi-hole did not block for a minute says so', (t) => {
  const store = emptyStore(t);
  const step = { queries: 10, blocked: 1, cached: 2, forwarded: 7 };
  store.stats.addPihole(NOW - HOUR, { ...step, blocking: true });
  store.stats.addPihole(NOW - HOUR + 60_000, { ...step, blocking: false });
  store.stats.addPihole(NOW - 3 * HOUR, { ...step, blocking: undefined });
  assert.deepEqual(store.networkPanels.piholeSteps(RANGE), [
    { at: NOW - 3 * HOUR, ...step, wasOff: false },
    { at: NOW - HOUR, queries: 20, blocked: 2, cached: 4, forwarded: 14, wasOff: true },
  ]);
});

test('a shorter period holds less, also of what was asked of Pi-hole', (t) => {
  const store = emptyStore(t);
  new HouseholdWeek(store, NOW).fill();
  assert.equal(store.scanPanels.rows({ ...RANGE, since: NOW - 1 }, 9).length, 0);
  const [hit] = store.networkPanels.hits({ ...RANGE, since: NOW - 3 * HOUR }, 9);
  assert.deepEqual([hit?.client, hit?.count], ['192.168.50.77', 6]);
});

test('what a clock that ran ahead left of a time to come is in no panel', (t) => {
  const store = emptyStore(t);
  const week = new HouseholdWeek(store, NOW);
  const later = NOW + 9 * 365 * 24 * HOUR;
  const bad = week.answer('evil-one.top', 12, NOW - HOUR);
  week.use(bad, '192.168.50.77', NOW - 2 * HOUR, 5);
  week.use(bad, '192.168.50.77', later, 70);
  week.use(bad, '192.168.50.78', later, 1);
  week.answer('late.example.com', 7, later);
  const alert = {
    sid: 7,
    signature: 's',
    category: '',
    severity: 1,
    action: 'allowed',
    client: 'c',
    peer: 'p',
  } as const;
  store.alerts.keep({ ...alert, at: NOW - HOUR });
  store.alerts.keep({ ...alert, at: later });
  const load = { queries: 10, blocked: 1, cached: 2, forwarded: 7, blocking: true };
  store.stats.addPihole(later, load);
  const { networkPanels: network, scanPanels: scans } = store;
  assert.deepEqual(
    network.contacts(RANGE, 9).map(({ client, count }) => [client, count]),
    [['192.168.50.77', 5]],
  );
  assert.deepEqual(network.used(RANGE, 'malicious'), { observables: 1, clients: 1 });
  assert.equal(network.signatures(RANGE, 9)[0]?.count, 1);
  assert.equal(network.alertSteps(RANGE).length, 1);
  assert.deepEqual(network.piholeSteps(RANGE), []);
  assert.deepEqual(
    network.turnedMalicious(RANGE, 9).map(({ observable }) => observable.value),
    ['evil-one.top'],
  );
  assert.equal(scans.lastScanAt(RANGE), NOW - HOUR);
  assert.equal(scans.rowCount(RANGE), 1);
  assert.deepEqual(scans.byPositives(RANGE), [{ positives: 12, observables: 1 }]);
  assert.equal(scans.overTime(RANGE).length, 1);
  assert.equal(store.lookups.counts('virustotal', RANGE).get('found'), 1);
});
