import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DisclosureFacts } from '../../src/api/control-stores.ts';
import type { ExplanationDocument } from '../../src/api/explanation.ts';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { ControlClient } from '../../src/cli/control-client.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { Secret } from '../../src/config/secrets.ts';
import type { Observable } from '../../src/core/observable.ts';
import type { SecondSource } from '../../src/sidecar/second-source.ts';
import { AbuseIpDbSource } from '../../src/sources/abuseipdb/abuseipdb-source.ts';
import { DnsOracle } from '../../src/sources/dns-oracle/dns-oracle.ts';
import { KEY, startAbuseIpDb } from '../sources/abuseipdb/abuseipdb-stand-in.ts';
import { startDoh } from '../sources/dns-oracle/doh-stand-in.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { tempDir } from '../support/temp-dir.ts';
import { textNow } from '../support/text-now.ts';
import { until } from '../support/until.ts';
import { quietSidecar } from './quiet-sidecar.ts';

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

const ENGINES = ['Fortinet', 'Sophos', 'Kaspersky', 'ESET', 'BitDefender', 'Webroot'];

/** How many engines flag what; all else is clean. */
const FLAGGED: Readonly<Record<string, number>> = {
  'doubtful-name.top': 4,
  'strong-name.top': 12,
  '198.18.0.1': 0,
  '45.9.148.10': 4,
};

interface World {
  readonly client: ControlClient;
  readonly eveSocket: string;
  readonly blocklist: (file: string) => readonly string[];
  readonly lookUp: (observable: string) => Promise<unknown>;
  readonly explain: (observable: string) => Promise<ExplanationDocument>;
}

/** The whole sidecar in this process, with these sources asked after a VirusTotal stand-in. */
async function startWorld(t: TestContext, secondSources: readonly SecondSource[]): Promise<World> {
  const reports = ({ value }: Observable) => {
    const malicious = FLAGGED[value] ?? 0;
    return { malicious, ...(malicious > ENGINES.length ? {} : { flaggedBy: ENGINES.slice(0, malicious) }) };
  };
  const virustotal = new VirusTotalStandIn({
    keys: ['test-key'],
    reports,
    allowance: { minute: 1000, day: 100_000, month: 1_000_000 },
  });
  const { baseUrl } = await virustotal.start();
  t.after(() => virustotal.stop());
  const dir = tempDir(t);
  const at = (name: string) => JSON.stringify(join(dir, name));
  const text = `sensor: test
data_dir: ${at('data')}
eve: { socket: ${at('eve.sock')} }
virustotal: { base_url: ${JSON.stringify(baseUrl)}, max_per_minute: 1000, max_per_day: 100000 }
suricata: { command_socket: null, rules_file: ${at('r/v.rules')}, datasets_dir: ${at('d')}, allow_unchecked: true }
lists: { dir: ${at('lists')} }
api: { socket: ${at('api.sock')} }
`;
  const config = loadConfig({ path: join(dir, 'guardian.yaml'), text });
  const sidecar = quietSidecar(config, { apiKey: new Secret('test-key'), secondSources });
  await sidecar.start();
  t.after(() => sidecar.stop());
  const client = new ControlClient(join(dir, 'api.sock'), new AbortController().signal);
  return {
    client,
    eveSocket: join(dir, 'eve.sock'),
    blocklist: (file) => textNow(join(dir, 'lists', file)).split('\n'),
    lookUp: (observable) => client.ask({ method: 'POST', path: '/v1/lookups', body: { observable } }),
    explain: (observable) => client.ask({ method: 'GET', path: `/v1/explain/${observable}` }),
  };
}

