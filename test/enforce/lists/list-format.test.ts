import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DesiredState, Indicator } from '../../../src/core/indicator.ts';
import { keyOf, type ObservableKey, parseObservable } from '../../../src/core/observable.ts';
import { ListFilesTarget } from '../../../src/enforce/lists/list-files-target.ts';
import { LIST_FORMATS } from '../../../src/enforce/lists/list-format.ts';
import { renderJson, renderList } from '../../../src/enforce/lists/render-list.ts';
import { tempDir } from '../../support/temp-dir.ts';

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5);

function stateOf(names: readonly string[], subdomains: readonly string[] = []): DesiredState {
  const state = new Map<ObservableKey, Indicator>();
  for (const name of [...names, ...subdomains]) {
    const parsed = parseObservable(name);
    if (!parsed.ok) continue;
    state.set(keyOf(parsed.value), {
      observable: parsed.value,
      subdomains: subdomains.includes(name),
      source: 'virustotal',
      ratio: '12/92',
      strong: true,
      engines: 12,
      permalink: `https://www.virustotal.com/gui/x`,
      since: T0,
      expiresAt: T0 + 86_400_000,
    });
  }
  return state;
}

const STATE = stateOf(
  ['evil-one.top', '198.51.100.7', '2001:db8::7', 'http://evil-one.top/a,b', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['evil-two.icu'],
);
const HEAD = (comment: string, entries: string) =>
  `${comment} Home Network Guardian, sensor test: ${entries}\n${comment} Each is explained by: guardian explain NAME. Undone by: guardian allow NAME\n`;

const GOLDEN: Readonly<Record<string, string>> = {
  domains: `${HEAD('#', '2 entries')}evil-one.top\nevil-two.icu\n`,
  hosts: `${HEAD('#', '2 entries')}0.0.0.0 evil-one.top\n:: evil-one.top\n0.0.0.0 evil-two.icu\n:: evil-two.icu\n`,
  adblock: `${HEAD('!', '2 entries')}||evil-one.top^\n||evil-two.icu^\n`,
  rpz: `${HEAD(';', '2 entries')}$TTL 60\n@ IN SOA localhost. root.localhost. 1 3600 600 86400 60\n@ IN NS localhost.\nevil-one.top CNAME .\nevil-two.icu CNAME .\n*.evil-two.icu CNAME .\n`,
  ips: `${HEAD('#', '2 entries')}198.51.100.7\n2001:db8::7\n`,
  dnsmasq: `${HEAD('#', '2 entries')}host-record=evil-one.top,0.0.0.0,::\naddress=/evil-two.icu/0.0.0.0\naddress=/evil-two.icu/::\n`,
  unbound: `${HEAD('#', '2 entries')}server:\n  local-zone: "evil-one.top" transparent\n  local-data: "evil-one.top A 0.0.0.0"\n  local-data: "evil-one.top AAAA ::"\n  local-zone: "evil-two.icu" always_null\n`,
  nftables: `${HEAD('#', '2 entries')}add table inet guardian\nadd set inet guardian bad4 { type ipv4_addr; flags timeout; }\nadd set inet guardian bad6 { type ipv6_addr; flags timeout; }\nflush set inet guardian bad4\nflush set inet guardian bad6\nadd element inet guardian bad4 { 198.51.100.7 comment "guardian" }\nadd element inet guardian bad6 { 2001:db8::7 comment "guardian" }\n`,
};

for (const [name, want] of Object.entries(GOLDEN)) {
  test(`the ${name} list reads as it should`, () => {
    const format = LIST_FORMATS.get(name);
    assert.ok(format);
    assert.equal(renderList(format, STATE, 'test'), want);
  });
}

test('a zone and unbound leave out what a wider entry covers, and dnsmasq and the files keep it', () => {
  const state = stateOf(['deep.in.evil-two.icu', 'notevil-two.icu', 'icu-evil.top'], ['evil-two.icu']);
  const mentions = (name: string): boolean => {
    const format = LIST_FORMATS.get(name);
    assert.ok(format);
    const list = renderList(format, state, 'test');
    for (const kept of ['evil-two.icu', 'notevil-two.icu', 'icu-evil.top']) assert.ok(list.includes(kept), name);
    return list.includes('deep.in.evil-two.icu');
  };
  assert.deepEqual(['rpz', 'unbound'].map(mentions), [false, false]);
  assert.deepEqual(['dnsmasq', 'domains', 'hosts'].map(mentions), [true, true, true]);
});

test('a name too long to stand below the name of a zone is a comment there', () => {
  const rpz = LIST_FORMATS.get('rpz');
  assert.ok(rpz);
  const long = `${`${'a'.repeat(49)}.`.repeat(4)}top`;
  const list = renderList(rpz, stateOf([long, 'evil-one.top']), 'test');
  assert.match(list, /^; Left out, since it is too long for a zone: a/m);
  assert.match(list, /^evil-one\.top CNAME \.$/m);
});

test('no list is ever empty: Pi-hole takes an empty one for a failed download', () => {
  for (const format of LIST_FORMATS.values()) assert.ok(renderList(format, new Map(), 'test').length > 0, format.name);
});

test('whatever names come in, a list has exactly one entry for each and nothing else', () => {
  const domains = LIST_FORMATS.get('domains');
  assert.ok(domains);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.domain(), fc.string(), fc.string({ unit: 'binary' }))), (texts) => {
      const state = stateOf(texts.map((text) => text.toLowerCase()));
      const lines = renderList(domains, state, 'test')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
      const wanted = [...state.values()]
        .filter((one) => one.observable.kind === 'domain')
        .map((one) => one.observable.value);
      assert.deepEqual(lines, wanted.sort());
      for (const line of lines) assert.match(line, /^[a-z0-9._-]+$/);
    }),
  );
});

