import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eachSighting } from '../../src/core/sighting-batch.ts';
import { DnsScanner } from '../../src/eve/dns-scanner.ts';
import { DNS_2, DNS_3 } from '../../src/eve/eve-grammar.ts';
import { EvePipeline } from '../../src/eve/eve-pipeline.ts';
import { EVE_TIME_LENGTH, EveClock } from '../../src/eve/eve-time.ts';
import { DEFAULT_LIMITS, type IntakeLimits } from '../../src/eve/intake-limits.ts';
import { KnownPairs } from '../../src/eve/known-pairs.ts';
import { RECORD_START } from '../../src/eve/line-splitter.ts';
import type { Pair } from '../../src/eve/sighting-table.ts';
import { dnsLine, record } from './eve-lines.ts';

const FIXTURE = readFileSync(new URL('./fixtures/eve.ndjson', import.meta.url), 'latin1');
const FIXTURE_LINES = FIXTURE.split('\n').slice(0, -1);

const format3 = (dns: object): string => record('dns', { dns: { version: 3, ...dns } }, '192.168.1.20', '192.168.1.20');
const queries = [{ rrname: 'c.example.com', rrtype: 'A' }];
const LINES = [
  dnsLine({ name: 'a.example.com' }),
  dnsLine({ name: 'a.example.com', type: 'answer', addresses: ['203.0.114.9', '203.0.114.10'] }),
  dnsLine({ name: 'b.example.com', type: 'answer', rcode: 'NXDOMAIN' }),
  format3({ type: 'request', id: 1, queries }),
  format3({ type: 'response', rcode: 'NXDOMAIN', queries, authorities: [{ rrname: 'com', soa: { serial: 1 } }] }),
];

/** The pipeline with the scanner and the one that parses everything; both have heard `LINES`. */
class Both {
  readonly #fast: EvePipeline;
  readonly #full: EvePipeline;

  constructor(limits: Partial<IntakeLimits> = {}) {
    this.#fast = new EvePipeline({ now: () => 0, limits });
    this.#full = new EvePipeline({ now: () => 0, limits, fastPath: false });
    this.agree([Buffer.from(LINES.join('').repeat(3))], 'what both know');
  }

