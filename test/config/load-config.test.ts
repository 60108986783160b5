import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultConfig, loadConfig } from '../../src/config/load-config.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { DEFAULT_POLICY } from '../../src/core/policy.ts';
import { tempDir } from '../support/temp-dir.ts';

const PATH = '/etc/guardian/guardian.yaml';

function load(text: string): ReturnType<typeof loadConfig> {
  return loadConfig({ path: PATH, text });
}

/** The message's lines without the part that all of them share. */
function complaints(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(error.hint !== undefined);
    return error.message.split('\n').map((line) => {
      assert.ok(line.startsWith(`Cannot read config "${PATH}"`), line);
      return line.slice(`Cannot read config "${PATH}"`.length);
    });
  }
  return [];
}

test('loadConfig() gives every key its default when one key is given', () => {
  const config = load('sensor: gateway');
  assert.deepEqual(config, { ...defaultConfig(), sensor: 'gateway' });
  assert.equal(config.eve.socketMode, 0o660);
  assert.equal(config.pihole, null);
  const { suspiciousAt, maliciousAt, strongAt, holdIfSeenBy, blockExpiresMs } = config.policy;
  assert.deepEqual({ suspiciousAt, maliciousAt, strongAt, holdIfSeenBy, blockExpiresMs }, DEFAULT_POLICY);
});

test('loadConfig() reads durations, sizes, modes, ranges and addresses into their units', () => {
  const config = load(
    [
      'eve: { socket_mode: 0600, flush_every: 1m30s, max_line: 64KiB, socket_group: suricata }',
      'policy: { block_expires: 2w }',
      'suricata: { sid_range: 7000000-7000999, max_rules: 100, command_socket: null }',
      'lists: { http: "[::1]:8780" }',
      'api: { http: "127.0.0.1:8781" }',
    ].join('\n'),
  );
  assert.equal(config.eve.socketMode, 0o600);
  assert.equal(config.eve.flushEveryMs, 90_000);
  assert.equal(config.eve.maxLineBytes, 65_536);
  assert.equal(config.policy.blockExpiresMs, 14 * 86_400_000);
  assert.deepEqual(config.suricata.sidRange, { first: 7_000_000, last: 7_000_999 });
  assert.equal(config.suricata.commandSocket, null);
  assert.deepEqual(config.lists.http, { host: '::1', port: 8780 });
  assert.deepEqual(config.api.http, { host: '127.0.0.1', port: 8781 });
});

test('loadConfig() fills the sections that are null by default when they are given', () => {
  const config = load(
    [
      'pihole: { url: "http://pi.hole/", password_file: /run/p }',
      'nftables: {}',
      'central: { hosts: [db1, "db2:3307"], tls: { ca_file: /ca.pem } }',
    ].join('\n'),
  );
  assert.deepEqual(config.pihole, {
    url: 'http://pi.hole',
    passwordFile: '/run/p',
    caFile: null,
    dns: null,
    listAddress: null,
    mode: 'api',
    gravityEveryMs: 6 * 3_600_000,
  });
  assert.deepEqual(config.nftables, { table: 'inet guardian', set4: 'bad4', set6: 'bad6' });
  assert.deepEqual(config.central?.hosts, [
    { host: 'db1', port: 3306 },
    { host: 'db2', port: 3307 },
  ]);
  assert.deepEqual(config.central?.tls, { caFile: '/ca.pem' });
});

test('loadConfig() keeps patterns and feeds in canonical form', () => {
  const config = load(
    [
      'allow: [Example.COM., "*.Example.org", 192.0.2.77/24, "2001:DB8::1"]',
      'feeds:',
      '  - { name: own, path: /f.csv, format: csv, column: "2", kind: domain, weight: 0.5, every: 1d }',
    ].join('\n'),
  );
  assert.deepEqual(
    config.allow.map((pattern) => pattern.text),
    ['example.com', '*.example.org', '192.0.2.0/24', '2001:db8::1'],
  );
  assert.equal(config.feeds[0]?.everyMs, 86_400_000);
  assert.equal(config.feeds[0]?.column, '2');
  assert.equal(config.feeds[0]?.url, null);
});

test('loadConfig() names the line, what is there and what is wanted', () => {
  assert.deepEqual(complaints('sensor: a\neve:\n  type: socket\n'), [
    ' line 3: eve.type is "socket", want "stream" or "dgram"',
  ]);
});

test('loadConfig() lists all bad keys at once, by line', () => {
  const text = [
    'eve:',
    '  sokcet: /x',
    '  socket_mode: "0999"',
    'policy: { suspicious_at: two }',
    'virus_total: {}',
    'allow: [single]',
    'pihole: { mode: both }',
    'data_dir: relative/path',
  ].join('\n');
  assert.deepEqual(complaints(text), [
    ' line 2: "eve.sokcet" is no known key, did you mean "socket"?',
    ' line 3: eve.socket_mode is "0999", want an octal file mode such as "0660"',
    ' line 4: policy.suspicious_at is "two", want a whole number from 1 to 200',
    ' line 5: "virus_total" is no known key, did you mean "virustotal"?',
    ' line 6: allow[0] is "single", want "example.com", "*.example.com", an address, or a network such as "192.0.2.0/24"',
    ' line 7: pihole.url is missing, want a URL such as "https://host/path" without user, query or fragment',
    ' line 8: data_dir is "relative/path", want an absolute path',
  ]);
});