test('what VirusTotal leaves open is asked of the oracle, whose word counts as one voice and tips the verdict', {
  timeout: 60_000,
}, async (t) => {
  const doh = await startDoh(t);
  doh.filtered.set('doubtful-name.top', 'denied').set('harmless-name.org', ['198.51.100.1']);
  const source = new DnsOracle({ service: doh.service('nxdomain'), now: Date.now });
  const world = await startWorld(t, [{ source, maxPerMinute: 100, maxPerDay: 1000 }]);
  await sendToSocket(
    world.eveSocket,
    ['doubtful-name.top', 'printer.lan', 'harmless-name.org'].map((name) => dnsQuestionLine(name)).join(''),
  );
  await until('it is blocked', () => world.blocklist('domains.txt').includes('doubtful-name.top'));
  const story = await world.explain('doubtful-name.top');
  assert.deepEqual(story.reports.map((report) => report.source).sort(), ['oracle', 'virustotal']);
  assert.match(story.verdict.policy_line, /5 independent engines >= policy.malicious_at 5/);
  await world.lookUp('strong-name.top');
  await until(
    'the clean one has its answer',
    async () => (await world.explain('harmless-name.org')).verdict.state === 'clean',
  );
  assert.deepEqual(
    doh.asked,
    ['filtered doubtful-name.top'],
    'neither what is clean, nor what is strong, nor what is private',
  );
  assert.deepEqual(doh.violations, []);
  const sent = await world.client.ask<{ disclosures: readonly DisclosureFacts[] }>({
    method: 'GET',
    path: '/v1/disclosures',
  });
  assert.ok(sent.disclosures.some((one) => one.source === 'oracle' && one.sent === 'doubtful-name.top'));
});

test('an oracle that is away costs no verdict and no count, and is asked again when the name is judged anew', {
  timeout: 60_000,
}, async (t) => {
  const doh = await startDoh(t);
  doh.filtered.set('doubtful-name.top', (response) => void response.writeHead(503).end());
  const source = new DnsOracle({ service: doh.service('nxdomain'), now: Date.now });
  const world = await startWorld(t, [{ source, maxPerMinute: 100, maxPerDay: 1 }]);
  await world.lookUp('doubtful-name.top');
  await until('it was asked', () => doh.asked.length === 1);
  const story = await world.explain('doubtful-name.top');
  assert.equal(story.verdict.state, 'suspicious');
  doh.filtered.set('doubtful-name.top', 'denied');
  await world.client.ask({
    method: 'POST',
    path: '/v1/lookups',
    body: { observable: 'doubtful-name.top', refresh: true },
  });
  await until('its word counts, with the one question a day it may be asked', () =>
    world.blocklist('domains.txt').includes('doubtful-name.top'),
  );
});

test('AbuseIPDB is asked about addresses alone, and a refused key stops it and is told', {
  timeout: 60_000,
}, async (t) => {
  const abuse = await startAbuseIpDb(t);
  abuse.known.set('45.9.148.10', { abuseConfidenceScore: 100, totalReports: 40, numDistinctUsers: 20 });
  const good = new AbuseIpDbSource({ apiKey: KEY, baseUrl: abuse.baseUrl, now: Date.now });
  const world = await startWorld(t, [{ source: good, maxPerMinute: 100, maxPerDay: 1000 }]);
  await world.lookUp('doubtful-name.top');
  await world.lookUp('45.9.148.10');
  await until('the address is blocked', () => world.blocklist('ips.txt').includes('45.9.148.10'));
  assert.deepEqual(abuse.asked, ['45.9.148.10']);
  assert.deepEqual(abuse.violations, []);

  const bad = new AbuseIpDbSource({ apiKey: 'another', baseUrl: abuse.baseUrl, now: Date.now });
  const refused = await startWorld(t, [{ source: bad, maxPerMinute: 100, maxPerDay: 1000 }]);
  await refused.lookUp('45.9.148.10');
  const status = () => refused.client.ask<StatusDocument>({ method: 'GET', path: '/v1/status' });
  await until('status says so', async () => (await status()).warnings.some(({ code }) => code === 'second_source'));
  assert.equal((await refused.explain('45.9.148.10')).verdict.state, 'suspicious');
});
