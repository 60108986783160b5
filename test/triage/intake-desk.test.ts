import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, type Observable } from '../../src/core/observable.ts';
import { domain, Network, reportOf, type Use } from './network.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

test('the registrable domain is asked on behalf of its hosts, once', (t) => {
  const network = new Network(t);
  network.use({ name: 'a.cdn.example.org' }, { name: 'b.cdn.example.org' }, { name: 'example.org' });
  assert.deepEqual(network.order(), ['example.org']);
});

test('a host below a shared suffix or network is asked about itself', (t) => {
  const network = new Network(t);
  network.use({ name: 'dr49lng3n1n2s.cloudfront.net' }, { name: 'ipv4-c021-waw002.1.oca.nflxvideo.net' });
  assert.deepEqual(network.order().toSorted(), [
    'dr49lng3n1n2s.cloudfront.net',
    'ipv4-c021-waw002.1.oca.nflxvideo.net',
  ]);
});

test('a host below a provider of dynamic DNS is asked about itself once the lists know the provider', (t) => {
  const network = new Network(t, { names: { isPopular: () => false, isDynamicDns: (name) => name === 'example.org' } });
  network.use({ name: 'evil.example.org' });
  assert.deepEqual(network.order(), ['evil.example.org']);
  assert.equal(network.waiting('evil.example.org')?.dynamic_dns, 4);
});

test('a clean or noisy answer serves the hosts below, and says so; their own state stays unasked', (t) => {
  const network = new Network(t);
  for (const [name, malicious] of [
    ['example.org', 0],
    ['example.net', 1],
  ] as const) {
    network.use({ name: `www.${name}` });
    network.answer(name, malicious);
    network.use({ name: `cdn.${name}` });
    assert.deepEqual(network.order(), []);
    assert.match(network.intake.serviceOf(domain(`cdn.${name}`))?.why ?? '', new RegExp(`Answered by ${name}: `));
    assert.equal(network.verdict(`cdn.${name}`), undefined);
  }
});

test('a suspicious, malicious or unknown answer opens the hosts in use, worst answers first', (t) => {
  const network = new Network(t);
  network.use({ name: 'a.example.org' }, { name: 'b.example.net' }, { name: 'c.example.com' });
  network.answer('example.org', 7);
  network.answer('example.net', 3);
  network.answer('example.com', 'not_found');
  assert.deepEqual(network.order(), ['a.example.org', 'b.example.net', 'c.example.com']);
  network.use({ name: 'later.example.org' });
  assert.equal(network.waiting('later.example.org')?.parent, 8);
  assert.equal(network.intake.serviceOf(domain('a.example.org')), undefined);
});

test('no domain opens more than a few hosts', (t) => {
  const network = new Network(t);
  network.use(...Array.from({ length: 200 }, (_, i) => ({ name: `h${i}.example.org` })));
  network.answer('example.org', 7);
  network.use(...Array.from({ length: 200 }, (_, i) => ({ name: `later${i}.example.org` })));
  assert.ok(network.order().length <= 16, `${network.order().length} wait`);
});

test('the five example hosts are never above suspicious, and never blocked', (t) => {
  const network = new Network(t);
  const hosts: readonly [string, number, string][] = [
    ['consent-pref.trustarc.com', 1, 'noise'],
    ['google-ohttp-relay-safebrowsing.fastly-edge.com', 2, 'suspicious'],
    ['prod.detectportal.prod.cloudops.mozgcp.net', 1, 'noise'],
    ['storage.googleapis.com', 1, 'noise'],
    ['ipv4-c021-waw002-orangepl-isp.1.oca.nflxvideo.net', 1, 'noise'],
  ];
  network.use(...hosts.map(([name]) => ({ name })));
  for (const [name, engines, state] of hosts) {
    const { verdict } = network.answer(name, engines);
    assert.equal(verdict?.state, state);
    assert.equal(verdict?.block, false);
  }
});

test('an alert raises a question that waits', (t) => {
  const network = new Network(t);
  network.use({ name: 'example.org' });
  const at = {
    at: network.now,
    sid: 1,
    signature: '',
    category: '',
    severity: 1,
    action: 'allowed',
    peer: '',
  } as const;
  network.intake.considerAlerts([{ ...at, client: '192.168.1.2', observable: domain('example.org') }]);
  assert.equal(network.store.queue.find(domain('example.org'))?.lane, 'alert');
  assert.equal(network.waiting('example.org')?.alert, 100);
});

