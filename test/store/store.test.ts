import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { Indicator } from '../../src/core/indicator.ts';
import { keyOf, type Observable, parseObservable } from '../../src/core/observable.ts';
import { parsePattern } from '../../src/core/pattern.ts';
import { NO_STATS, type Report } from '../../src/core/report.ts';
import type { SightingBatch } from '../../src/core/sighting-batch.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { Store } from '../../src/store/store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
const T0 = 1_700_000_000_000 - (1_700_000_000_000 % HOUR);
const SIDS = { first: 1_900_000, last: 1_900_002 };

interface TestContext {
  after(fn: () => void): void;
}

function openStore(t: TestContext): Store {
  const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: SIDS });
  t.after(() => store.close());
  return store;
}

function observable(text: string): Observable {
  const parsed = parseObservable(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function batch(
  rows: readonly (readonly [key: number, client: number, via: number, count: number, at: number])[],
): SightingBatch {
  const flat = rows.flatMap(([key, client, via, count, at]) => [key, client, via, count, 0, at, at + 5]);
  return {
    observables: ['domain:a.example.com', 'domain:b.example.org', 'ip:192.0.2.1'],
    clients: ['10.0.0.1', '10.0.0.2'],
    rows: Float64Array.from(flat),
  };
}

function report(name: string, askedAt: number, malicious: number): Report {
  return {
    observable: observable(name),
    source: 'virustotal',
    outcome: 'found',
    askedAt,
    lastAnalysisAt: askedAt - HOUR,
    stats: { ...NO_STATS, malicious, harmless: 80 },
    flagged: malicious === 0 ? [] : [{ engine: 'Some Engine', category: 'malicious', result: 'phishing' }],
    reputation: -3,
    votes: { harmless: 1, malicious: 2 },
    categories: ['news'],
    remarks: [],
    createdAt: 5,
    permalink: `https://www.virustotal.com/gui/domain/${name}`,
  };
}

function verdict(name: string, state: Verdict['state'], at: number): Verdict {
  const block = state === 'malicious';
  return {
    observable: observable(name),
    state,
    strong: false,
    block,
    held: false,
    reasons: [{ code: 'engines', text: 'x' }],
    policyLine: `${state}: x`,
    since: at,
    judgedAt: at,
    recheckAt: at + HOUR,
    ratio: '7/92',
  };
}

function indicator(name: string, expiresAt: number): Indicator {
  return {
    observable: observable(name),
    subdomains: false,
    source: 'virustotal',
    ratio: '7/92',
    strong: false,
    engines: 7,
    permalink: '',
    since: T0,
    expiresAt,
  };
}

test('sightings of one hour, client and protocol are one row, and a new observable is told once', (t) => {
  const store = openStore(t);
  const first = store.transact(() =>
    store.sightings.record(
      batch([
        [0, 0, 0, 1, T0],
        [0, 1, 0, 2, T0 + 10],
        [2, 0, 5, 1, T0],
      ]),
    ),
  );
  assert.deepEqual(
    first.map((one) => [one.key, one.client, one.via]),
    [
      ['domain:a.example.com', '10.0.0.1', 'dns'],
      ['ip:192.0.2.1', '10.0.0.1', 'flow'],
    ],
  );
  const second = store.transact(() =>
    store.sightings.record(
      batch([
        [0, 0, 0, 4, T0 + 100],
        [0, 0, 1, 1, T0 + HOUR],
      ]),
    ),
  );
  assert.deepEqual(second, []);
  const stored = store.observables.find(observable('a.example.com'));
  assert.equal(stored?.registrable, 'example.com');
  const clients = store.sightings.clientsOf(stored?.id ?? 0);
  const firstClient = clients.find((one) => one.client === '10.0.0.1');
  assert.equal(firstClient?.count, 6);
  assert.deepEqual([...(firstClient?.vias ?? [])].sort(), ['dns', 'tls']);
  assert.equal(firstClient?.firstSeenAt, T0);
  assert.equal(firstClient?.lastSeenAt, T0 + HOUR + 5);
});

test('what was seen again is found, however it is told, and its first sighting is the earliest', (t) => {
  const store = openStore(t);
  const first = store.transact(() => store.observables.idOf('domain:a.example.com', T0));
  store.observables.forgetCachedIds();
  for (const [count, at] of [
    [1, T0 - 10],
    [2, T0 - 20],
  ] as const) {
    assert.deepEqual(
      store.transact(() => store.sightings.record(batch([[0, 0, 0, count, at]]))),
      [],
    );
    assert.deepEqual(store.observables.find(observable('a.example.com')), {
      id: first.id,
      key: 'domain:a.example.com',
      registrable: 'example.com',
      firstSeenAt: at,
    });
    store.observables.forgetCachedIds();
  }
});

test('a question that waits already is raised and never doubled, and makes room when it leaves', (t) => {
  const store = openStore(t);
  const { id } = store.observables.idOf('domain:a.example.com', T0);
  for (const worth of [2, 1, 5, 3]) assert.ok(store.queue.put(id, 'new', worth, { lexical: worth }, T0));
  assert.equal(store.queue.size().length, 1);
  assert.equal(store.queue.find(observable('a.example.com'))?.score, 5);
  assert.equal(store.queue.trim(0), 1);
  assert.equal(store.queue.size().length, 0);
});

test('a transaction that fails leaves nothing, also not in memory', (t) => {
  const store = openStore(t);
  assert.throws(
    () =>
      store.transact(() => {
        store.sightings.record(batch([[0, 0, 0, 1, T0]]));
        throw new Error('stop');
      }),
    /stop/,
  );
  assert.equal(store.observables.find(observable('a.example.com')), undefined);
  const fresh = store.transact(() => store.sightings.record(batch([[0, 0, 0, 1, T0]])));
  assert.equal(fresh.length, 1, 'it is as new as before');
});

test('every report is kept, and the latest of a source is told', (t) => {
  const store = openStore(t);
  for (const [at, malicious] of [
    [T0, 1],
    [T0 + HOUR, 7],
  ] as const)
    store.transactDurably(() => store.reports.keep(report('a.example.com', at, malicious)));
  store.reports.keep({ ...report('a.example.com', T0, 0), source: 'other' });
  const latest = store.reports.latest(observable('a.example.com'));
  assert.deepEqual(latest.map((one) => [one.source, one.stats.malicious]).sort(), [
    ['other', 0],
    ['virustotal', 7],
  ]);
  assert.equal(store.reports.history(observable('a.example.com')).length, 3);
  assert.deepEqual(
    latest.find((one) => one.source === 'virustotal'),
    report('a.example.com', T0 + HOUR, 7),
    'it comes back as it went in',
  );
  const { id } = store.observables.find(observable('a.example.com')) ?? { id: 0 };
  assert.equal(store.reports.prune(T0 + 2 * HOUR, id + 1, id + 100), 0, 'the others are not looked at');
  assert.equal(store.reports.prune(T0 + 2 * HOUR, 1, id), 1, 'the latest of each source outlives its retention');
  assert.equal(store.reports.history(observable('a.example.com')).length, 2);
});

test('a verdict keeps the history of its changes', (t) => {
  const store = openStore(t);
  assert.equal(store.verdicts.keep(verdict('a.example.com', 'clean', T0)), 'unasked');
  assert.equal(store.verdicts.keep(verdict('a.example.com', 'clean', T0)), 'clean');
  assert.equal(store.verdicts.keep(verdict('a.example.com', 'malicious', T0 + HOUR)), 'clean');
  assert.deepEqual(store.verdicts.find(observable('a.example.com')), verdict('a.example.com', 'malicious', T0 + HOUR));
  assert.deepEqual(
    store.verdicts.history(observable('a.example.com')).map((one) => [one.from, one.to]),
    [
      ['clean', 'malicious'],
      ['unasked', 'clean'],
    ],
  );
  store.verdicts.keep(verdict('b.example.org', 'noise', T0));
  assert.equal(store.verdicts.countByState().noise, 1);
  assert.deepEqual(
    store.verdicts.page({ state: 'noise', limit: 10 }).verdicts.map((one) => one.observable.value),
    ['b.example.org'],
  );
  const pageOne = store.verdicts.page({ limit: 1 });
  const pageTwo = store.verdicts.page({ limit: 1, cursor: pageOne.next ?? 0 });
  assert.notEqual(pageOne.verdicts[0]?.observable.value, pageTwo.verdicts[0]?.observable.value);
  assert.deepEqual(
    store.verdicts.due(T0 + 3 * HOUR, 10).map((one) => one.state),
    ['malicious', 'noise'],
    'what is blocked comes first',
  );
});

test('what was decided while a drive went on is no part of its record, and of the next one', (t) => {
  const store = openStore(t);
  const drive = { target: 'suricata', proved: true, failed: new Map(), unsupported: new Set<string>() };
  const stateOf = (name: string) => store.publications.of(observable(name)).map((one) => one.state);
  store.indicators.want(indicator('a.example.com', T0 + HOUR));
  store.publications.record({ ...drive, at: T0, asOf: T0 });
  store.indicators.want({ ...indicator('late.example.com', T0 + HOUR), since: T0 + 10 });
  store.publications.record({ ...drive, at: T0 + 20, asOf: T0 + 5 });
  assert.deepEqual([stateOf('a.example.com'), stateOf('late.example.com')], [['proved'], []]);
  store.publications.record({ ...drive, at: T0 + 30, asOf: T0 + 25 });
  assert.deepEqual(stateOf('late.example.com'), ['proved']);
});

test('changes of indicators are told once, and not at all where a transaction was rolled back', (t) => {
  const store = openStore(t);
  store.indicators.want(indicator('a.example.com', T0 + HOUR));
  store.indicators.want(indicator('b.example.org', T0 + HOUR));
  store.indicators.unwant(observable('b.example.org'));
  const changes = [...(store.indicators.takeChanges() ?? [])].map(([key, one]) => [key, one?.observable.value]);
  assert.deepEqual(changes, [
    ['domain:a.example.com', 'a.example.com'],
    ['domain:b.example.org', undefined],
  ]);
  assert.deepEqual(store.indicators.takeChanges(), new Map());
  assert.throws(() =>
    store.transact(() => {
      store.indicators.want(indicator('c.example.net', T0 + HOUR));
      throw new Error('rolled back');
    }),
  );
  assert.equal(store.indicators.takeChanges(), undefined);
});

test('the record of a target follows what a drive came to, and what ended is withdrawn', (t) => {
  const store = openStore(t);
  for (const name of ['a.example.com', 'b.example.org', 'c.example.net'])
    store.indicators.want(indicator(name, T0 + HOUR));
  const failed = new Map([[keyOf(observable('b.example.org')), 'no room']]);
  const unsupported = new Set([keyOf(observable('c.example.net'))]);
  store.publications.record({ target: 'suricata', proved: true, failed, unsupported, at: T0, asOf: T0 });
  const state = (name: string) => store.publications.of(observable(name)).map((one) => [one.state, one.error]);
  assert.deepEqual(state('a.example.com'), [['proved', undefined]]);
  assert.deepEqual(state('b.example.org'), [['failed', 'no room']]);
  assert.deepEqual(state('c.example.net'), []);
  assert.equal(store.indicators.unwant(observable('a.example.com')), true);
  store.publications.record({
    target: 'suricata',
    proved: false,
    failed: new Map(),
    unsupported,
    at: T0 + 1,
    asOf: T0 + 1,
  });
  assert.deepEqual(state('a.example.com'), []);
  assert.deepEqual(state('b.example.org'), [['published', undefined]]);
  store.publications.record({
    target: 'suricata',
    proved: true,
    failed: new Map(),
    unsupported: new Set(),
    at: T0 + 2,
    asOf: T0 + 2,
  });
  assert.deepEqual(state('c.example.net'), [['proved', undefined]], 'what it can hold by now');
  assert.equal(store.indicators.desired(T0).size, 2);
  assert.equal(store.indicators.desired(T0 + HOUR).size, 0, 'an indicator past its end is not desired');
  assert.equal(store.indicators.expired(T0 + HOUR).length, 2);
});

test('a desired state that was given out is never changed, and is given out again while it holds', (t) => {
  const store = openStore(t);
  store.indicators.want(indicator('a.example.com', T0 + HOUR));
  const first = store.indicators.desired(T0);
  assert.equal(store.indicators.desired(T0 + 1), first);
  store.indicators.want(indicator('b.example.org', T0 + HOUR));
  store.indicators.unwant(observable('a.example.com'));
  const second = store.indicators.desired(T0 + 2);
  assert.deepEqual([...first.keys()], ['domain:a.example.com']);
  assert.deepEqual([...second.keys()], ['domain:b.example.org']);
  assert.throws(() =>
    store.transact(() => {
      store.indicators.want(indicator('c.example.net', T0 + HOUR));
      throw new Error('rolled back');
    }),
  );
  assert.deepEqual([...second.keys()], ['domain:b.example.org']);
  assert.deepEqual([...store.indicators.desired(T0 + 3).keys()], ['domain:b.example.org']);
});

test('a sid belongs to an indicator for life, and its revision grows with the text', (t) => {
  const store = openStore(t);
  assert.deepEqual(store.sids.assign('domain:a', 'one'), { sid: 1_900_000, rev: 1 });
  assert.deepEqual(store.sids.assign('domain:b', 'one'), { sid: 1_900_001, rev: 1 });
  assert.deepEqual(store.sids.assign('domain:a', 'two'), { sid: 1_900_000, rev: 2 });
  assert.deepEqual(store.sids.assign('domain:a', 'two'), { sid: 1_900_000, rev: 2 });
  store.sids.assign('domain:c', 'one');
  assert.throws(() => store.sids.assign('domain:d', 'one'), /all of 1900000-1900002 are used/);
});

test("an operator's word holds until its end or until it is taken back", (t) => {
  const store = openStore(t);
  const pattern = parsePattern('*.example.com');
  assert.ok(pattern.ok);
  const word = {
    action: 'allow',
    pattern: pattern.value,
    reason: "it's ours",
    origin: 'operator',
    createdAt: T0,
    expiresAt: T0 + HOUR,
  } as const;
  store.overrides.keep(word);
  assert.deepEqual(store.overrides.current(T0), [word]);
  assert.deepEqual(store.overrides.current(T0 + HOUR), []);
  assert.equal(store.overrides.remove('*.example.com'), true);
  assert.equal(store.overrides.remove('*.example.com'), false);
});

test('what was seen and came to nothing is forgotten after its retention, and everything else is kept', (t) => {
  const store = openStore(t);
  const idOf = (name: string) => store.observables.idOf(`domain:${name}`, T0).id;
  for (const name of ['asked.top', 'failed.top', 'waits.top', 'alerted.top', 'seen.top', 'invented.top']) idOf(name);
  store.reports.keep(report('asked.top', T0, 0));
  const asked = { at: T0, source: 'virustotal', observable: observable('failed.top'), lane: 'new', tookMs: 1 };
  store.lookups.keep({ ...asked, outcome: 'unavailable', error: 'x' });
  store.queue.put(idOf('waits.top'), 'new', 1, {}, T0);
  store.alerts.keep({
    at: T0,
    sid: 1,
    signature: 'x',
    category: '',
    severity: 1,
    action: 'allowed',
    client: '10.0.0.1',
    peer: '',
    observable: observable('alerted.top'),
  });
  store.sightings.record({ ...batch([[0, 0, 0, 1, T0]]), observables: ['domain:seen.top'] });
  const invented = idOf('invented.top');
  assert.equal(store.observables.forgetUnused(T0, 0, 1_000), 0, 'nothing is older than its retention');
  assert.equal(store.observables.forgetUnused(T0 + 1, 0, 1_000), 1);
  assert.equal(store.observables.find(observable('invented.top')), undefined);
  for (const name of ['asked.top', 'failed.top', 'waits.top', 'alerted.top', 'seen.top'])
    assert.ok(store.observables.find(observable(name)), name);
  const again = store.observables.idOf('domain:invented.top', T0 + 5);
  assert.deepEqual(
    [again.isNew, again.id >= invented],
    [true, true],
    'it is new again, also to what is kept in memory',
  );
});

test('clients that no sighting names any more are forgotten where there are more than a network has', (t) => {
  const store = openStore(t);
  const clients = Array.from({ length: 10_001 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const rows = clients.flatMap((_, i) => [0, i, 0, 1, 0, T0, T0]);
  const flood = { observables: ['domain:a.example.com'], clients, rows: Float64Array.from(rows) };
  store.transact(() => store.sightings.record(flood));
  assert.equal(store.sightings.forgetClients(), 0, 'all of them are named');
  store.sightings.forgetBefore(T0 + HOUR, 0, 1_000);
  assert.equal(store.sightings.forgetClients(), clients.length);
  store.sightings.record(batch([[0, 0, 0, 1, T0]]));
  const { id } = store.observables.idOf('domain:a.example.com', T0);
  assert.deepEqual(
    store.sightings.clientsOf(id).map(({ client }) => client),
    ['10.0.0.1'],
  );
});

test('alerts, lookups and disclosures are found again', (t) => {
  const store = openStore(t);
  const alert = {
    at: T0,
    sid: 1,
    signature: 's',
    category: 'c',
    severity: 1,
    action: 'allowed',
    client: '10.0.0.1',
    peer: '10.0.0.2',
    observable: observable('a.example.com'),
  } as const;
  store.alerts.keep(alert);
  assert.deepEqual(store.alerts.of(observable('a.example.com'), 5), [alert]);
  assert.equal(store.alerts.countSince(T0), 1);
  store.lookups.keep({
    at: T0,
    source: 'virustotal',
    observable: observable('a.example.com'),
    lane: 'new',
    outcome: 'unavailable',
    tookMs: 5,
    error: 'down',
  });
  assert.equal(store.lookups.last(observable('a.example.com'))?.error, 'down');
  store.lookups.disclose('virustotal', 'a.example.com', T0);
  store.lookups.disclose('virustotal', 'a.example.com', T0 + 1);
  assert.deepEqual(store.lookups.disclosures(10, 0), [
    { source: 'virustotal', sent: 'a.example.com', firstAt: T0, lastAt: T0 + 1, times: 2 },
  ]);
});

test('kill -9 loses nothing that was kept', { timeout: 60_000 }, async (t) => {
  const path = join(tempDir(t), 'guardian.db');
  const script = `
    import { Store } from ${JSON.stringify(new URL('../../src/store/store.ts', import.meta.url).href)};
    const store = new Store({ path: ${JSON.stringify(path)}, sidRange: { first: 1, last: 9 } });
    for (let n = 1; ; n++) {
      store.transactDurably(() => store.quota.add('virustotal', 'day', 0, 'new', 1));
      process.stdout.write(n + '\\n');
    }`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until('the child has kept some', () => said.split('\n').length > 50, 50_000);
  child.kill('SIGKILL');
  await until('the child is gone', () => child.signalCode === 'SIGKILL');
  const told = Number(said.trimEnd().split('\n').at(-1));
  const store = new Store({ path, sidRange: { first: 1, last: 9 } });
  t.after(() => store.close());
  const kept = store.quota.spent('virustotal', 'day', 0).get('new') ?? 0;
  assert.ok(kept >= told, `kept ${kept}, told ${told}`);
});

test('a store of a newer guardian is refused, and told what to do', (t) => {
  const path = join(tempDir(t), 'guardian.db');
  new Store({ path, sidRange: SIDS }).close();
  const db = new Database(path);
  db.pragma('user_version = 999');
  db.close();
  assert.throws(() => new Store({ path, sidRange: SIDS }), /schema is version 999/);
});

test('what was asked is forgotten after its retention, but never a refusal or what the central database does not know, and what was sent never', (t) => {
  const store = openStore(t);
  const asked = (name: string, at: number, outcome: 'found' | 'refused'): void => {
    const question = {
      at,
      source: 'virustotal',
      observable: observable(name),
      lane: 'new',
      outcome,
      tookMs: 5,
      error: undefined,
    };
    store.lookups.disclose('virustotal', name, at);
    store.lookups.keep(question);
  };
  asked('old.example', T0, 'found');
  asked('older.example', T0 - HOUR, 'found');
  asked('oldest.example', T0 - 2 * HOUR, 'found');
  asked('refused.example', T0, 'refused');
  asked('young.example', T0 + HOUR, 'found');
  store.outbox.enable();
  store.outbox.acknowledge('lookups', store.outbox.next('lookups', undefined, 10));
  asked('unsent.example', T0, 'found');
  asked('aside.example', T0, 'found');
  const [, aside] = store.outbox.next('lookups', undefined, 10);
  assert.ok(aside);
  store.outbox.setAside('lookups', aside, 'refused there', T0);
  const kept = (): readonly string[] =>
    ['old', 'older', 'oldest', 'refused', 'young', 'unsent', 'aside'].filter(
      (name) => store.lookups.last(observable(`${name}.example`)) !== undefined,
    );
  assert.equal(store.lookups.prune(T0 + 1, 2), 2, 'no more than it was told');
  assert.equal(store.lookups.prune(T0 + 1, 2), 1);
  assert.deepEqual(kept(), ['refused', 'young', 'unsent', 'aside']);
  assert.equal(store.lookups.prune(T0 + 1, 2), 0);
  assert.equal(store.lookups.disclosedCount(), 7, 'every name ever sent');
});
