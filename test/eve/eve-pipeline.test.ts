import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Sighting } from '../../src/core/sighting.ts';
import { eachSighting } from '../../src/core/sighting-batch.ts';
import { EvePipeline } from '../../src/eve/eve-pipeline.ts';
import type { IntakeBatch } from '../../src/eve/intake-batch.ts';
import type { IntakeLimits } from '../../src/eve/intake-limits.ts';
import { AT_MS, dnsLine, record } from './eve-lines.ts';

const FIXTURE = readFileSync(new URL('./fixtures/eve.ndjson', import.meta.url));

interface Heard extends IntakeBatch {
  readonly seen: readonly Sighting[];
}

function hear(input: string | Buffer, limits: Partial<IntakeLimits> = {}, chunkBytes = 65_536): Heard {
  const pipeline = new EvePipeline({ now: () => AT_MS, limits });
  const bytes = Buffer.from(input);
  for (let at = 0; at < bytes.length; at += chunkBytes) pipeline.push(bytes.subarray(at, at + chunkBytes), 1);
  pipeline.end(1);
  const batch = pipeline.flush('all');
  assert.ok(batch);
  return { ...batch, seen: [...eachSighting(batch.sightings)] };
}

const find = (heard: Heard, via: string, value: string): Sighting | undefined =>
  heard.seen.find((sighting) => sighting.via === via && sighting.observable.value === value);

test('every kind of observable comes out of the fixture with its client', () => {
  const heard = hear(FIXTURE);
  const clients = [
    ['dns', 'www.example.com'],
    ['dns', 'one.example.com'],
    ['dns', 'three.example.com'],
    ['dns', 'four.example.com'],
    ['dns', 'mapped.example.com'],
    ['dns', 'xn--bcher-kva.example'],
    ['tls', 'tls.example.com'],
    ['quic', 'quic.example.com'],
    ['http', 'http://http.example.com/path/file.exe?id=1'],
    ['http', '203.0.114.25'],
    ['http', 'https://h2.example.com/two'],
    ['file', 'cb39bdb9ce305c91be125134205144c2d5fbf458291711f90f4d2276c69821d8'],
    ['smtp', 'http://link.example.com/a/b'],
    ['smtp', 'plain.example.com'],
    ['alert', 'alert7.example.com'],
    ['alert', 'alert-tls.example.com'],
    ['flow', '8.8.4.4'],
  ].map(([via, value]) => [value, find(heard, via ?? '', value ?? '')?.client]);
  for (const [value, client] of clients) assert.equal(client, '192.168.1.20', value);
  assert.equal(find(heard, 'dns', 'six.example.com')?.client, '2001:db8::2');
});

test('a flow to an address that an answer named is passed over', () => {
  const heard = hear(FIXTURE);
  assert.equal(find(heard, 'flow', '203.0.114.7'), undefined);
  assert.equal(find(heard, 'flow', '2a01:4f8::7'), undefined);
  assert.equal(find(heard, 'flow', '192.168.1.1'), undefined);
});

test('hashes of cut files and of files with gaps are passed over', () => {
  assert.equal(hear(FIXTURE).seen.filter((sighting) => sighting.via === 'file').length, 1);
});

test('an answer makes a name known with count 0 and carries NXDOMAIN', () => {
  const heard = hear(dnsLine({ name: 'gone.example.com', type: 'answer', rcode: 'NXDOMAIN' }).repeat(3));
  assert.deepEqual([heard.seen[0]?.count, heard.seen[0]?.nxdomainCount, heard.seen.length], [0, 3, 1]);
});

test('event types are counted, those nobody knows under "other"', () => {
  const { events } = hear(FIXTURE).counters;
  assert.deepEqual([events.dns, events.http, events.other, events.anomaly], [21, 5, 1, 1]);
});

test('names that hold quotes, newlines or escapes are refused and counted', () => {
  const { refused } = hear(FIXTURE).counters;
  assert.equal(refused.bad_character, 1);
  assert.equal(refused.single_label, 2);
});

test('no sighting row crosses a UTC hour', () => {
  const before = dnsLine({ name: 'a.example.com', at: '2026-11-22T05:59:59.999999+0000' });
  const after = dnsLine({ name: 'a.example.com', at: '2026-11-22T06:00:00.000000+0000' });
  const { seen } = hear(before + before + after);
  assert.deepEqual(seen.map((sighting) => sighting.count).sort(), [1, 2]);
});

