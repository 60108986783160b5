import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { whyNeverBlock } from '../../src/core/guards.ts';
import { type Evidence, judge } from '../../src/core/judge.ts';
import { type Observable, parseObservable } from '../../src/core/observable.ts';
import type { Override } from '../../src/core/override.ts';
import { parsePattern } from '../../src/core/pattern.ts';
import { DEFAULT_POLICY } from '../../src/core/policy.ts';
import type { AnalysisStats, FlaggingEngine, Report } from '../../src/core/report.ts';
import { sharedHosting } from '../../src/core/shared-hosting.ts';

const NOBODY = { names: new Set<string>(), addresses: new Set<string>(), hosts: new Set<string>() };

function domain(text: string): Observable {
  const parsed = parseObservable(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function engines(...names: string[]): FlaggingEngine[] {
  return names.map((engine) => ({ engine, category: 'malicious', result: 'malware' }));
}

function numbered(count: number): FlaggingEngine[] {
  return engines(...Array.from({ length: count }, (_, index) => `Engine ${index}`));
}

function report(observable: Observable, flagged: readonly FlaggingEngine[], more: Partial<Report> = {}): Report {
  const malicious = flagged.filter((one) => one.category === 'malicious').length;
  const stats: AnalysisStats = {
    malicious,
    suspicious: flagged.length - malicious,
    harmless: 60,
    undetected: 92 - 60 - flagged.length,
    timeout: 0,
  };
  return {
    observable,
    source: 'virustotal',
    outcome: 'found',
    askedAt: 1_700_000_000_000,
    stats,
    flagged,
    reputation: 0,
    votes: { harmless: 0, malicious: 0 },
    categories: [],
    remarks: [],
    permalink: '',
    ...more,
  };
}

function evidenceFor(observable: Observable, one: Report, more: Partial<Evidence> = {}): Evidence {
  const guard = whyNeverBlock(observable, NOBODY);
  const shared = sharedHosting(observable);
  return {
    reports: [one],
    ...(guard === undefined ? {} : { guard }),
    ...(shared === undefined ? {} : { sharedHosting: shared }),
    ...more,
  };
}

/** The user's own table of examples: shown, flagged by ratio, never blocked. */
const FIVE_HOSTS: readonly (readonly [string, number, string])[] = [
  ['consent-pref.trustarc.com', 1, 'noise'],
  ['google-ohttp-relay-safebrowsing.fastly-edge.com', 2, 'suspicious'],
  ['prod.detectportal.prod.cloudops.mozgcp.net', 1, 'noise'],
  ['storage.googleapis.com', 1, 'noise'],
  ['ipv4-c021-waw002-orangepl-isp.1.oca.nflxvideo.net', 1, 'noise'],
];

for (const [name, count, want] of FIVE_HOSTS) {
  test(`judge() calls ${name} with ${count}/92 ${want}, and never blocks it`, () => {
    const observable = domain(name);
    const verdict = judge(evidenceFor(observable, report(observable, numbered(count))), DEFAULT_POLICY);
    assert.equal(verdict.state, want);
    assert.equal(verdict.block, false);
    assert.equal(verdict.ratio, `${count}/92`);
  });
}

test("judge() does not call Google's resolver malicious for 2 of 89 engines and a C2 remark", () => {
  const resolver: Observable = { kind: 'ip', value: '8.8.8.8' };
  const stats = { malicious: 2, suspicious: 0, harmless: 66, undetected: 21, timeout: 0 };
  const remarks = ['AsyncRAT botnet C2 server (confidence level: 100%)'];
  const one = report(resolver, engines('ArcSight Threat Intelligence', 'Cyble'), {
    stats,
    remarks,
    reputation: 520,
    votes: { harmless: 184, malicious: 28 },
  });
  const verdict = judge(evidenceFor(resolver, one), DEFAULT_POLICY);
  assert.equal(verdict.state, 'suspicious');
  assert.equal(verdict.ratio, '2/89');
  assert.equal(verdict.block, false);
});

const LEVELS: readonly (readonly [number, string, boolean, boolean])[] = [
  [0, 'clean', false, false],
  [1, 'noise', false, false],
  [2, 'suspicious', false, false],
  [4, 'suspicious', false, false],
  [5, 'malicious', false, true],
  [9, 'malicious', false, true],
  [10, 'malicious', true, true],
  [60, 'malicious', true, true],
];

for (const [count, state, strong, block] of LEVELS) {
  test(`judge() calls ${count} independent engines ${state}${strong ? ', strong' : ''}`, () => {
    const observable = domain('some-domain.top');
    const verdict = judge(evidenceFor(observable, report(observable, numbered(count))), DEFAULT_POLICY);
    assert.deepEqual([verdict.state, verdict.strong, verdict.block], [state, strong, block]);
    assert.ok(verdict.reasons.length > 0);
    assert.match(verdict.policyLine, new RegExp(`^${state}: `));
  });
}

test('judge() keeps the four kinds of "do not know" apart', () => {
  const observable = domain('some-domain.top');
  const nothing = { malicious: 0, suspicious: 0, harmless: 0, undetected: 92, timeout: 0 };
  const absent = report(observable, [], { outcome: 'not_found', stats: { ...nothing, undetected: 0 } });
  assert.equal(judge({ reports: [] }, DEFAULT_POLICY).state, 'unasked');
  assert.equal(judge({ reports: [absent] }, DEFAULT_POLICY).state, 'not_found');
  assert.equal(judge({ reports: [report(observable, [], { stats: nothing })] }, DEFAULT_POLICY).state, 'no_opinion');
  assert.equal(judge({ reports: [report(observable, [])] }, DEFAULT_POLICY).state, 'clean');
});

test('judge() counts engines that repeat one voice once', () => {
  const observable = domain('some-domain.top');
  const flagged = engines('BitDefender', 'G-Data', 'Emsisoft', 'Engine 1', 'Engine 2', 'Engine 3');
  const verdict = judge(evidenceFor(observable, report(observable, flagged)), DEFAULT_POLICY);
  assert.equal(verdict.state, 'suspicious', '6 engines, 4 voices');
  assert.equal(verdict.ratio, '6/92', 'the ratio people see is not touched');
  assert.ok(verdict.reasons.some((reason) => reason.code === 'correlated'));
});

test('judge() caps a shared host at suspicious below strong, and not above', () => {
  const observable = domain('dr49lng3n1n2s.cloudfront.net');
  const few = judge(evidenceFor(observable, report(observable, numbered(9))), DEFAULT_POLICY);
  assert.deepEqual([few.state, few.block], ['suspicious', false]);
  assert.ok(few.reasons.some((reason) => reason.code === 'shared_hosting'));
  const many = judge(evidenceFor(observable, report(observable, numbered(12))), DEFAULT_POLICY);
  assert.deepEqual([many.state, many.block], ['malicious', true]);
});

test('judge() lets good reputation and popularity cap a verdict below strong', () => {
  const observable = domain('some-domain.top');
  const liked = report(observable, numbered(6), { reputation: 300, votes: { harmless: 40, malicious: 2 } });
  assert.equal(judge(evidenceFor(observable, liked), DEFAULT_POLICY).state, 'suspicious');
  const popular = evidenceFor(observable, report(observable, numbered(6)), { popular: 'rank 900 of tranco' });
  assert.equal(judge(popular, DEFAULT_POLICY).state, 'suspicious');
});

function override(action: 'block' | 'allow', pattern: string): Override {
  const parsed = parsePattern(pattern);
  assert.ok(parsed.ok);
  return { action, pattern: parsed.value, reason: 'because', origin: 'operator', createdAt: 0 };
}

test("judge() puts the operator's word above every policy", () => {
  const observable = domain('some-domain.top');
  const bad = report(observable, numbered(40));
  const allowed = judge(
    evidenceFor(observable, bad, { override: override('allow', 'some-domain.top') }),
    DEFAULT_POLICY,
  );
  assert.deepEqual([allowed.state, allowed.block], ['malicious', false], 'still shown for what it is');
  const blocked = judge({ reports: [], override: override('block', '*.some-domain.top') }, DEFAULT_POLICY);
  assert.deepEqual([blocked.state, blocked.block], ['malicious', true]);
});

test('judge() lets no operator and no count of engines override a hard guard', () => {
  const guard = 'co.uk is a public suffix';
  const observable = domain('co.uk');
  for (const word of [undefined, override('block', 'co.uk')]) {
    const verdict = judge(
      { reports: [report(observable, numbered(60))], guard, ...(word === undefined ? {} : { override: word }) },
      DEFAULT_POLICY,
    );
    assert.equal(verdict.block, false);
    assert.equal(verdict.reasons.at(-1)?.code, 'guard');
  }
});

test('judge() blocks nothing that is not malicious, whatever the numbers', () => {
  const count = fc.nat({ max: 95 });
  fc.assert(
    fc.property(
      count,
      count,
      count,
      count,
      fc.integer({ min: -600, max: 600 }),
      (malicious, suspicious, harmless, undetected, reputation) => {
        const observable = domain('some-domain.top');
        const one = report(observable, numbered(malicious), {
          stats: { malicious, suspicious, harmless, undetected, timeout: 0 },
          reputation,
        });
        const verdict = judge({ reports: [one] }, DEFAULT_POLICY);
        if (verdict.block) assert.equal(verdict.state, 'malicious');
        if (malicious < DEFAULT_POLICY.maliciousAt) assert.equal(verdict.block, false);
        if (malicious + suspicious + harmless === 0) assert.equal(verdict.state, 'no_opinion');
      },
    ),
  );
});

function feed(observable: Observable, engine: string, weight = 1): Report {
  const stats = { malicious: weight, suspicious: 0, harmless: 0, undetected: 0, timeout: 0 };
  const flagged: FlaggingEngine[] = [{ engine, category: 'malicious', result: 'listed' }];
  return report(observable, flagged, { source: engine.toLowerCase(), stats });
}

test('judge() counts a feed and the engine of the same name once', () => {
  const observable = domain('some-domain.top');
  const one = report(observable, engines('URLhaus', 'Engine 1', 'Engine 2', 'Engine 3'));
  const repeated = judge({ reports: [one, feed(observable, 'URLhaus')] }, DEFAULT_POLICY);
  assert.equal(repeated.state, 'suspicious', '4 voices, not 5');
  assert.ok(repeated.reasons.some((reason) => reason.code === 'same_voice'));
  const independent = judge({ reports: [one, feed(observable, 'OpenPhish')] }, DEFAULT_POLICY);
  assert.deepEqual([independent.state, independent.strong], ['malicious', true], '5 voices from two sources');
  assert.equal(independent.ratio, '4/92', 'the ratio is the one of the source with the engines');
});

test('judge() does not block by a single feed of ordinary weight', () => {
  const observable = domain('some-domain.top');
  assert.equal(judge({ reports: [feed(observable, 'OpenPhish')] }, DEFAULT_POLICY).state, 'noise');
  assert.equal(judge({ reports: [feed(observable, 'My own list', 5)] }, DEFAULT_POLICY).state, 'malicious');
});

test('judge() believes a voice less that operators overruled here, and never below the floor', () => {
  const observable = domain('some-domain.top');
  const one = report(observable, engines('Phishing Database', 'Engine 1', 'Engine 2', 'Engine 3', 'Engine 4'));
  const judged = (times: number) =>
    judge({ reports: [one], corrections: new Map([['phishing-database', times]]) }, DEFAULT_POLICY);
  assert.equal(judged(0).state, 'malicious');
  assert.equal(judged(1).state, 'suspicious');
  assert.match(
    judged(1).reasons.find((reason) => reason.code === 'learned')?.text ?? '',
    /overruled here 1 times and counts 0\.8/,
  );
  assert.match(judged(100).reasons.find((reason) => reason.code === 'learned')?.text ?? '', /counts 0\.4/);
});

test('judge() blocks by no analysis older than three months, unless it is strong', () => {
  const observable = domain('some-domain.top');
  const now = 1_700_000_000_000;
  const old = { lastAnalysisAt: now - 100 * 86_400_000 };
  assert.equal(judge({ reports: [report(observable, numbered(6), old)], now }, DEFAULT_POLICY).state, 'suspicious');
  assert.equal(judge({ reports: [report(observable, numbered(12), old)], now }, DEFAULT_POLICY).state, 'malicious');
  assert.equal(
    judge({ reports: [report(observable, numbered(6), { lastAnalysisAt: now - 86_400_000 })], now }, DEFAULT_POLICY)
      .state,
    'malicious',
  );
});
