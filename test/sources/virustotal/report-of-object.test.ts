import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UnavailableError } from '../../../src/core/errors.ts';
import type { Observable } from '../../../src/core/observable.ts';
import { detectionRatio } from '../../../src/core/report.ts';
import { urlId } from '../../../src/sources/virustotal/object-path.ts';
import { reportOfObject } from '../../../src/sources/virustotal/report-of-object.ts';
import { domain, NEVER, NOW, startSource } from './source-against-stand-in.ts';

const ASKED = domain('example.com');
const SHA256 = 'ab'.repeat(32);

/** The five rows of the user's own table: hosts nobody should lose because one or two engines of 92 speak up. */
const EXAMPLE_HOSTS = [
  ['consent-pref.trustarc.com', 1],
  ['google-ohttp-relay-safebrowsing.fastly-edge.com', 2],
  ['prod.detectportal.prod.cloudops.mozgcp.net', 1],
  ['storage.googleapis.com', 1],
  ['ipv4-c021-waw002-orangepl-isp.1.oca.nflxvideo.net', 1],
] as const;

function object(attributes: object, more: object = {}): unknown {
  return {
    data: {
      id: 'example.com',
      type: 'domain',
      attributes: { last_analysis_stats: { harmless: 1 }, ...attributes },
      ...more,
    },
  };
}

function engines(count: number, category: string, result: unknown): Record<string, object> {
  return Object.fromEntries(Array.from({ length: count }, (_, nth) => [`Engine ${nth}`, { category, result }]));
}

function refuses(json: unknown, observable: Observable = ASKED): void {
  assert.throws(() => reportOfObject(json, observable, NOW), UnavailableError, JSON.stringify(json));
}

for (const [host, malicious] of EXAMPLE_HOSTS) {
  test(`reportOfObject() reads ${host} as ${malicious}/92`, async (t) => {
    const { source } = await startSource(t, { reports: () => ({ malicious }) });
    const report = await source.lookUp(domain(host), NEVER);
    assert.equal(detectionRatio(report), `${malicious}/92`);
    assert.equal(report.flagged.length, malicious);
    assert.equal(report.permalink, `https://www.virustotal.com/gui/domain/${host}`);
  });
}

test('reportOfObject() keeps the remark on a public resolver apart from the counts', () => {
  const report = reportOfObject(
    {
      data: {
        id: '8.8.8.8',
        type: 'ip_address',
        attributes: {
          last_analysis_stats: { malicious: 2, suspicious: 0, harmless: 66, undetected: 21, timeout: 0 },
          last_analysis_results: {
            Cyble: { category: 'malicious', result: 'malware', method: 'blacklist', engine_name: 'Cyble' },
            'ArcSight Threat Intelligence': { category: 'malicious', result: 'malware' },
            Fortinet: { category: 'harmless', result: 'clean' },
          },
          crowdsourced_context: [
            { source: 'ArcSight', title: 'IOCs for today', details: 'C2 server', severity: 'medium', timestamp: 1 },
          ],
          last_analysis_date: 1_694_383_565,
          reputation: 520,
          total_votes: { harmless: 184, malicious: 28 },
        },
      },
    },
    { kind: 'ip', value: '8.8.8.8' },
    NOW,
  );
  assert.equal(detectionRatio(report), '2/89');
  assert.deepEqual(report.remarks, ['ArcSight: medium: IOCs for today: C2 server']);
  assert.deepEqual(report.votes, { harmless: 184, malicious: 28 });
  assert.equal(report.reputation, 520);
  assert.equal(report.lastAnalysisAt, 1_694_383_565_000);
  assert.deepEqual(
    report.flagged.map(({ engine }) => engine),
    ['Cyble', 'ArcSight Threat Intelligence'],
  );
});