test('a feed hit is verified before other new names', (t) => {
  const network = new Network(t);
  network.use({ name: 'xjqwkzpvhtr.top' }, { name: 'books.example.org' });
  network.intake.considerFeedHit(domain('books.example.org'), ['urlhaus']);
  assert.equal(network.order()[0], 'books.example.org');
});

test('a burst of invented names that do not exist raises the invented ones that do', (t) => {
  const network = new Network(t);
  const invented = (i: number): string => `x${(i * 7_919 + 1_234_567).toString(36)}qzk${i}wvj.com`;
  network.use({ name: 'qz8kx3vw9p1j.com' });
  const before = network.store.queue.find(domain('qz8kx3vw9p1j.com'))?.score ?? 0;
  network.use(...Array.from({ length: 15 }, (_, i) => ({ name: invented(i), nxdomain: true })));
  assert.equal(network.waiting('qz8kx3vw9p1j.com')?.nxdomain_burst, 6);
  assert.ok((network.store.queue.find(domain('qz8kx3vw9p1j.com'))?.score ?? 0) > before);
  network.use({ name: 'kw7zq2xv4jh9.com', client: '192.168.1.3' });
  assert.equal(network.waiting('kw7zq2xv4jh9.com')?.nxdomain_burst, undefined);
});

test('a client that invents 100,000 names changes nobody else: the others keep their places and their order', (t) => {
  const flooded = new Network(t, { maxWaiting: 5_000 });
  const quiet = new Network(t, { maxWaiting: 5_000 });
  const others = Array.from({ length: 19 }, (_, i) => `192.168.1.${20 + i}`);
  const ordinary = others.flatMap((client, i): Use[] =>
    Array.from({ length: 10 }, (_, j) => ({ name: `garden${i}books${j}.com`, client })),
  );
  for (const network of [flooded, quiet]) network.use(...ordinary.slice(0, 95));
  for (let i = 0; i < 100_000; i += 2_000) {
    const names = Array.from({ length: 2_000 }, (_, j) => `${((i + j) * 2_654_435_761).toString(36)}zqx.top`);
    flooded.use(...names.map((name) => ({ name, client: '192.168.1.66' })));
  }
  for (const network of [flooded, quiet]) network.use(...ordinary.slice(95));
  const mine = new Set(ordinary.map(({ name }) => name));
  const rank = (network: Network): readonly string[] =>
    network.store.queue
      .waitingAfter(0, 10_000)
      .toSorted((a, b) => b.score - a.score)
      .map(({ observable }) => observable.value);
  assert.ok(flooded.store.queue.size().length <= 5_000 * 0.1 + ordinary.length);
  assert.deepEqual(
    rank(flooded).filter((name) => mine.has(name)),
    rank(quiet).filter((name) => mine.has(name)),
  );
  const ahead = rank(flooded).findIndex((name) => mine.has(name));
  const last = rank(flooded).findLastIndex((name) => mine.has(name));
  assert.ok(
    last - ordinary.length < 150,
    `${last - ordinary.length} invented names stand before the last ordinary one`,
  );
  assert.ok(ahead < 150, `${ahead} invented names stand before the first ordinary one`);
});

test('a client that forges a new address for every name is held against one client, not against thousands', (t) => {
  const network = new Network(t, { maxWaiting: 5_000 });
  const residents = Array.from({ length: 5 }, (_, i) => `192.168.1.${20 + i}`);
  const ordinary = (day: string): readonly Use[] =>
    residents.flatMap((client, i) =>
      Array.from({ length: 10 }, (_, j) => ({ name: `garden${i}${day}${j}.com`, client })),
    );
  network.use(...ordinary('monday'));
  network.now += 2 * 3_600_000;
  network.use(...residents.map((client, i) => ({ name: `library${i}.org`, client })));
  for (let i = 0; i < 20_000; i += 2_000) {
    const forged = Array.from({ length: 2_000 }, (_, j) => ({
      name: `${((i + j) * 2_654_435_761).toString(36)}zqx.top`,
      client: `10.${(i + j) >> 16}.${((i + j) >> 8) & 255}.${(i + j) & 255}`,
    }));
    network.use(...forged);
  }
  network.use(...ordinary('tuesday'));
  const mine = new Set([...ordinary('monday'), ...ordinary('tuesday')].map(({ name }) => name));
  const order = network.order(10_000);
  const last = order.findLastIndex((name) => mine.has(name));
  assert.equal(order.filter((name) => mine.has(name)).length, mine.size, 'all of them wait');
  assert.ok(last < 400, `the last ordinary name is number ${last} of ${order.length}`);
  for (const name of mine) assert.equal(network.waiting(name)?.client_flood, undefined, name);
});

