import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Surroundings, whyNeverAsk, whyNeverBlock } from '../../src/core/guards.ts';
import { parseObservable } from '../../src/core/observable.ts';
import { parsePattern } from '../../src/core/pattern.ts';
import { whyNeverBlockAll } from '../../src/core/pattern-guard.ts';

const HERE: Surroundings = {
  names: new Set(['www.virustotal.com', 'db1.office.example.com', 'office.example.com']),
  hosts: new Set(['lists.feed-host.com', '198.41.0.4']),
  addresses: new Set(['203.0.113.53', '192.168.1.1']),
};

const BLOCKABLE = [
  'evil-domain.top',
  'a.b.evil-domain.top',
  'stranger.lists.feed-host.com', // below a feed's host somebody else may live
  'other.feed-host.com',
  'alice.github.io',
  '8.8.4.4',
  '2606:4700::1111',
  'http://evil-domain.top/x',
  'd41d8cd98f00b204e9800998ecf8427e',
];
const NEVER_BLOCKED = [
  'co.uk', // a public suffix
  'github.io', // a private suffix: everything below belongs to others
  'nas.lan',
  'printer.local',
  'host.home.arpa',
  '1.0.0.127.in-addr.arpa',
  'virustotal.com', // would take www.virustotal.com with it
  'www.virustotal.com',
  'x.office.example.com',
  '192.168.1.1',
  '10.1.2.3',
  '127.0.0.1',
  '100.64.0.1',
  '169.254.1.1',
  '203.0.113.53',
  'lists.feed-host.com', // a feed is read from there
  'feed-host.com',
  '198.41.0.4',
  'fe80::1',
  'fd00::1',
  '::1',
  '224.0.0.251',
  'http://192.168.1.1/admin',
  'http://nas.lan/',
];
const NEVER_ASKED = [
  'nas.lan',
  'printer.local',
  'host.test',
  'x.example',
  'foo.onion',
  'nas.fritzbox',
  'fritz.box',
  'srv.office.example.com',
  '10.0.0.1',
  'fd00::1',
  'http://10.0.0.1/x',
  'https://intranet.corp/x',
  '4.3.2.1.in-addr.arpa',
];
const ASKED = [
  'stranger.lists.feed-host.com',
  'evil-domain.top',
  'alice.github.io',
  '8.8.8.8',
  'http://evil-domain.top/x',
  'd41d8cd98f00b204e9800998ecf8427e',
];

function observable(text: string) {
  const parsed = parseObservable(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

for (const text of BLOCKABLE) {
  test(`whyNeverBlock() lets ${text} be blocked`, () => assert.equal(whyNeverBlock(observable(text), HERE), undefined));
}
for (const text of NEVER_BLOCKED) {
  test(`whyNeverBlock() protects ${text}`, () => assert.ok(whyNeverBlock(observable(text), HERE)));
}
for (const text of ASKED) {
  test(`whyNeverAsk() lets ${text} be asked about`, () => assert.equal(whyNeverAsk(observable(text), HERE), undefined));
}
for (const text of NEVER_ASKED) {
  test(`whyNeverAsk() keeps ${text} here`, () => assert.ok(whyNeverAsk(observable(text), HERE)));
}

const WORDS_REFUSED = [
  '0.0.0.0/0',
  '::/0',
  '8.0.0.0/7',
  '2600::/12',
  '10.0.0.0/8',
  '192.168.0.0/24',
  '172.0.0.0/8', // holds 172.16.0.0/12
  '203.0.113.0/24',
  '198.41.0.0/16', // a feed is read from an address in it
  'fd00::/40',
  '*.co.uk',
  '*.github.io',
  '*.feed-host.com',
  '*.office.lan',
  '192.168.1.1',
  'nas.lan',
];
const WORDS_TAKEN = [
  '45.0.0.0/8',
  '185.220.100.0/22',
  '2a0e:b107::/32',
  '*.evil-domain.top',
  'evil-domain.top',
  '8.8.4.4',
];

function word(text: string) {
  const parsed = parsePattern(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

for (const text of WORDS_REFUSED) {
  test(`whyNeverBlockAll() refuses to block ${text} as a whole`, () => assert.ok(whyNeverBlockAll(word(text), HERE)));
}

for (const text of WORDS_TAKEN) {
  test(`whyNeverBlockAll() lets an operator block ${text}`, () =>
    assert.equal(whyNeverBlockAll(word(text), HERE), undefined));
}