test('reportOfObject() keeps the counts and the engines that flag, and none of the others', () => {
  const results = {
    A: { category: 'malicious', result: 'phishing' },
    B: { category: 'suspicious', result: null },
    C: { category: 'harmless', result: 'clean' },
    D: { category: 'undetected', result: 'unrated' },
    E: { category: 'type-unsupported', result: null },
  };
  const report = reportOfObject(object({ last_analysis_results: results }), ASKED, NOW);
  assert.deepEqual(report.flagged, [
    { engine: 'A', category: 'malicious', result: 'phishing' },
    { engine: 'B', category: 'suspicious', result: 'suspicious' },
  ]);
});

test('reportOfObject() takes a missing count for 0, and a missing set of counts for no answer', () => {
  assert.deepEqual(reportOfObject(object({}), ASKED, NOW).stats, {
    malicious: 0,
    suspicious: 0,
    harmless: 1,
    undetected: 0,
    timeout: 0,
  });
  refuses(object({ last_analysis_stats: {} }));
  refuses(object({ last_analysis_stats: { 'type-unsupported': 3 } }));
  refuses({ data: { id: 'example.com', type: 'domain', attributes: {} } });
});

test('reportOfObject() counts the timeouts of files together', () => {
  const stats = { last_analysis_stats: { undetected: 60, timeout: 1, 'confirmed-timeout': 2, failure: 1 } };
  assert.equal(reportOfObject(object(stats), ASKED, NOW).stats.timeout, 3);
});

test('reportOfObject() refuses wrong types instead of reading them as zero', () => {
  const wrong = ['1', -1, 1.5, null, true, [], {}, 1e9];
  for (const count of wrong) refuses(object({ last_analysis_stats: { malicious: count, harmless: 60 } }));
  for (const stats of [null, [], 'x', 5]) refuses(object({ last_analysis_stats: stats }));
  for (const results of [null, [1], 'x', { A: null }, { A: { category: 1 } }, { A: { result: 'x' } }]) {
    refuses(object({ last_analysis_results: results }));
  }
  for (const reputation of ['5', null, {}]) refuses(object({ reputation }));
  for (const votes of [null, { harmless: '1' }, { malicious: -1 }]) refuses(object({ total_votes: votes }));
  for (const date of ['2026', null, -5]) refuses(object({ last_analysis_date: date }));
  for (const remarks of [{}, 'x', [1]]) refuses(object({ crowdsourced_context: remarks }));
});

test('reportOfObject() refuses counts of flags that no engine stands behind', () => {
  refuses(object({ last_analysis_stats: { malicious: 12, harmless: 80 } }));
});

test('reportOfObject() refuses an object about something else', () => {
  refuses(object({}, { id: 'example.org' }));
  refuses(object({}, { type: 'ip_address' }));
  refuses(object({}, { type: 'url' }));
  refuses({ data: [] });
  refuses({ data: { id: '192.0.2.8', type: 'ip_address', attributes: {} } }, { kind: 'ip', value: '192.0.2.9' });
  const stats = { last_analysis_stats: { harmless: 1 } };
  const url: Observable = { kind: 'url', value: 'https://example.com/a' };
  refuses({ data: { id: 'short', type: 'url', attributes: stats } }, url);
  refuses({ data: { id: SHA256, type: 'url', attributes: { ...stats, url: 'https://example.org/a' } } }, url);
  const file: Observable = { kind: 'file', value: SHA256 };
  refuses({ data: { id: 'cd'.repeat(32), type: 'file', attributes: stats } }, file);
  const md5: Observable = { kind: 'file', value: 'ab'.repeat(16) };
  refuses({ data: { id: SHA256, type: 'file', attributes: { ...stats, md5: 'cd'.repeat(16) } } }, md5);
});

test('reportOfObject() knows an address by its canonical form', () => {
  const json = {
    data: { id: '2001:DB8:0::1', type: 'ip_address', attributes: { last_analysis_stats: { harmless: 1 } } },
  };
  assert.equal(reportOfObject(json, { kind: 'ip', value: '2001:db8::1' }, NOW).outcome, 'found');
});

