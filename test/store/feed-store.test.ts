import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keyOf, type Observable } from '../../src/core/observable.ts';
import type { FeedLoad } from '../../src/store/feed-load.ts';
import { FeedStore } from '../../src/store/feed-store.ts';
import { ObservableStore } from '../../src/store/observable-store.ts';
import { openSqliteFile, type Sqlite } from '../../src/store/sqlite-file.ts';
import { tempDir } from '../support/temp-dir.ts';

const AT = Date.UTC(2026, 3, 15);
const VERSION = { at: AT, etag: '"1"', lastModified: undefined };

interface Opened {
  readonly db: Sqlite;
  readonly store: FeedStore;
  readonly path: string;
}

function open(t: TestContext): Opened {
  const path = join(tempDir(t), 'guardian.db');
  const db = openSqliteFile(path);
  t.after(() => db.close());
  return { db, store: new FeedStore(db), path };
}

function finish(steps: Iterable<unknown>): void {
  for (const _ of steps) void _;
}

function begin(
  store: FeedStore,
  name: string,
  keys: readonly string[],
  role: 'evidence' | 'dynamic_dns' | 'popularity' = 'evidence',
): FeedLoad {
  store.register({ name, role, origin: 'one' });
  const load = store.load(name, () => VERSION);
  load.put(keys.map((key) => ({ key, rank: null })));
  return load;
}

function swapIn(
  store: FeedStore,
  name: string,
  keys: readonly string[],
  role?: 'evidence' | 'dynamic_dns' | 'popularity',
) {
  const load = begin(store, name, keys, role);
  finish(load.write());
  const delta = load.swap();
  finish(load.settle());
  finish(load.close());
  return delta;
}

const domain = (value: string): Observable => ({ kind: 'domain', value });
const ip = (value: string): Observable => ({ kind: 'ip', value });
const url = (value: string): Observable => ({ kind: 'url', value });

function said(store: FeedStore, observable: Observable): string[] {
  return store.hits(observable).map((hit) => `${hit.feed} ${hit.relation} ${hit.entry}`);
}

test('FeedStore.hits() names every feed that lists a domain or one above it up to the registrable domain', (t) => {
  const { store } = open(t);
  swapIn(store, 'a', ['domain:evil.com', 'domain:github.io', 'domain:co.uk']);
  swapIn(store, 'b', ['domain:evil.com', 'domain:x.evil.com']);
  assert.deepEqual(said(store, domain('evil.com')), ['a exact domain:evil.com', 'b exact domain:evil.com']);
  assert.deepEqual(said(store, domain('y.x.evil.com')), [
    'b parent domain:x.evil.com',
    'a parent domain:evil.com',
    'b parent domain:evil.com',
  ]);
  assert.deepEqual(said(store, domain('evil.com.example.org')), []);
  assert.deepEqual(said(store, domain('notevil.com')), []);
  // A public suffix in a list condemns nobody below it.
  assert.deepEqual(said(store, domain('alice.github.io')), []);
  assert.deepEqual(said(store, domain('shop.co.uk')), []);
});

test('FeedStore.hits() finds suffixes of dynamic DNS above the registrable domain', (t) => {
  const { store } = open(t);
  swapIn(store, 'dyn', ['domain:duckdns.org'], 'dynamic_dns');
  assert.deepEqual(said(store, domain('cam.home.duckdns.org')), ['dyn parent domain:duckdns.org']);
});

test('FeedStore.hits() never takes a listed URL for a word about its host, only for a reason to ask', (t) => {
  const { store } = open(t);
  swapIn(store, 'urls', ['url:http://shared.example.net/bad', 'urlhost:shared.example.net']);
  assert.deepEqual(said(store, url('http://shared.example.net/bad')), [
    'urls exact url:http://shared.example.net/bad',
    'urls url_on_host urlhost:shared.example.net',
  ]);
  assert.deepEqual(said(store, url('http://shared.example.net/good')), ['urls url_on_host urlhost:shared.example.net']);
  assert.deepEqual(said(store, domain('shared.example.net')), ['urls url_on_host urlhost:shared.example.net']);
  assert.deepEqual(said(store, domain('example.net')), []);
  assert.equal(store.find('urls')?.entries, 1);
});

test('FeedStore.hits() finds an address in a listed network, of both families', (t) => {
  const { store } = open(t);
  swapIn(store, 'drop', ['net:203.0.112.0/20', 'net:2a0f:9400::/29', 'ip:198.51.100.9']);
  assert.deepEqual(said(store, ip('203.0.113.77')), ['drop network net:203.0.112.0/20']);
  assert.deepEqual(said(store, ip('203.0.128.1')), []);
  assert.deepEqual(said(store, ip('2a0f:9407::1')), ['drop network net:2a0f:9400::/29']);
  assert.deepEqual(said(store, url('http://203.0.113.77/x')), ['drop network net:203.0.112.0/20']);
  assert.deepEqual(said(store, url('http://[2a0f:9407::1]/x')), ['drop network net:2a0f:9400::/29']);
  assert.deepEqual(said(store, ip('198.51.100.9')), ['drop exact ip:198.51.100.9']);
});

