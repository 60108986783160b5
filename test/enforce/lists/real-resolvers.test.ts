import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { parseDomainName } from '../../../src/core/domain-name.ts';
import type { DesiredState } from '../../../src/core/indicator.ts';
import { LIST_FORMATS } from '../../../src/enforce/lists/list-format.ts';
import { renderList } from '../../../src/enforce/lists/render-list.ts';
import { requires } from '../../support/requirement.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { DNS_TYPE } from '../../support/wire-message.ts';
import { desired } from '../suricata/desired.ts';
import {
  freePort,
  HTTPS,
  type Reply,
  type RunningResolver,
  startResolver,
  UPSTREAM_ADDRESS,
  type Upstream,
  upstream,
} from './resolver-lab.ts';

const NULL4 = ['0.0.0.0'];
const NULL6 = [Array.from({ length: 16 }, () => 0).join('.')];

/** A list format with the program that reads it, and what that program answers for a blocked name. */
interface Reader {
  readonly format: string;
  readonly program: 'dnsmasq' | 'unbound';
  readonly blocked4: Reply;
  readonly blocked6: Reply;
  /** For a blocked name and another type; `undefined` where the format says nothing about other types. */
  readonly blockedOther: Reply | undefined;
  readonly coversSubdomains: boolean;
  readonly longestName: number;
  readonly command: (list: string, port: number, upstreamPort: number) => readonly [string, ...string[]];
}

const READERS: readonly Reader[] = [
  {
    format: 'dnsmasq',
    program: 'dnsmasq',
    ...{ blocked4: NULL4, blocked6: NULL6, blockedOther: undefined, coversSubdomains: true, longestName: 253 },
    command: (list, port, up) => dnsmasq(port, up, [`--conf-file=${list}`]),
  },
  {
    format: 'hosts',
    program: 'dnsmasq',
    ...{ blocked4: NULL4, blocked6: NULL6, blockedOther: undefined, coversSubdomains: false, longestName: 253 },
    command: (list, port, up) => dnsmasq(port, up, ['--conf-file=/dev/null', `--addn-hosts=${list}`]),
  },
  {
    format: 'unbound',
    program: 'unbound',
    ...{ blocked4: NULL4, blocked6: NULL6, blockedOther: 'nodata', coversSubdomains: true, longestName: 253 },
    command: (list, port, up) => unbound(list, port, up, `include: "${list}"\n`),
  },
  {
    format: 'rpz',
    program: 'unbound',
    ...{
      blocked4: 'nxdomain',
      blocked6: 'nxdomain',
      blockedOther: 'nxdomain',
      coversSubdomains: true,
      longestName: 200,
    },
    command: (list, port, up) => unbound(list, port, up, `rpz:\n  name: "rpz.guardian."\n  zonefile: "${list}"\n`),
  },
];

for (const reader of READERS) {
  const whom = `${reader.program} with the ${reader.format} list`;

  test(`${whom} blocks the exact name for every family, and nothing below it or like it`, async (t) => {
    if (!requires(t, reader.program)) return;
    const lab = await read(t, reader, desired('evil-one.top', 'a.evil-three.top', 'evil-one.top.example.net'));
    for (const name of ['evil-one.top', 'EVIL-one.Top', 'a.evil-three.top']) await lab.isBlocked(name);
    for (const name of [
      'www.evil-one.top',
      'a.b.evil-one.top',
      'notevil-one.top',
      'evil-one.top.example.org',
      'evil-one.to',
      'one.top',
      'evil-three.top',
      'aa.evil-three.top',
      'example.net',
    ])
      await lab.isFree(name);
    assert.equal(lab.upstream.asked.has('www.evil-one.top'), true);
    lab.saidNothingBad();
  });

  if (reader.coversSubdomains) {
    test(`${whom} blocks everything below a name where an operator said so, also around a narrower entry`, async (t) => {
      if (!requires(t, reader.program)) return;
      const lab = await read(t, reader, desired('*.evil-two.icu', 'in.evil-two.icu', 'evil-one.top'));
      for (const name of [
        'evil-two.icu',
        'www.evil-two.icu',
        'a.b.c.evil-two.icu',
        'in.evil-two.icu',
        'deep.in.evil-two.icu',
        'evil-one.top',
      ])
        await lab.isBlocked(name);
      for (const name of ['notevil-two.icu', 'two.icu', 'evil-two.icu.example.org', 'www.evil-one.top'])
        await lab.isFree(name);
      lab.saidNothingBad();
    });
  }

  test(`${whom} loads every name that can be blocked, however odd, without a warning`, async (t) => {
    if (!requires(t, reader.program)) return;
    const names = oddNames();
    const lab = await read(t, reader, desired(...names));
    for (const name of names.filter(({ length }) => length <= reader.longestName)) await lab.isBlocked(name);
    await lab.isFree('ordinary.example.net');
    lab.saidNothingBad();
  });

  test(`${whom} loads a list of nothing`, async (t) => {
    if (!requires(t, reader.program)) return;
    const lab = await read(t, reader, new Map());
    await lab.isFree('evil-one.top');
    lab.saidNothingBad();
  });
}