test('reportOfObject() links to the page of a person, never to the API', () => {
  const stats = { last_analysis_stats: { harmless: 1 } };
  const links = { self: 'https://www.virustotal.com/api/v3/urls/x' };
  const value = 'https://example.com/a?secret=1';
  const page = (id: string) =>
    reportOfObject({ data: { id, type: 'url', links, attributes: stats } }, { kind: 'url', value }, NOW).permalink;
  assert.equal(page(SHA256), `https://www.virustotal.com/gui/url/${SHA256}`);
  assert.match(page(urlId(value)), /^https:\/\/www\.virustotal\.com\/gui\/url\/[0-9a-f]{64}$/);
  const hash: Observable = { kind: 'file', value: SHA256 };
  const file = reportOfObject({ data: { id: SHA256, type: 'file', links, attributes: stats } }, hash, NOW);
  assert.equal(file.permalink, `https://www.virustotal.com/gui/file/${SHA256}`);
});

test('reportOfObject() bounds what it keeps and makes it printable', () => {
  const hostile = `\u001b[31m"; drop\n\u0000\u202e<b>${'x'.repeat(5_000)}`;
  const results = { ...engines(500, 'malicious', hostile), [hostile]: { category: 'malicious', result: 'x' } };
  const categories = Object.fromEntries(Array.from({ length: 100 }, (_, nth) => [`e${nth}`, `${nth} ${hostile}`]));
  const context = Array.from({ length: 100 }, () => ({ title: hostile, details: 5, source: null }));
  const report = reportOfObject(
    object({ last_analysis_results: results, categories, crowdsourced_context: context }),
    ASKED,
    NOW,
  );
  assert.equal(report.flagged.length, 120);
  assert.equal(report.categories.length, 20);
  assert.equal(report.remarks.length, 10);
  const texts = [...report.flagged.flatMap(({ engine, result }) => [engine, result]), ...report.categories];
  for (const text of [...texts, ...report.remarks]) assert.match(text, /^[\x20-\x7e]{1,200}$/);
});

test('reportOfObject() names each category once', () => {
  const categories = { A: 'media streaming', B: 'media streaming', C: 'cdn', D: 7 };
  assert.deepEqual(reportOfObject(object({ categories }), ASKED, NOW).categories, ['media streaming', 'cdn']);
});

test('reportOfObject() leaves out a time that cannot be one', () => {
  const report = reportOfObject(object({ creation_date: 'long ago', last_analysis_date: 1.7e12 }), ASKED, NOW);
  assert.equal('createdAt' in report, false);
  assert.equal('lastAnalysisAt' in report, false);
  assert.equal(reportOfObject(object({ creation_date: 1e9 }), ASKED, NOW).createdAt, 1e12);
});

test('reportOfObject() gives a report with counts or throws UnavailableError, whatever the JSON', () => {
  const count = fc.oneof({ weight: 4, arbitrary: fc.nat(100) }, fc.jsonValue());
  const attributes = fc.record(
    {
      last_analysis_stats: fc.oneof(
        fc.record({ malicious: count, harmless: count, undetected: count }, { requiredKeys: [] }),
        fc.jsonValue(),
      ),
      last_analysis_results: fc.oneof(fc.dictionary(fc.string(), fc.record({ category: fc.string() })), fc.jsonValue()),
      categories: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
      reputation: count,
    },
    { requiredKeys: [] },
  );
  const id = fc.oneof(fc.constant('example.com'), fc.string());
  const data = fc.record({ id, type: fc.constant('domain'), attributes: fc.oneof(attributes, fc.jsonValue()) });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ data }), fc.record({ data: fc.jsonValue() })), (json) => {
      try {
        const report = reportOfObject(json, ASKED, NOW);
        const given = (json as { data: { attributes: { last_analysis_stats: object } } }).data.attributes;
        assert.ok(Object.values(given.last_analysis_stats).some((value) => typeof value === 'number'));
        assert.ok(Object.values(report.stats).every((value) => Number.isInteger(value) && value >= 0));
      } catch (error) {
        assert.ok(error instanceof UnavailableError, String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});
