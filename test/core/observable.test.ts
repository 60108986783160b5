import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyOf, observableOfKey, parseObservable } from '../../src/core/observable.ts';
import { virusTotalPage } from '../../src/core/permalink.ts';
import { hostOfUrl, parseWebUrl, urlForDisclosure } from '../../src/core/web-url.ts';

const READ: readonly (readonly [string, string])[] = [
  ['Example.com.', 'domain:example.com'],
  ['192.0.2.1', 'ip:192.0.2.1'],
  ['::ffff:192.0.2.1', 'ip:192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', 'ip:2001:db8::1'],
  ['[2001:db8::1]', 'ip:2001:db8::1'],
  ['fe80::1%eth0', 'ip:fe80::1'],
  ['HTTP://User:Secret@Example.COM:80/a?q=1#frag', 'url:http://example.com/a?q=1'],
  ['https://[2001:db8::1]:8443/', 'url:https://[2001:db8::1]:8443/'],
  ['https://münchen.de/', 'url:https://xn--mnchen-3ya.de/'],
  ['D41D8CD98F00B204E9800998ECF8427E', 'file:d41d8cd98f00b204e9800998ecf8427e'],
  ['a'.repeat(40), `file:${'a'.repeat(40)}`],
  ['A'.repeat(64), `file:${'a'.repeat(64)}`],
];

for (const [text, key] of READ) {
  test(`parseObservable() reads ${text} as ${key}`, () => {
    const parsed = parseObservable(text);
    assert.ok(parsed.ok);
    assert.equal(keyOf(parsed.value), key);
    assert.deepEqual(observableOfKey(key), parsed.value);
  });
}

for (const text of [
  '',
  'http://',
  'http://localhost/',
  'ftp://example.com/',
  '0x7f.1',
  '017700000001',
  'http://exa mple.com/',
]) {
  test(`parseObservable() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseObservable(text).ok, false);
  });
}

test('a URL keeps its query here and loses it before it leaves', () => {
  const parsed = parseWebUrl('https://example.com/login?session=secret');
  assert.ok(parsed.ok);
  assert.equal(parsed.value, 'https://example.com/login?session=secret');
  assert.equal(urlForDisclosure(parsed.value), 'https://example.com/login');
});

test('a canonical URL has no user info, and only characters that need no escaping', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        fc.string().map((s) => `http://a.example.com/${s}`),
      ),
      (text) => {
        const parsed = parseWebUrl(text);
        if (!parsed.ok) return;
        assert.match(parsed.value, /^https?:\/\/[\x21-\x7e]+$/);
        assert.doesNotMatch(parsed.value, /["<>\\`\s#]/);
        assert.ok(hostOfUrl(parsed.value).length > 0);
      },
    ),
    { numRuns: 1000 },
  );
});

test('virusTotalPage() is the page for people, never the API', () => {
  assert.equal(
    virusTotalPage({ kind: 'domain', value: 'example.com' }),
    'https://www.virustotal.com/gui/domain/example.com',
  );
  assert.equal(
    virusTotalPage({ kind: 'ip', value: '192.0.2.1' }),
    'https://www.virustotal.com/gui/ip-address/192.0.2.1',
  );
  assert.equal(virusTotalPage({ kind: 'file', value: 'ab' }), 'https://www.virustotal.com/gui/file/ab');
  const withQuery = virusTotalPage({ kind: 'url', value: 'http://example.com/?q=secret' });
  assert.match(withQuery, /^https:\/\/www\.virustotal\.com\/gui\/url\/[0-9a-f]{64}$/);
  assert.equal(
    withQuery,
    virusTotalPage({ kind: 'url', value: 'http://example.com/?q=other' }),
    'the query is no part of the page',
  );
});
