import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Override } from '../../src/core/override.ts';
import { parsePattern } from '../../src/core/pattern.ts';
import { overrideFor, whyHolds } from '../../src/triage/word-order.ts';
import { domain } from './network.ts';

function word(action: Override['action'], pattern: string, changes: Partial<Override> = {}): Override {
  const parsed = parsePattern(pattern);
  assert.ok(parsed.ok);
  return { action, pattern: parsed.value, reason: '', origin: 'operator', createdAt: 1, ...changes };
}

const EVERYWHERE = { scope: 'all', sensor: 'office' } as const;
const SHOP = domain('a.shop.com');

test('the more specific word holds, then an operator, then a word of this sensor, then the later one', () => {
  const cases: readonly (readonly [Override, Override])[] = [
    [word('allow', 'a.shop.com', EVERYWHERE), word('block', '*.shop.com')],
    [word('allow', 'a.shop.com', EVERYWHERE), word('block', 'a.shop.com', { origin: 'config' })],
    [word('allow', 'a.shop.com'), word('block', 'a.shop.com', { ...EVERYWHERE, createdAt: 9 })],
    [word('allow', 'a.shop.com', { createdAt: 9 }), word('block', 'a.shop.com')],
  ];
  for (const [first, second] of cases) {
    assert.equal(overrideFor(SHOP, [second, first]), first);
    assert.equal(overrideFor(SHOP, [first, second]), first);
  }
});

test('whyHolds() says who says what on which sensor, and nothing where they agree', () => {
  const here = word('block', 'a.shop.com');
  const there = word('allow', '*.shop.com', EVERYWHERE);
  assert.equal(
    whyHolds(SHOP, [there, here]),
    'an operator blocks a.shop.com, and an operator on sensor office allows *.shop.com on all sensors: the first holds, since it is more specific.',
  );
  assert.equal(whyHolds(SHOP, [there, word('allow', 'a.shop.com')]), undefined);
  assert.equal(whyHolds(domain('else.com'), [there, here]), undefined);
});
