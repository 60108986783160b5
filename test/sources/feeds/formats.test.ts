import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FEED_PRESET_NAMES } from '../../../src/core/feed-preset-name.ts';
import { csvFields } from '../../../src/sources/feeds/csv-fields.ts';
import { entryReader } from '../../../src/sources/feeds/entry-reader.ts';
import { EntryScreen } from '../../../src/sources/feeds/entry-screen.ts';
import type { Feed } from '../../../src/sources/feeds/feed.ts';
import { JsonItems } from '../../../src/sources/feeds/json-items.ts';
import { LineSplitter, MAX_LINE_LENGTH } from '../../../src/sources/feeds/line-splitter.ts';
import { FEED_PRESETS, type FeedPreset, feedOfPreset } from '../../../src/sources/feeds/presets.ts';
import { feed } from './feed-host.ts';

/** The keys of a text, read in chunks of a few bytes. */
function keysOf(of: Feed, text: string, chunkBytes = 7): string[] {
  const reader = entryReader(of);
  const screen = new EntryScreen(of);
  const bytes = Buffer.from(text);
  const rows = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    rows.push(...screen.rows(reader.push(bytes.subarray(at, at + chunkBytes))));
  rows.push(...screen.rows(reader.end().entries));
  return rows.map(({ key, rank }) => (rank === null ? key : `${key} ${rank}`));
}

test('The format domains takes one name a line, with comments and wildcards', () => {
  const text =
    '# c\n! c\n\nEvil.COM.\n*.wild.com\n  spaced.com  # why\nbücher.example-shop.com\nnot a name\n1.2.3.4\ncom\r\nlast.com';
  assert.deepEqual(keysOf(feed('/x'), text), [
    'domain:evil.com',
    'domain:wild.com',
    'domain:spaced.com',
    'domain:xn--bcher-kva.example-shop.com',
    'domain:last.com',
  ]);
});

test('The format hosts takes every name of a line and leaves out what each hosts file begins with', () => {
  const text =
    '127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 evil.com www.evil.com # c\n0.0.0.0\tworse.com\r\nno-address.com\n';
  assert.deepEqual(keysOf(feed('/x', { format: 'hosts' }), text), [
    'domain:evil.com',
    'domain:www.evil.com',
    'domain:worse.com',
  ]);
});

test('The format urls makes a URL and a hint about its host, and nothing that condemns the host', () => {
  const text = 'https://s3.amazonaws.com/bucket/x.exe?y=1\nhttp://192.168.0.1/x\nhttp://8.8.4.4:8080/\nevil.com\n';
  assert.deepEqual(keysOf(feed('/x', { format: 'urls' }), text), [
    'url:https://s3.amazonaws.com/bucket/x.exe?y=1',
    'urlhost:s3.amazonaws.com',
    'url:http://8.8.4.4:8080/',
    'urlhost:8.8.4.4',
  ]);
});

test('The format ips takes addresses and networks that are public and not too wide', () => {
  const text =
    '8.8.4.4\t12\n8.8.5.0/24 ; SBL\n10.0.0.1\n0.0.0.0/0\n8.0.0.0/7\n8.8.4.77/32\n2a0f:9400::/29\n::/0\n8.8.4.4/33\n';
  assert.deepEqual(keysOf(feed('/x', { format: 'ips' }), text), [
    'ip:8.8.4.4',
    'net:8.8.5.0/24',
    'ip:8.8.4.77',
    'net:2a0f:9400::/29',
  ]);
});

test('The format csv finds its column by number or by a header, also one in a comment', () => {
  const plain = 'when,host,why\n1,a.com,"x, y"\n2,"b.com",z\n';
  assert.deepEqual(keysOf(feed('/x', { format: 'csv', column: 'host' }), plain), ['domain:a.com', 'domain:b.com']);
  assert.deepEqual(keysOf(feed('/x', { format: 'csv', column: '2' }), plain.replace('when,host,why\n', '')), [
    'domain:a.com',
    'domain:b.com',
  ]);
  assert.throws(
    () => keysOf(feed('/x', { format: 'csv', column: 'name' }), plain),
    /its columns are "when, host, why", want "name"/,
  );
});