test('the cut of the stream into chunks changes nothing', () => {
  const whole = hear(FIXTURE);
  for (const size of [1, 2, 7, 64, 1000]) {
    const cut = hear(FIXTURE, {}, size);
    assert.deepEqual(cut.seen, whole.seen);
    assert.deepEqual(
      { ...cut.counters, fastLines: 0, slowLines: 0 },
      { ...whole.counters, fastLines: 0, slowLines: 0 },
    );
  }
});

test('a torn record glued to a whole one: the whole one is recovered, the torn one counted', () => {
  const torn = dnsLine({ name: 'torn.example.com' }).slice(0, 150);
  const { seen, counters } = hear(torn + dnsLine({ name: 'whole.example.com' }));
  assert.deepEqual(
    seen.map((sighting) => sighting.observable.value),
    ['whole.example.com'],
  );
  assert.deepEqual([counters.truncated, counters.resynchronised, counters.malformed], [1, 1, 0]);
});

test('a torn line of more than the cap is given up and its last record recovered', () => {
  const big = record('http', { pad: 'x'.repeat(50_000) }).slice(0, 45_000);
  const { seen, counters } = hear(big.repeat(40) + dnsLine({ name: 'whole.example.com' }));
  assert.deepEqual(
    seen.map((sighting) => sighting.observable.value),
    ['whole.example.com'],
  );
  assert.ok((counters.dropped.overlong ?? 0) > 0);
});

test('a line of 10 MB is never held: it is counted, and the next line is read', () => {
  const before = process.memoryUsage().arrayBuffers;
  const { seen, counters } = hear(`${'x'.repeat(10_000_000)}\n${dnsLine({ name: 'next.example.com' })}`);
  assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000);
  assert.equal(seen.length, 1);
  assert.equal(counters.dropped.overlong, 1);
});

test('what is left without a newline at the end is read where it is whole, else counted', () => {
  const whole = dnsLine({ name: 'last.example.com' }).trimEnd();
  assert.equal(hear(whole).seen.length, 1);
  assert.equal(hear(whole.slice(0, 100)).counters.truncated, 1);
});

test('rubbish of every kind is counted and survived, and the next record is read', () => {
  const rubbish = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Buffer.from(text)),
    fc.json({ depthSize: 'large' }).map((text) => Buffer.from(text)),
    fc
      .constantFrom(
        '{"__proto__":{"event_type":"dns"}}',
        '{"event_type":"__proto__"}',
        '{"event_type":{"a":1}}',
        '{"event_type":"dns","dns":null}',
        '{"timestamp":5,"event_type":"dns","dns":{}}',
        '[]',
        'null',
        '"text"',
        '['.repeat(100_000),
        `{"timestamp":"x","event_type":"flow","a":${'[{"a":'.repeat(20_000)}`,
      )
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(rubbish, { maxLength: 6 }), fc.integer({ min: 1, max: 200 }), (pieces, size) => {
      const newline = Buffer.from('\n');
      const input = Buffer.concat([
        ...pieces.flatMap((piece) => [piece, newline]),
        Buffer.from(dnsLine({ name: 'a.example.com' })),
      ]);
      const { seen, counters } = hear(input, {}, input.length > 10_000 ? 65_536 : size);
      assert.equal(seen.length, 1);
      const lines = input
        .toString('latin1')
        .split('\n')
        .filter((text) => text !== '').length;
      const events = Object.values(counters.events).reduce((sum, count) => sum + count, 0);
      assert.equal(events + counters.malformed + counters.truncated - counters.resynchronised, lines);
    }),
    { numRuns: 300 },
  );
  assert.equal(({} as Record<string, unknown>).event_type, undefined);
});

test('a client over its budget of new names is counted, and others are not touched', () => {
  const lines = Array.from({ length: 20 }, (_, i) => dnsLine({ name: `www.domain${i}.com` })).join('');
  const other = dnsLine({ name: 'www.other.org', client: '192.168.1.30' });
  const { seen, counters } = hear(lines + other, { newNamesBurst: 5, newNamesPerSecond: 1 });
  assert.equal(seen.length, 6);
  assert.equal(counters.dropped.client_budget, 15);
});

