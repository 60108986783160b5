import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { DesiredState } from '../../../src/core/indicator.ts';
import { virusTotalPage } from '../../../src/core/permalink.ts';
import type { PublicationOptions } from '../../../src/enforce/suricata/publication.ts';
import { featuresOf, NO_FEATURES, versionOfBinary } from '../../../src/enforce/suricata/suricata-features.ts';
import { type Endpoint, PcapWriter } from '../../support/pcap.ts';
import { quicInitial } from '../../support/quic-initial.ts';
import { requires } from '../../support/requirement.ts';
import { alertLines, type EveEvent, nameAskedIn, runSuricataOnPcap } from '../../support/suricata.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { dnsMessage, dnsOverTcp, httpRequest, httpResponse, tlsClientHello } from '../../support/wire-message.ts';
import { desired, indicator, SINCE } from './desired.ts';
import { publishTo } from './published.ts';

const RESOLVER: Endpoint = { address: '203.0.113.53', port: 53 };
const FILE = Buffer.from('this file is bad');

/** Conversations of one household; each gets a client port of its own. */
class Traffic {
  readonly writer = new PcapWriter();
  #port = 40_000;

  query(...names: readonly string[]): this {
    for (const name of names) this.writer.udp(this.#client(), RESOLVER, dnsMessage({ name }));
    return this;
  }

  queryOverTcp(name: string): this {
    this.writer.tcp(this.#client(), RESOLVER, dnsOverTcp({ name }));
    return this;
  }

  tls(name: string, server = '203.0.113.7'): this {
    this.writer.tcp(this.#client(), { address: server, port: 443 }, tlsClientHello(name));
    return this;
  }

  quic(name: string): this {
    this.writer.udp(this.#client(), { address: '203.0.113.7', port: 443 }, quicInitial(name));
    return this;
  }

  http(host: string, path = '/', port = 80, body = Buffer.from('fine')): this {
    this.writer.tcp(this.#client(), { address: '203.0.113.8', port }, httpRequest(host, path), httpResponse(body));
    return this;
  }

  #client(): Endpoint {
    this.#port += 1;
    return { address: '192.168.1.20', port: this.#port };
  }
}

async function eventsOf(
  t: TestContext,
  wanted: DesiredState,
  traffic: Traffic,
  changes: Partial<PublicationOptions> & { readonly args?: readonly string[] } = {},
): Promise<readonly EveEvent[]> {
  const dir = tempDir(t);
  const { rules, put } = await publishTo(dir, wanted, changes);
  assert.deepEqual(put, { outcome: 'put' });
  const pcap = join(dir, 'traffic.pcap');
  writeFileSync(pcap, traffic.writer.bytes());
  return runSuricataOnPcap(pcap, { dir: join(dir, 'run'), rulesFiles: [rules], args: changes.args ?? [] });
}

const VERDICT = {
  verdict: 'malicious',
  source: 'virustotal',
  ratio: '12/92',
  since: new Date(SINCE).toISOString(),
};

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

const LOOKALIKES = ['notevil.com', 'evil.com.br', 'evil.community', 'evil-com.example', 'com'];

for (const maxRules of [500, 0]) {
  const sid = (own: number, shared: number) => (maxRules === 0 ? shared : own);
  const by = maxRules === 0 ? 'by dataset' : 'by its own rule';

  test(`a name is found exactly, in any case and over TCP, ${by}; lookalikes and names below it are not`, async (t) => {
    if (!requires(t, 'suricata')) return;
    const traffic = new Traffic().query('evil.com', 'EVIL.com', 'sub.evil.com', ...LOOKALIKES).queryOverTcp('eViL.CoM');
    const events = await eventsOf(t, desired('evil.com'), traffic, { maxRules });
    const found = sid(1_900_000, 1_999_800);
    assert.deepEqual(alertLines(events), [`EVIL.com ${found}`, `eViL.CoM ${found}`, `evil.com ${found}`]);
  });

  test(`a wildcard finds the name and everything below it, ${by}; lookalikes are not found`, async (t) => {
    if (!requires(t, 'suricata')) return;
    const below = ['evil.com', 'sub.evil.com', 'a.b.SUB.evil.com', '_dmarc.evil.com'];
    const traffic = new Traffic().query(...below, ...LOOKALIKES).queryOverTcp('Tcp.Evil.com');
    const events = await eventsOf(t, desired('*.evil.com'), traffic, { maxRules });
    const found = sid(1_900_000, 1_999_812);
    assert.deepEqual(alertLines(events), [...below, 'Tcp.Evil.com'].map((name) => `${name} ${found}`).sort());
  });

  test(`an address alerts once an hour for a pair of hosts, not once a packet, ${by}`, async (t) => {
    if (!requires(t, 'suricata')) return;
    const bad = '198.51.100.66';
    const traffic = new Traffic().tls('fine.example', bad).tls('fine.example', bad).tls('fine.example');
    const events = await eventsOf(t, desired(bad), traffic, { maxRules });
    const alerts = events.filter(({ event_type }) => event_type === 'alert');
    assert.ok(alerts.length >= 1 && alerts.length <= 2, `${alerts.length} alerts`);
    for (const { alert } of alerts) assert.match(alert?.signature ?? '', maxRules === 0 ? /address held/ : /66 is/);
  });
}

test('where Suricata matches subdomains itself, one rule finds what several find elsewhere, and a name with its own rule once', async (t) => {
  if (!requires(t, 'suricata')) return;
  const installed = featuresOf((await versionOfBinary('suricata', new AbortController().signal)) ?? '');
  const features = { ...NO_FEATURES, subdomains: installed.subdomains };
  if (!features.subdomains) {
    // An older one takes such rules and finds the name alone, which is why it is never given them.
    const told = { maxRules: 0, features: { ...NO_FEATURES, subdomains: true } };
    const found = await eventsOf(t, desired('*.evil.com'), new Traffic().query('evil.com', 'sub.evil.com'), told);
    assert.deepEqual(alertLines(found), ['evil.com 1999810']);
    return;
  }
  const traffic = new Traffic().query('evil.com', 'a.b.EVIL.com', 'x.deep.sub.example', 'sub.example', ...LOOKALIKES);
  const wanted = desired('*.evil.com', '*.deep.sub.example');
  const shared = await eventsOf(t, wanted, traffic, { maxRules: 0, features });
  const names = ['a.b.EVIL.com', 'evil.com', 'x.deep.sub.example'];
  assert.deepEqual(
    alertLines(shared),
    names.map((name) => `${name} 1999810`),
  );
  const own = await eventsOf(t, wanted, traffic, { maxRules: 1, features });
  assert.deepEqual(alertLines(own), ['a.b.EVIL.com 1999810', 'evil.com 1999810', 'x.deep.sub.example 1900000']);
});

test('where Suricata takes it, an alert by dataset carries the verdict, for names, what is below them, and addresses', async (t) => {
  if (!requires(t, 'suricata')) return;
  const features = featuresOf((await versionOfBinary('suricata', new AbortController().signal)) ?? '');
  const wanted = desired('evil.com', '*.wide.example', '198.51.100.66');
  const traffic = new Traffic().query('evil.com', 'x.wide.example').tls('fine.example', '198.51.100.66');
  const events = await eventsOf(t, wanted, traffic, { maxRules: 0, features });
  const contexts = events.flatMap(({ alert }) => (alert === undefined ? [] : [alert.context]));
  const about = (value: string) => ({
    guardian: { ...VERDICT, value, permalink: virusTotalPage(indicator(value.replace(/^\./, '*.')).observable) },
  });
  const found = new Map(contexts.map((one) => [JSON.stringify(one), one]));
  const told = features.context ? ['.wide.example', '198.51.100.66', 'evil.com'].map(about) : [undefined];
  assert.deepEqual([...found.values()].sort(byText), told);
});

test('wildcards of several lengths in one set find their own names only', async (t) => {
  if (!requires(t, 'suricata')) return;
  const traffic = new Traffic().query('x.evil.com', 'a.deep.sub.example', 'sub.example', 'other.sub.example');
  const events = await eventsOf(t, desired('*.evil.com', '*.deep.sub.example'), traffic, { maxRules: 0 });
  assert.deepEqual(alertLines(events), ['a.deep.sub.example 1999813', 'x.evil.com 1999812']);
});

test('names in TLS, HTTP and QUIC are found by dataset, also where the host has capitals and a port', async (t) => {
  if (!requires(t, 'suricata')) return;
  const traffic = new Traffic().tls('Evil.com').http('Evil.com').http('EVIL.com:80').quic('evil.com');
  traffic.tls('x.wide.example').http('x.Wide.example:80').quic('y.wide.example').tls('notevil.com').http('notevil.com');
  const events = await eventsOf(t, desired('evil.com', '*.wide.example'), traffic);
  assert.deepEqual(
    alertLines(events)
      .map((line) => line.toLowerCase())
      .sort(),
    [
      'evil.com 1999801',
      'evil.com 1999802',
      'evil.com 1999802',
      'evil.com 1999803',
      'x.wide.example 1999852',
      'x.wide.example 1999892',
      'y.wide.example 1999932',
    ],
  );
});

test('a URL is found by host and path together, with escapes as they were sent', async (t) => {
  if (!requires(t, 'suricata')) return;
  const traffic = new Traffic().http('x.example', '/a/b?c=d').http('X.example:80', '/a;b%20c,(1)');
  traffic
    .http('x.example', '/a/b')
    .http('y.example', '/a/b?c=d')
    .http('x.example:8080', '/p', 8080)
    .http('x.example', '/p');
  const wanted = desired('http://x.example/a/b?c=d', 'http://x.example/a;b%20c,(1)', 'http://x.example:8080/p');
  const events = await eventsOf(t, wanted, traffic);
  const urls = events.filter(({ event_type }) => event_type === 'alert').map(({ http }) => http?.url);
  assert.deepEqual(urls.sort(), ['/a/b?c=d', '/a;b%20c,(1)', '/p']);
});

test('a file is found by any of its three hashes', async (t) => {
  if (!requires(t, 'suricata')) return;
  for (const [algorithm, sid] of [
    ['md5', 1_999_806],
    ['sha1', 1_999_807],
    ['sha256', 1_999_808],
  ] as const) {
    const hash = createHash(algorithm).update(FILE).digest('hex');
    const traffic = new Traffic().http('x.example', '/file', 80, FILE).http('x.example', '/other');
    assert.deepEqual(alertLines(await eventsOf(t, desired(hash), traffic)), [`x.example ${sid}`]);
  }
});

test('with action drop, an inline Suricata blocks, and the limit of alerts is no limit of drops', async (t) => {
  if (!requires(t, 'suricata')) return;
  const bad = '198.51.100.66';
  const traffic = new Traffic().query('evil.com', 'good.com').tls('fine.example', bad).tls('fine.example', bad);
  const changes = { action: 'drop', maxRules: 0, args: ['--simulate-ips'] } as const;
  const events = await eventsOf(t, desired('evil.com', bad), traffic, changes);
  const alerts = events.filter(({ event_type }) => event_type === 'alert');
  assert.ok(alerts.length > 1 && alerts.every(({ alert }) => alert?.action === 'blocked'));
  assert.equal(
    events.some((event) => nameAskedIn(event) === 'good.com'),
    true,
  );
  // A handshake that gets through would show its server name.
  assert.equal(
    events.some(({ event_type, dest_ip }) => event_type === 'tls' && dest_ip === bad),
    false,
  );
});

test('an indicator listed twice over, as itself and by a wildcard, still alerts', async (t) => {
  if (!requires(t, 'suricata')) return;
  const wanted = desired(indicator('sub.evil.com'), indicator('*.evil.com'));
  const lines = alertLines(await eventsOf(t, wanted, new Traffic().query('sub.evil.com')));
  assert.deepEqual(lines, ['sub.evil.com 1900000', 'sub.evil.com 1900001']);
});