test('URLs that differ in their query alone are one question, since it is asked without, and one answer serves them all', (t) => {
  const network = new Network(t);
  const url = (query: string): Observable => ({ kind: 'url', value: `http://shop.example.org/a${query}` });
  const see = (...queries: readonly string[]) =>
    network.store.transact(() =>
      network.intake.considerNew(
        queries.map((query) => {
          const key = keyOf(url(query));
          return { id: network.store.observables.idOf(key, network.now).id, key, via: 'http' as const };
        }),
      ),
    );
  see('?id=1', '?id=2', '?id=3');
  assert.deepEqual(network.order(), ['http://shop.example.org/a']);
  network.store.transact(() => {
    network.store.reports.keep({ ...reportOf('x.org', 'not_found', network.now), observable: url('') });
    network.store.queue.remove(url(''));
    network.keeper.rejudge(url(''));
  });
  network.now += 3_600_000;
  see('?id=4');
  assert.deepEqual(network.order(), []);
  assert.match(network.intake.serviceOf(url('?id=4'))?.why ?? '', /not_found\. Its query stays on this machine/);
});

test('what was trimmed comes back when it is seen again, and not before', (t) => {
  const network = new Network(t, { maxWaiting: 2 });
  network.use(
    { name: 'xjqwkzpvhtr.top', client: '192.168.1.2' },
    { name: 'kq8z3vx1p0w.info', client: '192.168.1.3' },
    { name: 'garden.com', client: '192.168.1.4' },
  );
  assert.deepEqual(network.waiting('garden.com'), undefined);
  assert.equal(network.intake.trimmed, 1);
  network.answer('xjqwkzpvhtr.top', 0);
  network.answer('kq8z3vx1p0w.info', 0);
  network.now += DAY_MS;
  network.intake.sweep();
  assert.deepEqual(network.order(), []);
  network.use({ name: 'garden.com' });
  network.intake.sweep();
  assert.deepEqual(network.order(), ['garden.com']);
});

test('a new client brings an unsettled answer forward', (t) => {
  const network = new Network(t);
  network.use({ name: 'example.org', client: '192.168.1.2' });
  network.answer('example.org', 3);
  network.now += 2 * 3_600_000;
  network.use({ name: 'example.org', client: '192.168.1.2' });
  assert.equal(network.intake.sweep().sooner, 0);
  network.use({ name: 'example.org', client: '192.168.1.3' });
  assert.equal(network.intake.sweep().sooner, 1);
  assert.equal(network.waiting('example.org')?.new_client, 3);
  assert.equal(network.store.queue.find(domain('example.org'))?.lane, 'recheck');
});

test('what is blocked is asked again first, and what nobody uses last', (t) => {
  const network = new Network(t);
  const names = ['blocked.org', 'used.org', 'idle.org'];
  network.use(...names.map((name) => ({ name })));
  network.answer('blocked.org', 9);
  network.answer('used.org', 0);
  network.answer('idle.org', 0);
  network.now += 8 * DAY_MS;
  network.use({ name: 'used.org' });
  const due = network.store.queue.candidates.dueForRecheck(network.now, 10);
  assert.equal(due[0]?.value, 'blocked.org');
  for (const observable of due) network.intake.considerRecheck(observable);
  assert.deepEqual(network.order(), names);
  assert.deepEqual(network.store.queue.candidates.dueForRecheck(network.now, 10), []);
});

test('a second look at waiting questions takes in what was learned since', (t) => {
  const lists = new Set<string>();
  const network = new Network(t, { names: { isPopular: (name) => lists.has(name), isDynamicDns: () => false } });
  network.use({ name: 'example.org', client: '192.168.1.2' });
  lists.add('example.org');
  network.now += 10 * MINUTE_MS;
  network.use({ name: 'example.org', client: '192.168.1.3' });
  network.intake.sweep();
  assert.equal(network.waiting('example.org')?.popular, -5);
  assert.equal(network.waiting('example.org')?.clients, 0.5);
});

test('internal names never become questions', (t) => {
  const network = new Network(t);
  network.use({ name: 'nas.fritz.box' }, { name: 'printer.home.arpa' }, { name: 'x.internal' });
  assert.deepEqual(network.order(), []);
});