test('forged clients run into the budget of all together, and one client over its own leaves that alone', () => {
  const limits = { newNamesBurst: 3, newNamesPerSecond: 1, totalNamesBurst: 6, totalNamesPerSecond: 1 };
  const flood = Array.from({ length: 10 }, (_, i) => dnsLine({ name: `www.domain${i}.com` })).join('');
  const forged = Array.from({ length: 10 }, (_, i) =>
    dnsLine({ name: `www.forged${i}.com`, client: `192.168.1.${100 + i}` }),
  );
  const { seen, counters } = hear(flood + forged.join(''), limits);
  assert.equal(seen.length, 6);
  assert.deepEqual([counters.dropped.client_budget, counters.dropped.total_budget], [7, 7]);
});

test('forged clients leave those that live here the names they may bring', () => {
  const limits = { newNamesBurst: 3, newNamesPerSecond: 1, totalNamesBurst: 6, totalNamesPerSecond: 0 };
  const hourLater = '2026-11-22T06:20:00.000000+0000';
  const before = dnsLine({ name: 'www.first.org', client: '192.168.1.30' });
  const forged = Array.from({ length: 50 }, (_, i) =>
    dnsLine({ name: `www.forged${i}.com`, client: `10.9.8.${i}`, at: hourLater }),
  );
  const own = ['a', 'b'].map((name) => dnsLine({ name: `www.${name}.org`, client: '192.168.1.30', at: hourLater }));
  const { seen, counters } = hear(before + forged.join('') + own.join(''), limits);
  const resident = seen.filter(({ client }) => client === '192.168.1.30').map(({ observable }) => observable.value);
  assert.deepEqual(resident.sort(), ['www.a.org', 'www.b.org', 'www.first.org']);
  assert.equal(counters.dropped.total_budget, 45);
});

test('a client budget refills on the clock of the events', () => {
  const late = dnsLine({ name: 'www.late.org', at: '2026-11-22T05:10:02.000000+0000' });
  const lines = dnsLine({ name: 'www.a.org' }) + dnsLine({ name: 'www.b.org' }) + late;
  assert.equal(hear(lines, { newNamesBurst: 1, newNamesPerSecond: 1 }).seen.length, 2);
});

test('a domain with too many new hosts is folded onto its registrable name', () => {
  const lines = Array.from({ length: 50 }, (_, i) => dnsLine({ name: `h${i}.example.co.uk` })).join('');
  const heard = hear(lines, { newHostsPerDomainHour: 10 });
  assert.equal(heard.seen.length, 11);
  assert.equal(find(heard, 'dns', 'example.co.uk')?.count, 40);
  assert.equal(heard.counters.folded, 40);
});

test('private suffixes are domains of their own: one tenant never folds another', () => {
  const lines = Array.from({ length: 20 }, (_, i) => dnsLine({ name: `tenant${i}.github.io` })).join('');
  assert.equal(hear(lines, { newHostsPerDomainHour: 5 }).counters.folded, 0);
});

test('rows beyond the bound are counted and not kept', () => {
  const lines = Array.from({ length: 20 }, (_, i) => dnsLine({ name: `www.domain${i}.com` })).join('');
  const { seen, counters } = hear(lines, { maxPendingRows: 8 });
  assert.deepEqual([seen.length, counters.dropped.pending_full], [8, 12]);
});

test('pairs that were forgotten are new again, and nothing is counted twice', () => {
  const lines = Array.from({ length: 100 }, (_, i) => dnsLine({ name: `www.domain${i % 50}.com` })).join('');
  const { seen } = hear(lines, { maxKnownPairs: 10 });
  assert.equal(
    seen.reduce((sum, sighting) => sum + sighting.count, 0),
    100,
  );
});

test('the loss estimate is the DNS transactions of Suricata less the records that came', () => {
  const stats = (uptime: number, dns: number): string =>
    record('stats', { stats: { uptime, app_layer: { tx: { dns_udp: dns, dns_tcp: 0 } } } });
  const query = dnsLine({ name: 'a.example.com' });
  // Suricata was running before us: its first record is the base.
  const { loss } = hear(stats(1000, 500) + query.repeat(7) + stats(1008, 510)).counters;
  assert.deepEqual(loss, { dnsTransactions: 10, dnsReceived: 7, lost: 3, ratio: 0.3 });
  // A restart sets its counters back to zero.
  const restarted = hear(
    stats(1000, 500) + query.repeat(10) + stats(1008, 510) + query.repeat(3) + stats(8, 4),
  ).counters;
  assert.equal(restarted.loss.lost, 1);
  // It started after we listened: everything since its start counts.
  assert.equal(hear(query.repeat(3) + stats(0, 4)).counters.loss.lost, 1);
});