test('FeedStore shows the old version until the swap and the new one after it, with what changed', (t) => {
  const { store, db } = open(t);
  assert.deepEqual(swapIn(store, 'a', ['domain:one.com', 'domain:two.com']), { added: 2, removed: 0 });
  const load = begin(store, 'a', ['domain:two.com', 'domain:three.com', 'domain:three.com']);
  assert.equal(load.entries, 2);
  finish(load.write());
  assert.deepEqual(said(store, domain('one.com')), ['a exact domain:one.com']);
  assert.deepEqual(said(store, domain('three.com')), []);
  assert.deepEqual(load.swap(), { added: 1, removed: 1 });
  assert.deepEqual(said(store, domain('one.com')), []);
  assert.deepEqual(said(store, domain('three.com')), ['a exact domain:three.com']);
  const seen = store.seen('a');
  assert.deepEqual([...seen.keys('added')].flat(), ['domain:three.com']);
  assert.deepEqual([...seen.keys('removed')].flat(), ['domain:one.com']);
  finish(load.settle());
  finish(load.close());
  assert.equal(db.prepare('SELECT count(*) AS n FROM feed_entries').pluck().get(), 2);
});

test('FeedStore forgets a version that was given up or died half-way, and can load the next', (t) => {
  const { store, path, db } = open(t);
  swapIn(store, 'a', ['domain:one.com', 'domain:two.com']);
  const givenUp = begin(store, 'a', ['domain:three.com']);
  finish(givenUp.write());
  finish(givenUp.close());
  assert.deepEqual(said(store, domain('one.com')), ['a exact domain:one.com']);
  const died = begin(store, 'a', ['domain:four.com']);
  finish(died.write());
  const reopened = openSqliteFile(path);
  t.after(() => reopened.close());
  const after = new FeedStore(reopened);
  assert.deepEqual(said(after, domain('four.com')), []);
  assert.deepEqual(said(after, domain('two.com')), ['a exact domain:two.com']);
  assert.deepEqual(swapIn(after, 'a', ['domain:two.com', 'domain:five.com']), { added: 1, removed: 1 });
  const keys = db.prepare('SELECT key FROM feed_entries WHERE until IS NULL ORDER BY key').pluck().all();
  assert.deepEqual(keys, ['domain:five.com', 'domain:two.com']);
});

test('FeedStore.seen() finds what was already seen and is touched by a change, from either side', (t) => {
  const { store, db } = open(t);
  const observables = new ObservableStore(db);
  const seen = [
    domain('evil.com'),
    domain('a.evil.com'),
    domain('deep.sub.bad.org'),
    domain('other.bad.org'),
    url('http://a.evil.com/x'),
    ip('203.0.113.5'),
    domain('harmless.net'),
    domain('shared.example.net'),
  ];
  for (const one of seen) observables.idOf(keyOf(one), AT);
  const wanted = [
    'domain:a.evil.com',
    'domain:deep.sub.bad.org',
    'domain:evil.com',
    'domain:shared.example.net',
    'ip:203.0.113.5',
    'url:http://a.evil.com/x',
  ];
  const few = [
    'domain:evil.com',
    'domain:sub.bad.org',
    'net:203.0.113.0/24',
    'url:http://shared.example.net/p',
    'urlhost:shared.example.net',
  ];
  swapIn(store, 'few', few);
  assert.deepEqual([...store.seen('few').observables('added')].flat().map(keyOf).sort(), wanted);
  const many = Array.from({ length: 50 }, (_, at) => `domain:filler-${at}.com`);
  swapIn(store, 'many', [...few, ...many]);
  assert.deepEqual([...store.seen('many').observables('added')].flat().map(keyOf).sort(), wanted);
  const load = begin(store, 'few', ['domain:new.com']);
  finish(load.write());
  load.swap();
  assert.deepEqual([...store.seen('few').observables('removed')].flat().map(keyOf).sort(), wanted);
  finish(load.settle());
  finish(load.close());
  assert.deepEqual([...store.seen('few').observables('removed')].flat(), []);
});

test('FeedStore keeps validators and problems, and asks for everything when a feed is read in another way', (t) => {
  const { store } = open(t);
  swapIn(store, 'a', ['domain:one.com']);
  assert.equal(store.find('a')?.etag, '"1"');
  store.keepFailure('a', { at: AT + 1, problem: 'down', retryAt: AT + 9 });
  store.keepFailure('a', { at: AT + 2, problem: 'still down' });
  assert.deepEqual(
    [store.find('a')?.failures, store.find('a')?.problem, store.find('a')?.fetchedAt],
    [2, 'still down', AT],
  );
  store.keepUnchanged('a', AT + 3);
  assert.deepEqual(
    [store.find('a')?.failures, store.find('a')?.problem, store.find('a')?.fetchedAt],
    [0, undefined, AT + 3],
  );
  store.register({ name: 'a', role: 'evidence', origin: 'two' });
  assert.equal(store.find('a')?.etag, undefined);
  assert.equal(said(store, domain('one.com')).length, 1);
});

test('FeedStore keeps the parts of a feed by version', (t) => {
  const { store } = open(t);
  store.register({ name: 'm', role: 'evidence', origin: 'one' });
  store.keepPart('m', 'p', '1', ['domain:a.com', 'url:http://b.com/']);
  assert.deepEqual(store.part('m', 'p', '1'), ['domain:a.com', 'url:http://b.com/']);
  assert.equal(store.part('m', 'p', '2'), undefined);
  store.keepPart('m', 'p', '2', []);
  assert.deepEqual(store.part('m', 'p', '2'), []);
  store.retainParts('m', ['q']);
  assert.equal(store.part('m', 'p', '2'), undefined);
});
