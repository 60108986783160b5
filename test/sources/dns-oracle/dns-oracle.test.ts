import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { QuotaError, RefusedError, UnavailableError } from '../../../src/core/errors.ts';
import { judge } from '../../../src/core/judge.ts';
import type { Observable } from '../../../src/core/observable.ts';
import { DEFAULT_POLICY } from '../../../src/core/policy.ts';
import { dnsAnswerOf } from '../../../src/sources/dns-oracle/dns-answer.ts';
import { CLOUDFLARE_SECURITY, DnsOracle, QUAD9 } from '../../../src/sources/dns-oracle/dns-oracle.ts';
import { until } from '../../support/until.ts';
import { deskBefore, INTERNAL, OWN } from '../desk-before.ts';
import { bodyOf, startDoh } from './doh-stand-in.ts';

const NOW = Date.UTC(2026, 3, 15);
const NEVER = new AbortController().signal;
const domain = (value: string): Observable => ({ kind: 'domain', value });

test('DnsOracle tells a block of Quad9 from a name that does not exist and from one without an address', async (t) => {
  const doh = await startDoh(t);
  const oracle = new DnsOracle({ service: doh.service('nxdomain'), now: () => NOW });
  doh.filtered.set('fine.com', ['198.51.100.1']).set('marked.com', 'denied').set('mail-only.com', 'nodata');
  doh.unfiltered.set('unmarked.com', ['198.51.100.2']).set('mail-only.com', 'nodata');
  const outcomes: string[] = [];
  for (const name of ['fine.com', 'marked.com', 'unmarked.com', 'mail-only.com', 'nowhere.com']) {
    const { outcome, stats } = await oracle.lookUp(domain(name), NEVER);
    outcomes.push(`${name} ${outcome} ${stats.malicious}/${stats.undetected}`);
  }
  assert.deepEqual(outcomes, [
    'fine.com found 0/1',
    'marked.com found 1/0',
    'unmarked.com found 1/0',
    'mail-only.com found 0/1',
    'nowhere.com not_found 0/0',
  ]);
  assert.deepEqual(doh.violations, []);
  assert.ok(!doh.asked.includes('unfiltered fine.com'));
});

test('DnsOracle tells a block of Cloudflare from a name whose owner points it nowhere', async (t) => {
  const doh = await startDoh(t);
  const oracle = new DnsOracle({ service: doh.service('null_address'), now: () => NOW });
  doh.filtered.set('fine.com', ['198.51.100.1']).set('blocked.com', ['0.0.0.0']).set('dead.com', ['0.0.0.0']);
  doh.filtered.set('parked.com', ['0.0.0.0']);
  doh.unfiltered.set('blocked.com', ['198.51.100.2']).set('parked.com', ['0.0.0.0']);
  const malicious: string[] = [];
  for (const name of ['fine.com', 'blocked.com', 'dead.com', 'parked.com', 'nowhere.com']) {
    const report = await oracle.lookUp(domain(name), NEVER);
    malicious.push(`${name} ${report.outcome} ${report.stats.malicious}`);
  }
  assert.deepEqual(malicious, [
    'fine.com found 0',
    'blocked.com found 1',
    'dead.com found 1',
    'parked.com found 0',
    'nowhere.com not_found 0',
  ]);
});

test("judge() takes an oracle's silence for no opinion and its block for no more than noise", async (t) => {
  const doh = await startDoh(t);
  const oracle = new DnsOracle({ service: doh.service('nxdomain'), now: () => NOW });
  doh.filtered.set('fine.com', ['198.51.100.1']).set('bad.com', 'denied');
  const judged = async (name: string): Promise<string> =>
    judge({ reports: [await oracle.lookUp(domain(name), NEVER)] }, DEFAULT_POLICY).state;
  assert.equal(await judged('fine.com'), 'no_opinion');
  assert.equal(await judged('bad.com'), 'noise');
});

