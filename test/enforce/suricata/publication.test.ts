import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { Indicator } from '../../../src/core/indicator.ts';
import { keyOf, type ObservableKind, parseObservable } from '../../../src/core/observable.ts';
import { ownRulesIn, planPublication } from '../../../src/enforce/suricata/publication.ts';
import { checkRules } from '../../../src/enforce/suricata/rules-check.ts';
import { featuresOf, versionOfBinary } from '../../../src/enforce/suricata/suricata-features.ts';
import { requires } from '../../support/requirement.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { desired, indicator } from './desired.ts';
import { publicationIn, publishTo } from './published.ts';

const HASH = '0123456789abcdef'.repeat(4);

const EXAMPLES = [
  indicator('evil.example'),
  indicator('*.wide.example', { source: 'operator', ratio: '', permalink: '' }),
  indicator('listed.example', {
    source: 'My "feed"; sid:1',
    ratio: '',
    strong: false,
    permalink: 'https://x.example/a;b',
  }),
  indicator('198.51.100.66'),
  indicator('2001:db8::66'),
  indicator('http://x.example:8080/a;b?c=d'),
  indicator('https://y.example/hidden'),
  indicator(HASH),
];

function rulesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => /^(?:alert|drop) /.test(line));
}

for (const [version, file] of [
  ['7.0.10', 'virustotal-ioc.rules'],
  ['8.0.7', 'virustotal-ioc-8.rules'],
] as const) {
  test(`rules for Suricata ${version} are rendered as the golden file says (GUARDIAN_UPDATE_GOLDEN=1 rewrites it)`, () => {
    const golden = join(import.meta.dirname, 'golden', file);
    const datasetsDir = '/var/lib/suricata/datasets';
    const options = { ...publicationIn('/var/lib/suricata'), datasetsDir, features: featuresOf(version) };
    const { rules } = planPublication(desired(...EXAMPLES), options);
    if (process.env.GUARDIAN_UPDATE_GOLDEN === '1') writeFileSync(golden, rules);
    assert.equal(rules, readFileSync(golden, 'utf8'));
  });
}

test('Suricata loads the golden rules, every one of them', async (t) => {
  if (!requires(t, 'suricata')) return;
  const features = featuresOf((await versionOfBinary('suricata', new AbortController().signal)) ?? '');
  const { put } = await publishTo(tempDir(t), desired(...EXAMPLES), { features });
  assert.deepEqual(put, { outcome: 'put' });
});

test('a rules file says what it has rules of its own for', () => {
  const { rules } = planPublication(desired(...EXAMPLES), publicationIn('/x'));
  const { own, urls } = ownRulesIn(rules);
  assert.deepEqual([...own.domains].sort(), ['evil.example', 'listed.example']);
  assert.deepEqual([...own.dotted], ['.wide.example']);
  assert.deepEqual([...own.ips].sort(), ['198.51.100.66', '2001:db8::66']);
  assert.deepEqual([...urls], ['url:http://x.example:8080/a;b?c=d']);
});

test('the strongest come first, then those with more engines, then the newest; the rest stand in datasets alone', () => {
  const wanted = desired(
    indicator('old.example', { strong: false, engines: 5, since: 1 }),
    indicator('new.example', { strong: false, engines: 5, since: 2 }),
    indicator('more.example', { strong: false, engines: 6, since: 1 }),
    indicator('strong.example', { strong: true, engines: 1, since: 1 }),
  );
  const plan = planPublication(wanted, publicationIn('/x', { maxRules: 3 }));
  assert.deepEqual([...plan.own.domains].sort(), ['more.example', 'new.example', 'strong.example']);
  assert.equal(plan.sets.domains.size, 4);
});

