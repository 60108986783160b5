import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObservable } from '../../src/core/observable.ts';
import { covers, parsePattern } from '../../src/core/pattern.ts';

const CASES: readonly (readonly [pattern: string, observable: string, covered: boolean])[] = [
  ['example.com', 'example.com', true],
  ['Example.COM.', 'example.com', true],
  ['example.com', 'a.example.com', false],
  ['example.com', 'http://example.com/x', true],
  ['example.com', 'http://a.example.com/x', false],
  ['*.example.com', 'a.b.example.com', true],
  ['*.example.com', 'example.com', true],
  ['*.example.com', 'notexample.com', false],
  ['*.example.com', 'https://a.example.com/', true],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.0/24', '192.0.2.77', true],
  ['192.0.2.0/24', '192.0.3.77', false],
  ['192.0.2.9/24', '192.0.2.77', true],
  ['2001:db8::/32', '2001:db8:1::5', true],
  ['192.0.2.0/24', 'http://192.0.2.5/', true],
  ['192.0.2.0/24', '2001:db8::1', false],
  ['http://example.com/x', 'http://example.com/x', true],
  ['http://example.com/x', 'http://example.com/y', false],
];

for (const [text, seen, want] of CASES) {
  test(`the pattern ${text} ${want ? 'covers' : 'does not cover'} ${seen}`, () => {
    const pattern = parsePattern(text);
    const observable = parseObservable(seen);
    assert.ok(pattern.ok && observable.ok);
    assert.equal(covers(pattern.value, observable.value), want);
  });
}

test('parsePattern() gives one spelling per pattern, and refuses nonsense', () => {
  const spelling = (text: string) => {
    const parsed = parsePattern(text);
    return parsed.ok ? parsed.value.text : parsed.reason;
  };
  assert.equal(spelling('*.EXAMPLE.com.'), '*.example.com');
  assert.equal(spelling('192.0.2.9/24'), '192.0.2.0/24');
  assert.equal(spelling('*.com'), 'single_label');
  assert.equal(spelling('*'), 'bad_character');
  assert.equal(spelling(''), 'empty');
});