test('DnsOracle never takes a failure for an answer', async (t) => {
  const doh = await startDoh(t);
  const oracle = new DnsOracle({ service: doh.service('nxdomain'), now: () => NOW, timeoutMs: 1_000 });
  const json = (body: unknown) => (response: import('node:http').ServerResponse) =>
    void response.end(JSON.stringify(body));
  doh.filtered
    .set('servfail.com', json({ ...bodyOf('servfail.com', 'nodata'), Status: 2 }))
    .set('refused.com', json({ ...bodyOf('refused.com', 'nodata'), Status: 5 }))
    .set('other.com', json(bodyOf('someone-else.com', ['198.51.100.1'])))
    .set('html.com', (response) => void response.end('<html>'))
    .set('empty.com', json({}))
    .set('wrong.com', json({ ...bodyOf('wrong.com', 'nodata'), Status: '0' }))
    .set('busy.com', (response) => void response.writeHead(503).end())
    .set('moved.com', (response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end())
    .set('huge.com', (response) => void response.end('x'.repeat(200_000)))
    .set('silent.com', () => undefined)
    .set('forbidden.com', (response) => void response.writeHead(403).end())
    .set('cut.com', (response) => void response.destroy());
  for (const name of doh.filtered.keys()) {
    await assert.rejects(oracle.lookUp(domain(name), NEVER), UnavailableError, name);
  }
  doh.filtered.set('quota.com', (response) => void response.writeHead(429, { 'retry-after': '120' }).end());
  await assert.rejects(
    oracle.lookUp(domain('quota.com'), NEVER),
    (error) => error instanceof QuotaError && error.retryAt === NOW + 120_000,
  );
  await assert.rejects(oracle.lookUp({ kind: 'ip', value: '9.9.9.9' }, NEVER), RefusedError);
});

test('DnsOracle asks once for two who wait, and gives up when both have', async (t) => {
  const doh = await startDoh(t);
  const oracle = new DnsOracle({ service: doh.service('nxdomain'), now: () => NOW });
  doh.filtered.set('slow.com', () => undefined);
  const [one, other] = [new AbortController(), new AbortController()];
  const waits = [oracle.lookUp(domain('slow.com'), one.signal), oracle.lookUp(domain('slow.com'), other.signal)];
  await until('it was asked', () => doh.asked.length > 0);
  one.abort();
  other.abort();
  for (const wait of await Promise.allSettled(waits)) assert.equal(wait.status, 'rejected');
  assert.equal(doh.asked.length, 1);
});

test('DnsOracle behind the desk never sees a name that means nothing outside', async (t) => {
  const doh = await startDoh(t);
  doh.filtered.set('fine.com', ['198.51.100.1']);
  const oracle = new DnsOracle({ service: doh.service('nxdomain'), now: () => NOW });
  const { desk, reports, disclosed, queue } = deskBefore(t, oracle, [...INTERNAL, domain('fine.com')], OWN);
  await until('the queue is empty', () => queue.size === 0 && reports.length === 1);
  for (const one of INTERNAL) await assert.rejects(desk.askNow(one), RefusedError, one.value);
  assert.deepEqual(doh.asked, ['filtered fine.com']);
  assert.deepEqual(disclosed, ['fine.com']);
});

test('dnsAnswerOf() reads anything without a throw and only answers about the name', () => {
  fc.assert(
    fc.property(fc.anything(), (json) => {
      assert.equal(dnsAnswerOf(json, 'example.com')?.status, undefined);
    }),
  );
  assert.deepEqual(
    dnsAnswerOf(
      { ...bodyOf('example.com', ['198.51.100.1']), Answer: [{ type: 5, data: 'x.' }, 7, null] },
      'example.com',
    ),
    {
      status: 0,
      recursion: true,
      addresses: [],
    },
  );
});

test('The oracles are the public pairs of their operators, by https', () => {
  for (const service of [QUAD9, CLOUDFLARE_SECURITY]) {
    assert.match(service.filteredUrl, /^https:/);
    assert.match(service.unfilteredUrl, /^https:/);
  }
});