test('a sid stays with its indicator, and rev grows when the text changes', () => {
  const options = publicationIn('/x');
  const numberOf = (rules: string) => /sid:\d+; rev:\d+/.exec(rules)?.[0];
  assert.equal(numberOf(planPublication(desired('evil.example'), options).rules), 'sid:1900000; rev:1');
  planPublication(desired('other.example'), options);
  assert.equal(numberOf(planPublication(desired('evil.example'), options).rules), 'sid:1900000; rev:1');
  const grown = desired(indicator('evil.example', { ratio: '13/92' }));
  assert.equal(numberOf(planPublication(grown, options).rules), 'sid:1900000; rev:2');
});

test('https URLs, and URLs beyond the number of rules, are unsupported and not failed', () => {
  const plan = planPublication(
    desired('https://x.example/a', 'http://x.example/a'),
    publicationIn('/x', { maxRules: 0 }),
  );
  assert.deepEqual([plan.unsupported.size, plan.failed.size], [2, 0]);
});

const printable = fc.string({ maxLength: 80 });
const hostile = fc.oneof(
  fc.domain(),
  fc.domain().map((name) => `*.${name}`),
  fc.webUrl({ withQueryParameters: true, withFragments: true }).map((url) => url.replace(/^https/, 'http')),
  fc.ipV4(),
  fc.ipV6(),
  fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `${text}.example`),
  fc.string({ unit: fc.constantFrom(...'a1-_.;"|\\: \n\r\0\t()#!,é%$'), maxLength: 60 }),
  fc.constant('evil.com"; sid:1;)\nalert ip any any -> any any (msg:"inj"; sid:9999999;)\n#'),
  fc
    .string({ unit: fc.constantFrom(..."aZ09;:'!$&()*+,@=~[]%./?-"), maxLength: 1900 })
    .map((path) => `http://x.example/${path}`),
);
const kind = fc.constantFrom<ObservableKind>('domain', 'ip', 'url', 'file');

/** What comes past the parsers as it should, and, one time in four, what never should. */
const anyIndicator: fc.Arbitrary<Indicator | undefined> = fc
  .record({
    text: hostile,
    kind,
    source: printable,
    ratio: fc.oneof(printable, fc.constant('7/92')),
    permalink: printable,
    raw: fc.nat(3),
  })
  .map(({ text, kind, source, ratio, permalink, raw }) => {
    const subdomains = text.startsWith('*.');
    const parsed = parseObservable(subdomains ? text.slice(2) : text);
    const base = { source, ratio, permalink: `https://${permalink}`, subdomains };
    if (raw === 0) return indicator('placeholder.example', { ...base, observable: { kind, value: text } });
    return parsed.ok ? indicator('placeholder.example', { ...base, observable: parsed.value }) : undefined;
  });

test('whatever the names, Suricata loads exactly the intended number of rules', async (t) => {
  if (!requires(t, 'suricata')) return;
  const batch = fc.array(anyIndicator, { minLength: 200, maxLength: 300 });
  const property = fc.asyncProperty(batch, async (indicators) => {
    const wanted = new Map(indicators.filter((one) => one !== undefined).map((one) => [keyOf(one.observable), one]));
    const options = publicationIn('/x');
    const plan = planPublication(wanted, options);
    const own = Object.values(plan.own).reduce((sum, set) => sum + set.size, plan.onlyInRules.size);
    const rules = rulesOf(plan.rules);
    assert.equal(rules.length, own + rulesOf(plan.sharedRules).length);
    // Its own check fails it when -T loads one rule less; a rule more would show in this count.
    const dir = tempDir(t);
    assert.deepEqual((await publishTo(dir, wanted)).put, { outcome: 'put' });
    const file = readFileSync(join(dir, 'virustotal-ioc.rules'), 'utf8');
    assert.equal(await loadedFrom(dir), rulesOf(file).length);
    assert.equal(rulesOf(file).length, rules.length);
  });
  await fc.assert(property, { numRuns: 8, endOnFailure: true, includeErrorInReport: true });
});

async function loadedFrom(dir: string): Promise<number | string> {
  const check = await checkRules(join(dir, 'virustotal-ioc.rules'), {
    binary: 'suricata',
    config: '/nowhere/suricata.yaml',
  });
  return check.outcome === 'passed' ? check.rules : check.outcome;
}