  /** Both make the same of the input, the first in these chunks and the second in one. */
  agree(chunks: readonly Buffer[], what: string): void {
    for (const chunk of chunks) this.#fast.push(chunk, 1);
    this.#full.push(Buffer.concat(chunks), 1);
    assert.deepEqual(outcome(this.#fast, 'fresh'), outcome(this.#full, 'fresh'), what);
    assert.deepEqual(outcome(this.#fast, 'all'), outcome(this.#full, 'all'), what);
  }
}

function outcome(pipeline: EvePipeline, which: 'all' | 'fresh'): unknown {
  const batch = pipeline.flush(which);
  if (batch === undefined) return undefined;
  const { fastLines, slowLines, ...counters } = batch.counters;
  const { alerts, stats } = batch;
  return { sightings: [...eachSighting(batch.sightings)], alerts, stats, counters };
}

/** What a scanner tells of a line that it meets for the third time: after the clock and the pair were learnt. */
function scanned(line: string): readonly string[] {
  const known = new KnownPairs(DEFAULT_LIMITS);
  const clock = new EveClock();
  const scanner = DnsScanner.create(known, clock);
  assert.ok(scanner, 'this machine has the instructions');
  clock.read(line, RECORD_START.length);
  const match = matchOf(line);
  for (const client of [match[1] ?? '', match[2] ?? '']) {
    const observable = { kind: 'domain', value: 'a.example.com' } as const;
    for (const name of match) known.admit('dns', client, name ?? '', client, observable, 0);
  }
  const told: string[] = [];
  const listener = {
    sighted: (_pair: Pair, at: number, isAnswer: boolean, isNxdomain: boolean) =>
      void told.push(`${new Date(at).toISOString()} ${isAnswer} ${isNxdomain}`),
    addressed: (_pair: Pair, from: number, to: number) => void told.push(line.slice(from, to)),
  };
  for (let round = 0; round < 3; round++) {
    scanner.load(Buffer.from(line, 'latin1'));
    if (scanner.scan(0, line.length, listener) < line.length) scanner.learn(line, 0);
  }
  return told;
}

function matchOf(line: string): readonly (string | undefined)[] {
  DNS_2.lastIndex = 0;
  DNS_3.lastIndex = 0;
  return DNS_2.exec(line) ?? DNS_3.exec(line) ?? [];
}

test('the scanner reads every DNS record of the fixture that the grammar reads, once its pair is known', () => {
  const lines = [...FIXTURE_LINES.map((line) => `${line}\n`), ...LINES].filter((line) => matchOf(line).length > 0);
  assert.ok(lines.length > 8);
  for (const line of lines) assert.ok(scanned(line).length > 0, line);
});

test('the scanner tells time, answer, NXDOMAIN and the addresses that changed', () => {
  const [question = '', answer = '', missing = ''] = LINES;
  const at = new Date(
    new EveClock().readText(question.slice(RECORD_START.length, RECORD_START.length + EVE_TIME_LENGTH)),
  );
  assert.deepEqual(scanned(question), [`${at.toISOString()} false false`]);
  assert.deepEqual(scanned(answer), [`${at.toISOString()} true false`, '"203.0.114.9","203.0.114.10"']);
  assert.deepEqual(scanned(missing), [`${at.toISOString()} true true`]);
});

test('lines cut at any byte are read as whole ones', () => {
  const both = new Both();
  const input = Buffer.from(LINES.join(''));
  for (let cut = 0; cut <= input.length; cut++) {
    both.agree([input.subarray(0, cut), input.subarray(cut)], `cut at ${cut}`);
  }
});

test('a known line with any one byte put in place of another, put in or left out is read as the full parser does', () => {
  const both = new Both();
  const bytes = [...'"\\,:{}[]-.01aZ \n\r\t'].map((char) => char.charCodeAt(0)).concat(0x00, 0x7f, 0x80, 0xc3, 0xff);
  for (const line of LINES) {
    for (let at = 0; at < line.length; at++) {
      const [head, tail] = [Buffer.from(line.slice(0, at)), Buffer.from(line.slice(at + 1))];
      const variants = bytes.flatMap((byte) => [
        Buffer.concat([head, Buffer.of(byte), tail]),
        Buffer.concat([head, Buffer.of(byte), Buffer.from(line.slice(at))]),
      ]);
      const end = Buffer.from(`\n${LINES.join('')}`);
      both.agree([Buffer.concat([...variants, head, tail, end])], `at ${at} of ${line}`);
    }
  }
});

test('members doubled, moved, unknown or nested are read as the full parser does', () => {
  const both = new Both();
  for (const line of LINES) {
    const members = line.match(/,?"[a-z_0-9]+":(?:"[^"]*"|\d+|true|false|\[[^\]]*\])/gi) ?? [];
    for (const member of members) {
      const extra = [
        member,
        ',"vlan":[1,2]',
        ',"x":{"y":1}',
        ',"x":{"y":{"z":1}}',
        ',"a":-0.5',
        ',"a":01',
        ',"A":["203.0.114.1"]',
      ];
      for (const one of extra) {
        const text = one.startsWith(',') ? one : `,${one}`;
        both.agree([Buffer.from(line.replace(member, member + text))], `${text} after ${member}`);
      }
      both.agree([Buffer.from(line.replace(member, ''))], `without ${member}`);
    }
    both.agree([Buffer.from(line.replaceAll('\n', '\r\n'))], 'CRLF');
    both.agree([Buffer.from(line.replaceAll('example', 'EXAMPLE'))], 'upper case');
    both.agree(
      [Buffer.from(line.replaceAll('example', 'ex\u00e4mple').replaceAll('eth0', 'br-\u00e4'))],
      'beyond ASCII',
    );
    both.agree([Buffer.from(line.replaceAll('a', '\\u0061'))], 'escapes');
    both.agree([Buffer.from(line.replaceAll(/T\d\d:/g, 'T23:') + line)], 'another minute');
  }
});

test('pairs that were forgotten are new again, with the scanner as without', () => {
  const both = new Both({ maxKnownPairs: 16 });
  const lines = Array.from({ length: 40 }, (_, i) => dnsLine({ name: `h${(i * i) % 23}.example.com` }));
  for (let round = 0; round < 20; round++) {
    for (const [i, line] of lines.entries()) {
      const odd = i % 7 === 0 ? line.replace('"rrname"', '"x":1,"rrname"') : line;
      both.agree([Buffer.from(line + odd + lines[(i * round) % lines.length])], `line ${i} of round ${round}`);
    }
  }
});

test('more lines than the scanner holds, and one longer than it, are all read', () => {
  const both = new Both();
  const long = LINES[0]?.replace('"dns":{', `"x":"${'y'.repeat(DnsScanner.MAX_BYTES)}","dns":{`) ?? '';
  both.agree([Buffer.from(LINES.join('').repeat(500) + long + LINES.join('').repeat(300))], 'a large chunk');
});

test('a record whose time is none costs the records after it nothing', () => {
  for (const fastPath of [true, false]) {
    const pipeline = new EvePipeline({ now: () => 0, fastPath });
    const line = dnsLine({ name: 'a.example.com' });
    pipeline.push(Buffer.from(line + line.replace('2026-', '2o26-') + line.repeat(3)), 1);
    const batch = pipeline.flush('all');
    assert.ok(batch);
    assert.equal(batch.counters.dropped.bad_time, 1);
    assert.equal([...eachSighting(batch.sightings)][0]?.count, 4);
  }
});
