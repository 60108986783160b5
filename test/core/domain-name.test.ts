import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWithin, parentAmong, parseDomainName } from '../../src/core/domain-name.ts';

const ACCEPTED: readonly (readonly [string, string])[] = [
  ['example.com', 'example.com'],
  ['EXAMPLE.Com.', 'example.com'],
  ['_dmarc.example.com', '_dmarc.example.com'],
  ['münchen.de', 'xn--mnchen-3ya.de'],
  ['MÜNCHEN.de.', 'xn--mnchen-3ya.de'],
  ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
  ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
  [`${'a'.repeat(63)}.com`, `${'a'.repeat(63)}.com`],
];

const REFUSED: readonly (readonly [string, string])[] = [
  ['', 'empty'],
  ['.', 'empty'],
  ['localhost', 'single_label'],
  ['a..b.com', 'bad_label'],
  ['.example.com', 'bad_label'],
  [`${'a'.repeat(64)}.com`, 'bad_label'],
  [`${'a.'.repeat(127)}com`, 'too_long'],
  ['new\nline.com', 'bad_character'],
  ['q"uote;x|y\\z.com', 'bad_character'],
  ['\u001b[31mred.com', 'bad_character'],
  ['<script>alert(1)</script>.com', 'bad_character'],
  ['ev\u0000il.com', 'bad_character'],
  ["'; DROP TABLE observables; --.com", 'bad_character'],
  ['evil.com"; sid:1;)\nalert ip any any -> any any (msg:"x"; sid:9;)\n#', 'bad_character'],
  ['192.0.2.1', 'is_address'],
  ['1.2.3.4.', 'is_address'],
  ['example.123', 'is_address'],
];

for (const [text, want] of ACCEPTED) {
  test(`parseDomainName() reads ${JSON.stringify(text)} as ${want}`, () => {
    assert.deepEqual(parseDomainName(text), { ok: true, value: want });
  });
}

for (const [text, reason] of REFUSED) {
  test(`parseDomainName() refuses ${JSON.stringify(text)} as ${reason}`, () => {
    assert.deepEqual(parseDomainName(text), { ok: false, reason });
  });
}

test('parseDomainName() gives only letters, digits, "-", "_" and ".", whatever comes in', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.domain()), (text) => {
      const parsed = parseDomainName(text);
      if (!parsed.ok) return;
      assert.match(parsed.value, /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+$/);
      assert.ok(parsed.value.length <= 253);
      assert.deepEqual(parseDomainName(parsed.value), parsed, 'a canonical name is its own canonical form');
    }),
    { numRuns: 2000 },
  );
});

test('isWithin() is about labels, not about text', () => {
  assert.equal(isWithin('a.evil.com', 'evil.com'), true);
  assert.equal(isWithin('evil.com', 'evil.com'), true);
  assert.equal(isWithin('notevil.com', 'evil.com'), false);
  assert.equal(isWithin('evil.com.br', 'evil.com'), false);
});

test('parentAmong() finds a parent exactly where isWithin() holds for one of them', () => {
  const label = fc.constantFrom('a', 'b', 'ab', 'com');
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  fc.assert(
    fc.property(name, fc.array(name, { maxLength: 4 }), (one, parents) => {
      const within = parents.filter((parent) => isWithin(one, parent)).toSorted((x, y) => x.length - y.length);
      assert.equal(parentAmong(one, new Set(parents)), within[0]);
    }),
  );
});