interface Lab {
  readonly upstream: Upstream;
  isBlocked(name: string): Promise<void>;
  isFree(name: string): Promise<void>;
  saidNothingBad(): void;
}

async function read(t: TestContext, reader: Reader, state: DesiredState): Promise<Lab> {
  const format = LIST_FORMATS.get(reader.format);
  assert.ok(format);
  const list = join(tempDir(t), 'list');
  writeFileSync(list, renderList(format, state, 'test'));
  const up = await upstream(t);
  const port = await freePort();
  const resolver = await startResolver(t, reader.command(list, port, up.port), port);
  return {
    upstream: up,
    isBlocked: async (name) => {
      assert.deepEqual(await resolver.ask(name, DNS_TYPE.a), reader.blocked4, name);
      assert.deepEqual(await resolver.ask(name, DNS_TYPE.aaaa), reader.blocked6, name);
      if (reader.blockedOther === undefined) return;
      assert.deepEqual(await resolver.ask(name, HTTPS), reader.blockedOther, name);
      assert.equal(up.asked.has(name), false, `${name} was asked upstream`);
    },
    isFree: async (name) => {
      assert.deepEqual(await resolver.ask(name, DNS_TYPE.a), [UPSTREAM_ADDRESS], name);
    },
    saidNothingBad: () => saidNothingBad(resolver),
  };
}

function saidNothingBad(resolver: RunningResolver): void {
  assert.doesNotMatch(resolver.said(), /warn|error|bad|duplicate|ignor|fail|illegal|cannot/i);
}

/** Names that are canonical and that no registrar would sell, the longest there can be, and many more from the grammar. */
function oddNames(): readonly string[] {
  const label = fc.stringMatching(/^[a-z0-9_-]{1,63}$/);
  const random = fc.sample(fc.array(label, { minLength: 1, maxLength: 4 }), { numRuns: 100, seed: 7 });
  const long = `${`${'a'.repeat(63)}.`.repeat(3)}${'b'.repeat(57)}.top`;
  const names = [
    long,
    long.slice(53),
    long.slice(54),
    '_dmarc.evil-three.top',
    '-a.evil-four.top',
    'a-.evil-four.top',
    '--.evil-four.top',
    '___.top',
    'xn--a.top',
    'xn--.top',
    'xn--80ak6aa92e.com',
    'ab--cd.top',
    '1.2.3.com',
    '0x7f.1.com',
    ...random.map((labels) => `${labels.join('.')}.top`),
  ];
  return names.filter((name) => parseDomainName(name).ok);
}

function dnsmasq(port: number, upstreamPort: number, lists: readonly string[]): readonly [string, ...string[]] {
  return [
    'dnsmasq',
    '--keep-in-foreground',
    '--log-facility=-',
    '--pid-file=',
    `--user=${userInfo().username}`,
    '--listen-address=127.0.0.1',
    '--bind-interfaces',
    `--port=${port}`,
    '--no-hosts',
    '--no-resolv',
    `--server=127.0.0.1#${upstreamPort}`,
    ...lists,
  ];
}

function unbound(list: string, port: number, upstreamPort: number, end: string): readonly [string, ...string[]] {
  const config = `${list}.conf`;
  writeFileSync(
    config,
    `server:
  interface: 127.0.0.1@${port}
  num-threads: 1
  do-tcp: no
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "respip iterator"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@${upstreamPort}
${end}`,
  );
  return ['unbound', '-d', '-c', config];
}
