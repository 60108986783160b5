import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DesiredState, Indicator } from '../../../src/core/indicator.ts';
import { changesTo } from '../../../src/enforce/nftables/firewall-changes.ts';
import { commentOf, planFirewall } from '../../../src/enforce/nftables/firewall-entry.ts';
import { renderChanges, renderSetup } from '../../../src/enforce/nftables/nft-script.ts';
import { indicator, SINCE } from '../suricata/desired.ts';

const NAMES = { table: 'inet guardian', set4: 'bad4', set6: 'bad6' };
const NOTHING = { table: undefined, set4: undefined, set6: undefined };

const ELEMENT = String.raw`[0-9a-f.:]+ timeout [1-9]\d*s comment "guardian[A-Za-z0-9 ._/-]*"`;
const ADDITION = new RegExp(`^add element inet guardian bad[46] \\{ ${ELEMENT}(?:, ${ELEMENT})* \\}$`);

const HOSTILE = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    '45.9.148.108 }; flush ruleset; #',
    '45.9.148.108\nflush ruleset',
    '45.9.148.0/24',
    '0.0.0.0/0',
    '45.9.148.1-45.9.148.9',
    '045.9.148.108',
    'fe80::1%eth0',
    '$(reboot)',
    '@bad4',
    '2A0E:B107::1',
    '::ffff:45.9.148.108',
    '"; include "/etc/passwd',
  ),
);

test('whatever values, sources and ratios come in, a script holds elements of our two sets and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(HOSTILE, fc.string(), HOSTILE)), (hostile) => {
      const state: DesiredState = new Map(
        hostile.map(([value, source, ratio]): [string, Indicator] => [
          `ip:${value}`,
          indicator('45.9.148.108', { observable: { kind: 'ip', value }, source, ratio }),
        ]),
      );
      const plan = planFirewall(state, () => undefined, SINCE);
      assert.equal(plan.entries.size + plan.failed.size, state.size);
      const script = renderChanges(NAMES, changesTo(plan.entries, NOTHING));
      for (const line of script.split('\n').slice(0, -1)) assert.match(line, ADDITION);
    }),
    { numRuns: 500 },
  );
});

test('the renderer throws rather than writing what is no address of its set', () => {
  fc.assert(
    fc.property(HOSTILE, fc.constantFrom('set4' as const, 'set6' as const), (address, family) => {
      const removal = { key: `ip:${address}`, address, family };
      try {
        const script = renderChanges(NAMES, { add: [], renew: [], remove: [removal] });
        assert.match(script, /^delete element inet guardian bad(?:4 \{ [0-9.]+|6 \{ [0-9a-f:]+) \}\n$/);
      } catch (error) {
        assert.match(String(error), /Cannot write/);
      }
    }),
    { numRuns: 500 },
  );
});

test('the renderer throws on a comment, a timeout or a name that nft could read as something else', () => {
  const entry = {
    key: 'ip:45.9.148.108',
    address: '45.9.148.108',
    family: 'set4',
    timeoutS: 60,
    comment: 'guardian',
  } as const;
  const rendered = (changes: object, names = NAMES): string =>
    renderChanges(names, { add: [{ ...entry, ...changes }], renew: [], remove: [] });
  assert.equal(rendered({}), 'add element inet guardian bad4 { 45.9.148.108 timeout 60s comment "guardian" }\n');
  for (const comment of ['', 'a"b', 'a\nb', 'ü', 'x'.repeat(129)])
    assert.throws(() => rendered({ comment }), /Cannot write/);
  for (const timeoutS of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => rendered({ timeoutS }), /Cannot write/);
  for (const table of ['inet', 'inet a b', 'inet a; flush ruleset', 'inet a\nb'])
    assert.throws(() => rendered({}, { ...NAMES, table }), /Cannot write/);
  assert.throws(() => rendered({}, { ...NAMES, set4: 'bad4 }' }), /Cannot write/);
  assert.throws(() => renderSetup({ ...NAMES, set6: '' }, false), /Cannot write/);
});

test('removals come before additions, and a renewal is both', () => {
  const plan = planFirewall(new Map([['ip:45.9.148.108', indicator('45.9.148.108')]]), () => undefined, SINCE);
  const set4 = new Map([
    ['45.9.148.108', { isOurs: true, expiresS: 60 }],
    ['45.9.148.109', { isOurs: true, expiresS: 60 }],
    ['45.9.148.110', { isOurs: false, expiresS: undefined }],
  ]);
  assert.equal(
    renderChanges(NAMES, changesTo(plan.entries, { table: '', set4, set6: new Map() })),
    'delete element inet guardian bad4 { 45.9.148.109, 45.9.148.108 }\n' +
      'add element inet guardian bad4 { 45.9.148.108 timeout 604800s comment "guardian virustotal 12/92" }\n',
  );
});

test('a comment is one that nft takes, whatever the source is called', () => {
  assert.equal(commentOf('operator', ''), 'guardian operator');
  assert.equal(commentOf('my "feed"\n', '1/2'), 'guardian my _feed__ 1/2');
  assert.ok(commentOf('x'.repeat(500), '').length <= 128);
});