test('loadConfig() checks keys against one another', () => {
  assert.deepEqual(complaints('policy:\n  malicious_at: 2'), [
    ' line 2: policy.malicious_at is 2, want more than policy.suspicious_at (2)',
  ]);
  assert.deepEqual(complaints('policy: { strong_at: 4 }'), [
    ' line 1: policy.strong_at is 4, want at least policy.malicious_at (5)',
  ]);
  assert.deepEqual(complaints('virustotal:\n  reserve: { alerts: 0.65 }'), [
    ' line 2: virustotal.reserve adds up to 1, want less than 1',
  ]);
  assert.deepEqual(complaints('suricata: { sid_range: 1-500 }'), [
    ' line 1: suricata.sid_range holds 500 sids, want more than suricata.max_rules (500)',
  ]);
  assert.deepEqual(complaints('central: {}'), [' line 1: central has neither hosts nor socket, want one of them']);
  assert.deepEqual(complaints('feeds: [{ name: a, path: /a }, { name: a, path: /b }]'), [
    ' line 1: feeds[1] names "a" a second time, want it once',
  ]);
});

test('loadConfig() refuses a socket path that does not fit into a socket address', () => {
  const path = `/${'x'.repeat(106)}`;
  assert.equal(load(`api: { socket: ${path} }`).api.socket, path);
  assert.match(complaints(`api: { socket: ${path}y }`)[0] ?? '', /want an absolute path of at most 107 bytes/);
});

test('loadConfig() refuses duplicate keys, tabs, aliases, deep nesting and files that are not YAML', () => {
  assert.deepEqual(complaints('sensor: a\nsensor: b'), [' line 2: this key is given twice, want it once']);
  assert.deepEqual(complaints('eve:\n\ttype: stream'), [' line 2: a tab is used for indentation, want spaces']);
  const bomb = ['a: &a [x,x,x,x]', 'b: &b [*a,*a,*a,*a]', 'c: [*b,*b,*b,*b]'].join('\n');
  assert.match(complaints(bomb)[0] ?? '', /line 2: \*a is an alias, want its value written out/);
  assert.ok(complaints('['.repeat(50_000)).length > 0);
  assert.deepEqual(complaints(`# ${'x'.repeat(300_000)}`), [': it is 300002 characters long, want at most 262144']);
  assert.match(complaints('eve: [')[0] ?? '', /line 1: not YAML: /);
  assert.deepEqual(complaints('- a'), [' line 1: it is a list, want a section of keys']);
  assert.deepEqual(complaints('suricata: null'), [' line 1: suricata is empty, want a section of keys']);
});

test('loadConfig() refuses an empty file and takes a section whose keys are all commented out', () => {
  for (const text of ['', '\n', '# nothing\n', '{}', '---\n']) {
    assert.deepEqual(complaints(text), [': it is empty, want at least one key']);
  }
  assert.deepEqual(load('eve:\n  # type: dgram\n').eve, defaultConfig().eve);
});

test('loadConfig() says why a file cannot be read, and what to do', (t) => {
  const dir = tempDir(t);
  const missing = join(dir, 'none.yaml');
  assert.throws(() => loadConfig({ path: missing }), {
    message: `Cannot read config "${missing}": there is no such file`,
  });
  assert.throws(() => loadConfig({ path: dir }), {
    message: `Cannot read config "${dir}": it is a folder, want a file`,
  });
  const file = join(dir, 'guardian.yaml');
  writeFileSync(file, '\uFEFFsensor: here\n');
  chmodSync(file, 0o600);
  assert.equal(loadConfig({ path: file }).sensor, 'here');
});

test('loadConfig() never repeats what may be a secret', () => {
  const text =
    'virustotal: { api_key_file: 0123456789abcdef, base_url: "https://u:hunter2@h/" }\npihole: { password: hunter2 }';
  const said = complaints(text).join('\n');
  assert.match(said, /api_key_file is something else/);
  assert.match(said, /"pihole.password" is no known key, did you mean "password_file"\?/);
  assert.doesNotMatch(said, /0123456789abcdef|hunter2/);
});

test('loadConfig() shows control characters of keys and values escaped', () => {
  const said = complaints('"\\e[31m\\u202e": 1\ndata_dir: "\\e]0;x\\a"').join('\n');
  assert.match(said, /"\\u001b\[31m\\u202e" is no known key/);
  assert.doesNotMatch(said.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});

test('loadConfig() answers any text with a config or a ConfigError', () => {
  const word = fc.constantFrom(
    'eve',
    'policy',
    'allow',
    'feeds',
    ':',
    ' ',
    '\n',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&a',
    '*a',
    '"',
    '|',
    '!!map',
    '?',
    '0',
    '7d',
    '\t',
    '__proto__',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 4 })), { maxLength: 30 }), (words) => {
      complaints(words.join(''));
    }),
    { numRuns: 1000 },
  );
});

test('loadConfig() takes __proto__ for an unknown key and changes no prototype', () => {
  assert.match(complaints('__proto__: { polluted: 1 }\nconstructor: 1').join(), /"__proto__" is no known key/);
  assert.equal('polluted' in {}, false);
});
