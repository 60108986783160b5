import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { CredentialsError, UnavailableError } from '../../src/core/errors.ts';
import type { CheckProbes } from '../../src/sidecar/check-probes.ts';
import { NOW, startControl } from '../api/control-fixture.ts';
import { tempDir } from '../support/temp-dir.ts';
import { cli } from './cli-fixture.ts';

interface Item {
  readonly state: string;
  readonly name: string;
  readonly found: string;
  readonly hint?: string;
}

const PROBES: CheckProbes = {
  askSuricata: async () => '7.0.10, running for 3 h',
  readKey: async () => ({ windows: new Map([['day', { used: 12, allowed: 500 }]]), serverTimeAt: NOW - 1000 }),
  others: [],
};

/** A configuration under a folder, with a program that calls itself Suricata. */
function prepare(dir: string, more = ''): string {
  const binary = join(dir, 'suricata');
  writeFileSync(binary, '#!/bin/sh\necho "This is Suricata version 7.0.10 RELEASE"\n');
  chmodSync(binary, 0o755);
  mkdirSync(join(dir, 'rules'));
  writeFileSync(join(dir, 'suricata.yaml'), 'rule-files:\n  - suricata.rules\n  - virustotal-ioc.rules\n');
  const config = join(dir, 'guardian.yaml');
  const suricata = `{ binary: ${binary}, config: ${dir}/suricata.yaml, rules_file: ${dir}/rules/virustotal-ioc.rules, datasets_dir: ${dir}/datasets }`;
  writeFileSync(
    config,
    `data_dir: ${dir}\neve: { socket: ${dir}/eve.sock }\nsuricata: ${suricata}\napi: { socket: ${dir}/run/api.sock }\n${more}`,
  );
  return config;
}

async function check(config: string, probes: Partial<CheckProbes> = {}) {
  const run = await cli(['check', '--json', '-c', config], { probes: async () => ({ ...PROBES, ...probes }) });
  const { ok, items } = JSON.parse(run.stdout) as { ok: boolean; items: Item[] };
  return { ...run, ok, items, item: (name: string) => items.find((one) => one.name === name) };
}

test('check finds all well: everything is there and a daemon answers', async (t) => {
  const { dir } = await startControl(t);
  const { status, ok, items, item } = await check(prepare(dir));
  assert.equal(status, 0);
  assert.equal(ok, true);
  assert.deepEqual(
    items.map(({ name, state }) => [name, state]),
    [
      ['config', 'ok'],
      ['data_dir', 'ok'],
      ['eve.socket folder', 'ok'],
      ['eve.socket', 'warn'],
      ['suricata.binary', 'ok'],
      ['suricata.command_socket', 'ok'],
      ['suricata.rules_file', 'ok'],
      ['suricata.config', 'ok'],
      ['suricata.datasets_dir', 'ok'],
      ['virustotal', 'ok'],
      ['clock', 'ok'],
      ['daemon', 'ok'],
    ],
  );
  assert.equal(item('suricata.binary')?.found, '7.0.10');
  assert.equal(item('virustotal')?.found, 'the key works; 12 of 500 used this day');
});

test('check prints one line for each item where nobody reads on a screen', async (t) => {
  const config = prepare(tempDir(t));
  const { stdout } = await cli(['check', '-c', config], { probes: async () => PROBES });
  assert.match(stdout, /^state\titem\tfound\thint\nok\tconfig\t/);
  assert.match(stdout, /\nwarn\tdaemon\tCannot reach guardian at ".*": there is no such socket\tStart it/);
});

test('check is exit 1 when something is bad, and says what to do', async (t) => {
  const config = prepare(tempDir(t));
  const { status, ok, item } = await check(config, {
    askSuricata: () =>
      Promise.reject(new UnavailableError('Cannot connect to Suricata at "/x": ENOENT', { hint: 'Start it.' })),
  });
  assert.equal(status, 1);
  assert.equal(ok, false);
  assert.deepEqual(item('suricata.command_socket'), {
    state: 'bad',
    name: 'suricata.command_socket',
    found: 'Cannot connect to Suricata at "/x": ENOENT',
    hint: 'Start it.',
  });
});

test('check tells a refused key from a service that is away', async (t) => {
  const config = prepare(tempDir(t));
  const refused = await check(config, {
    readKey: () => Promise.reject(new CredentialsError('VirusTotal refuses the key')),
  });
  assert.equal(refused.item('virustotal')?.state, 'bad');
  const away = await check(config, { readKey: () => Promise.reject(new UnavailableError('VirusTotal is away')) });
  assert.equal(away.item('virustotal')?.state, 'warn');
  const none = await check(config, { readKey: async () => undefined });
  assert.equal(none.item('virustotal')?.state, 'warn');
  assert.match(none.item('virustotal')?.found ?? '', /only feeds/);
});

test('check finds a clock that is off', async (t) => {
  const config = prepare(tempDir(t));
  const facts = { windows: new Map([['day', { used: 500, allowed: 500 }]]), serverTimeAt: NOW - 3_600_000 };
  const { item } = await check(config, { readKey: async () => facts });
  assert.equal(item('clock')?.state, 'bad');
  assert.match(item('clock')?.found ?? '', /is 1 h ahead of VirusTotal's$/);
  assert.equal(item('virustotal')?.state, 'warn', 'a spent allowance is worth a word');
});

test('check warns when suricata.yaml does not name our rules, also where it only does so in a comment', async (t) => {
  const dir = tempDir(t);
  const config = prepare(dir);
  writeFileSync(join(dir, 'suricata.yaml'), 'rule-files:\n  - suricata.rules\n#  - virustotal-ioc.rules\n');
  const { item } = await check(config);
  assert.equal(item('suricata.config')?.state, 'warn');
  assert.match(item('suricata.config')?.hint ?? '', /^Add "- .*virustotal-ioc\.rules" below "rule-files:"/);
});

test('check finds a program that is missing and a folder that is none', async (t) => {
  const dir = tempDir(t);
  const config = prepare(dir);
  writeFileSync(join(dir, 'datasets'), 'a file');
  writeFileSync(join(dir, 'suricata'), '');
  const { status, item } = await check(config);
  assert.equal(status, 1);
  assert.equal(item('suricata.binary')?.state, 'bad');
  assert.equal(item('suricata.datasets_dir')?.state, 'bad');
});

test('check of a bad configuration names each bad key and looks no further', async (t) => {
  const config = join(tempDir(t), 'guardian.yaml');
  writeFileSync(config, 'eve: { type: socket }\n');
  const { status, items } = await check(config);
  assert.equal(status, 78);
  assert.equal(items.length, 1);
  assert.match(items[0]?.found ?? '', /eve\.type/);
});

test('check looks at further neighbours, and one that throws is an item', async (t) => {
  const config = prepare(tempDir(t));
  const others = [
    async () => [{ state: 'ok', name: 'pihole', found: 'v6' }] as const,
    () => Promise.reject(new UnavailableError('Cannot reach MySQL')),
  ];
  const { items } = await check(config, { others });
  assert.ok(items.some(({ name, found }) => name === 'pihole' && found === 'v6'));
  assert.ok(items.some(({ state, found }) => state === 'bad' && found === 'Cannot reach MySQL'));
});