test('the csv and json exports hold every kind, with times and the page for people', () => {
  const csv = LIST_FORMATS.get('csv');
  assert.ok(csv);
  const lines = renderList(csv, STATE, 'test').trimEnd().split('\n');
  assert.equal(lines.length, 1 + STATE.size);
  assert.ok(
    lines.includes(
      'url,"http://evil-one.top/a,b",false,virustotal,12/92,2026-01-02T03:04:05.000Z,2026-01-03T03:04:05.000Z,https://www.virustotal.com/gui/x',
    ),
  );
  const document = JSON.parse(renderJson(STATE)) as { indicators: { kind: string }[] };
  assert.deepEqual(document.indicators.map((one) => one.kind).sort(), ['domain', 'domain', 'file', 'ip', 'ip', 'url']);
});

test('list files are replaced as a whole, are readable by others, and a failed write leaves the old ones', async (t) => {
  const dir = join(tempDir(t), 'lists');
  const target = new ListFilesTarget({ dir, sensor: 'test', now: Date.now });
  const outcome = await target.drive(STATE);
  assert.equal(outcome.proved, true);
  assert.deepEqual([...outcome.unsupported].sort(), [
    'file:d41d8cd98f00b204e9800998ecf8427e',
    'url:http://evil-one.top/a,b',
  ]);
  for (const file of ['domains.txt', 'hosts.txt', 'adblock.txt', 'rpz.zone', 'ips.txt']) {
    assert.equal(statSync(join(dir, file)).mode & 0o777, 0o644, file);
  }
  const before = readFileSync(join(dir, 'domains.txt'), 'utf8');
  // Root may write anywhere, so the way is blocked by a folder where the new file would be written.
  mkdirSync(join(dir, 'domains.txt.new'));
  await assert.rejects(target.drive(stateOf(['other-name.top'])), /Cannot write lists/);
  assert.equal(readFileSync(join(dir, 'domains.txt'), 'utf8'), before);
  chmodSync(dir, 0o755);
});

test("a zone's serial grows with every change and with nothing else, also across restarts and a clock that went back", async (t) => {
  const dir = join(tempDir(t), 'lists');
  let at = T0;
  const driveTo = async (state: DesiredState): Promise<number> => {
    const target = new ListFilesTarget({ dir, sensor: 'test', now: () => at });
    assert.equal((await target.drive(state)).proved, true);
    return Number(/ SOA \S+ \S+ (\d+) /.exec(readFileSync(join(dir, 'rpz.zone'), 'utf8'))?.[1]);
  };
  const first = await driveTo(STATE);
  assert.equal(first, T0 / 1000);
  at += 3_600_000;
  assert.equal(await driveTo(STATE), first, 'nothing changed');
  const second = await driveTo(stateOf(['evil-one.top']));
  assert.equal(second, at / 1000);
  assert.equal(await driveTo(STATE), second + 1, 'twice in one second');
  at -= 86_400_000;
  assert.equal(await driveTo(stateOf(['evil-one.top'])), second + 2, 'the clock went back');
  writeFileSync(join(dir, 'rpz.zone'), 'rubbish');
  assert.equal(await driveTo(stateOf(['evil-one.top'])), at / 1000, 'what is no zone has no serial');
});

test('a link that somebody put where a list is written is replaced and not followed', async (t) => {
  const dir = join(tempDir(t), 'lists');
  mkdirSync(dir);
  const precious = join(dir, '..', 'precious');
  writeFileSync(precious, 'mine');
  for (const name of ['domains.txt', 'domains.txt.new']) symlinkSync(precious, join(dir, name));
  assert.equal((await new ListFilesTarget({ dir, sensor: 'test', now: Date.now }).drive(STATE)).proved, true);
  assert.equal(readFileSync(precious, 'utf8'), 'mine');
});