test('The format ndjson takes a nested field and passes over lines without it', () => {
  const text = '{"a":{"b":"x.com"}}\n{"type":"metadata"}\nnot json\n{"a":{"b":7}}\n';
  assert.deepEqual(keysOf(feed('/x', { format: 'ndjson', column: 'a.b' }), text), ['domain:x.com']);
});

test('The presets read what their hosts write', () => {
  const urlhaus = [
    '################',
    '# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter',
    '"1","2026-04-15 09:00:00","http://8.8.4.4:5000/bin.sh","online","2026","malware_download","elf","https://urlhaus.abuse.ch/url/1/","x"',
    '',
  ].join('\r\n');
  assert.deepEqual(keysOf(feedOfPreset('urlhaus'), urlhaus), ['url:http://8.8.4.4:5000/bin.sh', 'urlhost:8.8.4.4']);
  const threatfox = [
    '# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_alias","malware_printable","last_seen_utc","confidence_level","reference","tags","anonymous","reporter"',
    '"2026-04-15 09:00:00", "1", "8.8.4.4:443", "ip:port", "botnet_cc", "win.x", "None", "X", "", "100", "None", "X", "0", "x"',
    '"2026-04-15 09:00:00", "2", "evil.com", "domain", "botnet_cc", "win.x", "a \\"b", "X", "", "75", "None", "X,Y", "0", "x"',
    '"2026-04-15 09:00:00", "3", "maybe.com", "domain", "botnet_cc", "win.x", "None", "X", "", "50", "None", "X", "0", "x"',
  ].join('\n');
  assert.deepEqual(keysOf(feedOfPreset('threatfox'), threatfox), ['ip:8.8.4.4', 'domain:evil.com']);
  const feodo =
    '# c\r\n"first_seen_utc","dst_ip","dst_port","c2_status","last_online","malware"\r\n"2026","8.8.4.4","443","online","2026","X"\r\n"2026","8.8.4.5","443","offline","2026","X"\r\n# END\r\n';
  assert.deepEqual(keysOf(feedOfPreset('feodo'), feodo), ['ip:8.8.4.4']);
  const drop = '{"cidr":"8.8.0.0/20","sblid":"SBL1","rir":"arin"}\n{"type":"metadata","timestamp":1,"records":1}\n';
  assert.deepEqual(keysOf(feedOfPreset('spamhaus-drop'), drop), ['net:8.8.0.0/20']);
  assert.deepEqual(keysOf(feedOfPreset('tranco'), '1,google.com\r\n2,co.uk\r\n6000,example.org\r\n'), [
    'domain:google.com 100',
    'domain:co.uk 100',
    'domain:example.org 10000',
  ]);
  const dynamic =
    '{"name":"d","list":[".duckdns.org", "no-ip.org"],"matching_attributes":["domain"],"type":"hostname"}';
  assert.deepEqual(keysOf(feedOfPreset('dynamic-dns'), dynamic), ['domain:duckdns.org', 'domain:no-ip.org']);
});

