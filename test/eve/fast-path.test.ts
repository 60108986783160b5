import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { eachSighting } from '../../src/core/sighting-batch.ts';
import { EvePipeline } from '../../src/eve/eve-pipeline.ts';
import { dnsLine, record } from './eve-lines.ts';

const FIXTURE = new URL('./fixtures/eve.ndjson', import.meta.url);
/** A larger recording, used where somebody put one beside the project. */
const RECORDING = new URL('../../../shared/data/eve-sample.json', import.meta.url);

/** Everything a pipeline made of the input, after hearing it three times. */
function heard(input: Buffer, fastPath: boolean): { readonly result: unknown; readonly fastLines: number } {
  const pipeline = new EvePipeline({ now: () => 0, fastPath });
  for (let round = 0; round < 3; round++) {
    pipeline.push(input, 1);
    pipeline.end(1);
  }
  const batch = pipeline.flush('all');
  assert.ok(batch);
  const { fastLines, slowLines, ...counters } = batch.counters;
  const sightings = [...eachSighting(batch.sightings)];
  assert.ok(fastLines + slowLines > 0 || input.length < 2 || counters.truncated > 0);
  return { result: { sightings, alerts: batch.alerts, stats: batch.stats, counters }, fastLines };
}

function assertAgreement(input: Buffer): number {
  const fast = heard(input, true);
  assert.deepEqual(fast.result, heard(input, false).result);
  return fast.fastLines;
}

test('fast path and full parser agree on lines of every type and format', () => {
  assert.ok(assertAgreement(readFileSync(FIXTURE)) > 40, 'the fast path must have taken most repetitions');
});

test('fast path and full parser agree on each line of the fixture alone', () => {
  for (const line of readFileSync(FIXTURE, 'latin1').split('\n')) assertAgreement(Buffer.from(`${line}\n`, 'latin1'));
});

test('fast path and full parser agree on a larger recording, where there is one', () => {
  if (existsSync(RECORDING)) assertAgreement(readFileSync(RECORDING));
});

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'a.example.com","rrname":"b.example.com',
    '"}},"event_type":"alert"',
    '{"timestamp":"',
    '__proto__',
    'a.example.com\u0000',
    'a.example.com\n',
    '\\',
    '\\"',
    'é.example.com',
    'Ã©.example.com',
    ']}}}',
    '\u001b[31m.example.com',
    'x'.repeat(300),
  ),
);

const name = fc.oneof(
  hostileText,
  fc.constantFrom('a.example.com', 'A.example.com', 'b.example.org.', 'printer', '192.0.2.1'),
);

const line = fc.oneof(
  fc
    .record({
      name,
      type: fc.constantFrom('query' as const, 'answer' as const),
      rcode: fc.constantFrom('NOERROR', 'NXDOMAIN'),
      client: fc.oneof(fc.constantFrom('192.168.1.2', '192.168.1.22', 'fe80::1', '1.2', ''), hostileText),
    })
    .map(dnsLine),
  fc.tuple(name, name).map(([sni, other]) => record('tls', { tls: { version: other, sni } }, '192.168.1.2', '8.8.8.8')),
  fc.tuple(name, hostileText).map(([rrname, rdata]) =>
    record('dns', {
      dns: {
        version: 2,
        type: 'answer',
        rrname,
        rrtype: 'TXT',
        rcode: 'NOERROR',
        answers: [{ rdata }],
        grouped: { TXT: [rdata] },
      },
    }),
  ),
  fc
    .tuple(fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 5 }))
    .map(([type, payload]) => record(type, { payload })),
  fc
    .tuple(fc.constantFrom('dns', 'tls', 'quic', 'flow', 'http', 'alert', 'stats'), fc.jsonValue())
    .map(([type, payload]) => record(type, { [type]: payload })),
);

test('fast path and full parser agree on hostile names, types and payloads', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
      assertAgreement(Buffer.from(lines.join('')));
    }),
    { numRuns: 400 },
  );
});

const FIXTURE_LINES = readFileSync(FIXTURE, 'latin1').split('\n').slice(0, -1);

