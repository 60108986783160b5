import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseByteSize } from '../../src/config/byte-size.ts';
import { parseDuration } from '../../src/config/duration.ts';
import { parseHostPort } from '../../src/config/host-port.ts';
import { quoted } from '../../src/config/quoted.ts';
import { similarKey } from '../../src/config/similar-key.ts';

test('parseDuration() reads numbers with units, alone or joined', () => {
  const cases: [string, number | undefined][] = [
    ['30s', 30_000],
    ['15m', 900_000],
    ['6h', 21_600_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['0s', 0],
    ['10', undefined],
    ['1.5h', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['', undefined],
    ['9999999d', undefined],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
});

test('parseByteSize() reads binary units and refuses bare numbers', () => {
  const cases: [string, number | undefined][] = [
    ['512B', 512],
    ['64KiB', 65_536],
    ['1MiB', 1_048_576],
    ['2GiB', 2_147_483_648],
    ['64', undefined],
    ['64KB', undefined],
    ['-1KiB', undefined],
  ];
  for (const [text, bytes] of cases) assert.equal(parseByteSize(text), bytes, text);
});

test('parseHostPort() reads names, addresses and bracketed IPv6', () => {
  assert.deepEqual(parseHostPort('127.0.0.1:8780'), { host: '127.0.0.1', port: 8780 });
  assert.deepEqual(parseHostPort('[2001:db8::1]:80'), { host: '2001:db8::1', port: 80 });
  assert.deepEqual(parseHostPort('db1', 3306), { host: 'db1', port: 3306 });
  for (const text of [
    'db1',
    ':80',
    'a:0',
    'a:65536',
    'a:b',
    '::1:80',
    '[1.2.3.4]:80',
    '256.1.1.1:80',
    '1.2.3:80',
    'a b:1',
  ]) {
    assert.equal(parseHostPort(text), undefined, text);
  }
});

test('similarKey() finds the key that was probably meant', () => {
  const known = ['socket', 'type', 'socket_mode', 'flush_every'];
  assert.equal(similarKey('sokcet', known), 'socket');
  assert.equal(similarKey('Type', known), 'type');
  assert.equal(similarKey('flush-every', known), 'flush_every');
  assert.equal(similarKey('flushEvery', known), 'flush_every');
  assert.equal(similarKey('entirely_else', known), undefined);
});

test('quoted() lets no control, invisible or direction-changing character through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(quoted(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});