test('Every preset says what it is, under which licence and how often its host may be asked, over https', () => {
  for (const name of FEED_PRESET_NAMES) {
    const preset: FeedPreset = FEED_PRESETS[name];
    assert.match(preset.location, /^https:\/\//, name);
    assert.match(preset.doc, /\.$/, name);
    assert.ok(preset.licence.length > 2, name);
    assert.ok(preset.minEveryMs >= 300_000 && preset.everyMs >= preset.minEveryMs, name);
    assert.equal(preset.role === 'evidence', preset.weight > 0, name);
    assert.equal(preset.engine !== '', preset.role === 'evidence', name);
  }
});

test('feedOfPreset() uses a key where the preset takes one, and never asks more often than its host wants', () => {
  const plain = feedOfPreset('urlhaus', { everyMs: 1 });
  assert.equal(plain.everyMs, 300_000);
  assert.doesNotMatch(plain.location, /key/);
  assert.match(feedOfPreset('urlhaus', { authKey: 'k' }).location, /auth-key=\{key\}$/);
  assert.equal(feedOfPreset('openphish', { authKey: 'k' }).authKey, undefined);
});

test('LineSplitter gives the lines of a text however it is cut, without those that are too long', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n]/g, '')),
    fc.constant('y'.repeat(MAX_LINE_LENGTH + 1)),
  );
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 30_000 }), (lines, chunkBytes) => {
      const splitter = new LineSplitter();
      const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''));
      const got: string[] = [];
      for (let at = 0; at < bytes.length; at += chunkBytes)
        got.push(...splitter.push(bytes.subarray(at, at + chunkBytes)));
      got.push(...splitter.end());
      const short = lines.map((one) => Buffer.from(one).toString()).filter((one) => one.length <= MAX_LINE_LENGTH);
      assert.deepEqual(got, short);
      assert.equal(splitter.tooLong, lines.length - short.length);
    }),
    { numRuns: 60 },
  );
});

test('csvFields() reads back what RFC 4180 writes', () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', ' ', '#', 'ü') }).map((text) => text.trim());
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), (fields) => {
      const line = fields.map((one) => `"${one.replaceAll('"', '""')}"`).join(', ');
      assert.deepEqual(csvFields(line), fields);
    }),
  );
  assert.equal(csvFields('"open,x'), undefined);
});

test('JsonItems gives the elements of a named array however the text is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ noUnicodeString: false })),
      fc.jsonValue(),
      fc.integer({ min: 1, max: 50 }),
      (list, other, chunkBytes) => {
        const clean = JSON.stringify(other).replaceAll('"wanted"', '"x"');
        const inner = JSON.stringify(list).replaceAll('"wanted"', '"x"');
        const bytes = Buffer.from(`{"before":${clean},\n "wanted" : ${inner},"after":${clean}}`);
        const items = new JsonItems(['wanted']);
        const got: unknown[] = [];
        for (let at = 0; at < bytes.length; at += chunkBytes)
          got.push(...items.push(bytes.subarray(at, at + chunkBytes)));
        assert.deepEqual(got, JSON.parse(inner));
        assert.equal(items.isComplete, true);
        assert.equal(items.bad, 0);
      },
    ),
  );
});

test('JsonItems is never complete before its end, and survives any bytes', () => {
  const text = '{"wanted":[{"a":"}]\\""},["x"]],"z":[1]}';
  for (let length = 1; length < text.length; length += 1) {
    const items = new JsonItems(['wanted']);
    items.push(Buffer.from(text.slice(0, length)));
    assert.equal(items.isComplete, false, text.slice(0, length));
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void new JsonItems(['wanted']).push(Buffer.from(bytes))),
  );
  const deep = new JsonItems(['wanted']);
  deep.push(Buffer.from('['.repeat(1_000_000)));
  assert.equal(deep.isComplete, false);
  const long = new JsonItems(['wanted']);
  assert.deepEqual(long.push(Buffer.from(`{"wanted":["${'x'.repeat(200_000)}","y"]}`)), ['y']);
  assert.equal(long.bad, 1);
});

test('Entries of any text are canonical or refused', () => {
  const canonical =
    /^(?:domain:[a-z0-9_.-]+|ip:[0-9a-f.:]+|net:[0-9a-f.:]+\/\d+|url(?:host)?:[\x21-\x7e]+|file:[0-9a-f]+)$/;
  const formats = ['domains', 'hosts', 'urls', 'ips', 'ranked', 'warninglist', 'misp'] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...formats),
      fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.domain(), fc.ipV4(), fc.ipV6()),
      (format, text) => {
        for (const { key } of new EntryScreen(feed('/x', { format })).rows([{ text }])) assert.match(key, canonical);
      },
    ),
  );
});