test('fast path and full parser agree on lines that were cut, glued, doubled or damaged', () => {
  const position = fc.double({ min: 0, max: 1, noNaN: true });
  const damaged = fc
    .tuple(
      fc.constantFrom(...FIXTURE_LINES),
      position,
      position,
      fc.constantFrom(...'cutglue'.split(''), '"', '{', '}'),
    )
    .map(([text, from, to, insert]) => {
      const [a, b] = [Math.floor(from * text.length), Math.floor(to * text.length)];
      if (a <= b) return text.slice(0, a) + insert + text.slice(b);
      // A stretch that occurs twice doubles keys and brackets.
      return text.slice(0, a) + text.slice(b);
    });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(damaged, fc.constantFrom(...FIXTURE_LINES)), { minLength: 1, maxLength: 6 }),
      (lines) => {
        assertAgreement(Buffer.from(`${lines.join('\n')}\n`, 'latin1'));
      },
    ),
    { numRuns: 600 },
  );
});

test('a key that occurs twice is left to the full parser, which takes the last', () => {
  const twice = dnsLine({ name: 'a.example.com' }).replace('"rrname"', '"rrname":"z.example.com","rrname"');
  const header = dnsLine({ name: 'a.example.com' }).replace('"src_ip"', '"src_ip":"192.168.1.99","src_ip"');
  const tail = dnsLine({ name: 'a.example.com' }).replace(/\}\n$/, ',"event_type":"tls"}\n');
  const known = dnsLine({ name: 'a.example.com' }) + dnsLine({ name: 'z.example.com' });
  for (const input of [twice, header, tail]) assertAgreement(Buffer.from(known + input));
});

test('a name beyond latin1 is not remembered as the ASCII name its low bytes spell', () => {
  const pipeline = new EvePipeline({ now: () => 0 });
  // U+0161 has the low byte of "a".
  pipeline.push(Buffer.from(dnsLine({ name: '\u0161.example.com' }) + dnsLine({ name: 'a.example.com' })), 1);
  const batch = pipeline.flush('all');
  assert.ok(batch);
  const names = [...eachSighting(batch.sightings)].map((sighting) => sighting.observable.value);
  assert.deepEqual(names, ['xn--pga.example.com', 'a.example.com']);
});

test('an answer of format 3 belongs to its destination, one of format 2 to its source', () => {
  const dns = { version: 3, type: 'response', rcode: 'NXDOMAIN', queries: [{ rrname: 'a.example.com', rrtype: 'A' }] };
  const answers =
    record('dns', { dns }, '192.168.1.1', '192.168.1.20') + dnsLine({ name: 'a.example.com', type: 'answer' });
  assert.ok(assertAgreement(Buffer.from(answers + record('dns', { dns }, '192.168.1.20', '192.168.1.1'))) > 0);
});

test('DNS records of names nobody knows yet are read by grammar too', () => {
  const names = ['a.example.com', 'B.example.com.', 'printer', '_dmarc.example.org', '192.0.2.1'];
  const lines = names.flatMap((name) => [
    dnsLine({ name }),
    dnsLine({ name, type: 'answer', rcode: 'NXDOMAIN', client: '192.168.1.9' }),
    dnsLine({ name: `new.${name}`, type: 'answer', addresses: ['203.0.114.9', '203.0.114.10'] }),
    record('flow', { flow: {} }, '192.168.1.20', '203.0.114.10'),
  ]);
  assertAgreement(Buffer.from(lines.join('')));
  const pipeline = new EvePipeline({ now: () => 0 });
  pipeline.push(Buffer.from(dnsLine({ name: 'a.example.com' })), 1);
  assert.deepEqual([pipeline.counters.fastLines, pipeline.counters.slowLines], [1, 0]);
});

test('a time or a control byte that is none makes a line of a known name no sighting', () => {
  const known = dnsLine({ name: 'a.example.com' });
  for (const [from, to] of [
    ['05:10:00.000000', '05:10:00.000x00'],
    ['05:10:00.000000', '05:10:0x.000000'],
    ['05:10:00.000000', '05:10:00,000000'],
    ['05:10:00.000000', '05:10:00.00000"'],
    ['"proto":"UDP"', '"proto":"U\tP"'],
    ['"proto":"UDP"', '"proto":"U\\P"'],
    ['"proto":"UDP"', '"proto":"U\\x"'],
  ] as const) {
    assert.ok(known.includes(from));
    assertAgreement(Buffer.from(known + known.replace(from, to)));
  }
});
