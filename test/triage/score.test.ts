import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OBSERVABLE_KINDS, type Observable } from '../../src/core/observable.ts';
import { VERDICT_STATES } from '../../src/core/verdict.ts';
import { ClientWatch } from '../../src/triage/client-watch.ts';
import { builtInModel } from '../../src/triage/lexical-model.ts';
import { NO_LISTS, NO_MEMORY } from '../../src/triage/network-memory.ts';
import { score, URGENT_WORTH } from '../../src/triage/score.ts';
import { SignalReader } from '../../src/triage/signal-reader.ts';
import { domain } from './network.ts';

const reader = new SignalReader({
  model: builtInModel,
  memory: NO_MEMORY,
  names: {
    ...NO_LISTS,
    isDynamicDns: (name) => name === 'ddns.example.net',
    isPopular: (name) => name === 'paypal.com',
  },
  watch: new ClientWatch(),
  now: () => 0,
});

function worth(observable: Observable): ReturnType<typeof score> {
  return reader.worthOf(observable, { via: 'dns' });
}

const signals = fc.record(
  {
    kind: fc.constantFrom(...OBSERVABLE_KINDS),
    via: fc.constant('dns' as const),
    alerted: fc.boolean(),
    shared: fc.boolean(),
    feeds: fc.array(fc.string(), { maxLength: 2 }),
    sharedSuffix: fc.double({ min: -5, max: 5, noNaN: true }),
    dynamicDns: fc.boolean(),
    popular: fc.boolean(),
    nxdomain: fc.boolean(),
    burst: fc.boolean(),
    quietClient: fc.boolean(),
    clients: fc.nat(50),
    knownDays: fc.double({ min: 0, max: 400, noNaN: true }),
    flood: fc.double({ min: 0, max: 1e6, noNaN: true }),
    held: fc.record({
      state: fc.constantFrom(...VERDICT_STATES),
      blocked: fc.boolean(),
      newClient: fc.boolean(),
      idle: fc.boolean(),
    }),
    parent: fc.constantFrom(...VERDICT_STATES),
  },
  { requiredKeys: ['kind', 'via', 'alerted', 'shared'] },
);

test('the parts of a score add up to its total, and none of them is zero or no number', () => {
  fc.assert(
    fc.property(signals, fc.domain(), (some, name) => {
      const label = name.split('.')[0] ?? '';
      for (const given of [some, { ...some, lexical: builtInModel().parts(label, 'com') }]) {
        const { total, parts } = score(given);
        const sum = Object.values(parts).reduce((all, part) => all + part, 0);
        assert.ok(Math.abs(sum - total) < 1e-6, `${sum} is not ${total}`);
        assert.ok(Object.values(parts).every((part) => Number.isFinite(part) && part !== 0));
      }
    }),
  );
});

test('an alert outweighs a feed, and a feed everything a name can look like', () => {
  const plain = { kind: 'domain', via: 'dns', alerted: false, shared: false } as const;
  const worst = score({
    ...plain,
    burst: true,
    homograph: 'paypal.com',
    lexical: builtInModel().parts('x7k2q9z4w8v1', 'top'),
  });
  const fed = score({ ...plain, feeds: ['urlhaus'] });
  assert.ok(score({ ...plain, alerted: true }).total > fed.total);
  assert.ok(fed.total > worst.total);
});

test('what a generator made is worth more than what a person named', () => {
  assert.ok(worth(domain('xjqwkzpvhtr.top')).total > worth(domain('gardenbooks.com')).total + 4);
  assert.ok(worth(domain('kq8z3vx1p0w.info')).total >= URGENT_WORTH);
  assert.ok(worth(domain('gardenbooks.com')).total < URGENT_WORTH);
});

test('a host that a delivery network named is judged by the rule for shared hosts, never by its letters', () => {
  const { parts, total } = worth(domain('dr49lng3n1n2s.cloudfront.net'));
  assert.equal(parts.shared_hosting, -3);
  assert.equal(parts.trigrams, undefined);
  assert.ok(total < worth(domain('gardenbooks.com')).total);
});

test('the five example hosts are worth less than an unknown small site', () => {
  const small = worth(domain('gardenbooks-shop.online')).total;
  for (const host of [
    'consent-pref.trustarc.com',
    'google-ohttp-relay-safebrowsing.fastly-edge.com',
    'prod.detectportal.prod.cloudops.mozgcp.net',
    'storage.googleapis.com',
    'ipv4-c021-waw002-orangepl-isp.1.oca.nflxvideo.net',
  ])
    assert.ok(worth(domain(host)).total < Math.min(small, URGENT_WORTH), host);
});

test('popularity demotes and dynamic DNS raises, and both are named', () => {
  assert.equal(worth(domain('www.paypal.com')).parts.popular, -5);
  assert.equal(worth(domain('ddns.example.net')).parts.dynamic_dns, undefined);
  const dynamic = score({ kind: 'domain', via: 'dns', alerted: false, shared: false, dynamicDns: true });
  assert.equal(dynamic.parts.dynamic_dns, 4);
});

test('a punycode name drawn like a Latin one is told as what it looks like', () => {
  // "раypal" with Cyrillic letters.
  assert.equal(reader.signalsOf(domain('xn--pypal-4ve.com'), { via: 'dns' }).homograph, 'paypal.com');
  assert.equal(worth(domain('xn--pypal-4ve.com')).parts.homograph, 6);

  assert.equal(reader.signalsOf(domain('xn--80ak6aa92e.com'), { via: 'dns' }).homograph, 'apple.com');
  assert.equal(reader.signalsOf(domain('xn--fiqs8s.com'), { via: 'dns' }).homograph, undefined);
});

test('the model says how it was made and holds no names', () => {
  const { provenance } = builtInModel();
  assert.match(provenance.list_sha256, /^[0-9a-f]{64}$/);
  assert.ok(provenance.learned_malicious > 1_000 && provenance.learned_benign > 1_000);
});

test('a worth is plain data: it crosses the control API as it is', () => {
  const worth = score({ kind: 'domain', via: 'dns', alerted: true, shared: false });
  assert.deepEqual(JSON.parse(JSON.stringify(worth)), { total: 110, parts: { kind_domain: 10, alert: 100 } });
});
