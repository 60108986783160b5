import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirusTotalStandIn, type VirusTotalStandInOptions } from '../../../src/cli/demo/virustotal-stand-in.ts';
import { KEY, NOW } from './source-against-stand-in.ts';

interface Asked {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly body: { readonly data?: { readonly [name: string]: unknown } };
}

type Ask = (path: string, init?: RequestInit) => Promise<Asked>;

async function startStandIn(
  t: { after(fn: () => Promise<void>): void },
  options: Partial<VirusTotalStandInOptions> = {},
): Promise<{ standIn: VirusTotalStandIn; ask: Ask }> {
  const standIn = new VirusTotalStandIn({ keys: [KEY], reports: new Map(), now: () => NOW, ...options });
  const { baseUrl } = await standIn.start();
  t.after(() => standIn.stop());
  const ask: Ask = async (path, init = { headers: { 'x-apikey': KEY } }) => {
    const response = await fetch(baseUrl + path, init);
    const body = (await response.json()) as Asked['body'] & { error?: { code: string; message: string } };
    return { status: response.status, code: body.error?.code, message: body.error?.message, body };
  };
  return { standIn, ask };
}

const UNLIMITED = { minute: Number.POSITIVE_INFINITY, day: 1e6, month: 1e6 };
const base64 = (url: string) => Buffer.from(url).toString('base64url');

test('VirusTotalStandIn refuses a missing and a wrong key as the real one does', async (t) => {
  const { ask } = await startStandIn(t);
  const missing = await ask('/domains/example.com', {});
  assert.deepEqual(
    [missing.status, missing.code, missing.message],
    [401, 'AuthenticationRequiredError', 'X-Apikey header is missing'],
  );
  const wrong = await ask('/domains/example.com', { headers: { 'x-apikey': 'other' } });
  assert.deepEqual([wrong.status, wrong.code], [401, 'WrongCredentialsError']);
});

test('VirusTotalStandIn answers 404 with the envelope for what it does not know, and charges for it', async (t) => {
  const { ask } = await startStandIn(t, { allowance: { minute: 1, day: 5, month: 5 } });
  const unknown = await ask('/domains/example.com');
  assert.deepEqual(
    [unknown.status, unknown.code, unknown.message],
    [404, 'NotFoundError', 'Domain "example.com" not found'],
  );
  const spent = await ask('/domains/example.com');
  assert.deepEqual([spent.status, spent.code], [429, 'QuotaExceededError']);
});

test('VirusTotalStandIn answers a path it does not have by 404, free of charge', async (t) => {
  const { ask } = await startStandIn(t, { allowance: { minute: 1, day: 1, month: 1 } });
  for (const path of ['/domain/example.com', '/domains', '/domains/a.example.com/subdomains', '/users/me/other']) {
    assert.equal((await ask(path)).status, 404, path);
  }
  assert.equal((await ask('/domains/example.com')).code, 'NotFoundError');
});

test('VirusTotalStandIn refuses identifiers that are not canonical', async (t) => {
  const { standIn, ask } = await startStandIn(t, { allowance: UNLIMITED, reports: () => ({ malicious: 0 }) });
  const names = ['Example.com', 'example.com.', 'b%C3%BCcher.example.com', 'a..example.com', 'a%20b.example.com'];
  const bad = [
    ...names.map((name) => `/domains/${name}`),
    '/domains/198.51.100.7',
    '/domains/a%22b.example.com',
    '/ip_addresses/example.com',
    '/ip_addresses/1.2.3',
    '/ip_addresses/fe80::1%25eth0',
    '/urls/https:example.com',
    `/urls/${Buffer.from('https://example.com/').toString('base64')}=`,
    `/urls/${base64('ftp://example.com/')}`,
    `/urls/${base64('example.com')}`,
    '/files/abc',
    `/files/${'AB'.repeat(32)}`,
  ];
  for (const path of bad) {
    const { status, code } = await ask(path);
    assert.deepEqual([path, status, code], [path, 400, 'InvalidArgumentError']);
  }
  assert.deepEqual(standIn.violations, []);
});

test('VirusTotalStandIn writes down what should never have left the household', async (t) => {
  const { standIn, ask } = await startStandIn(t, { allowance: UNLIMITED, reports: () => ({ malicious: 0 }) });
  const secret = [
    '/domains/nas.local',
    '/domains/NAS.Local.',
    '/domains/printer',
    '/domains/router.home.arpa',
    '/domains/7.1.168.192.in-addr.arpa',
    '/domains/pc.fritz.box',
    '/domains/192.168.1.7',
    '/ip_addresses/192.168.1.7',
    '/ip_addresses/127.0.0.1',
    '/ip_addresses/100.64.0.1',
    '/ip_addresses/fd00::1',
    '/ip_addresses/::ffff:10.0.0.1',
    `/urls/${base64('https://example.com/?token=1')}`,
    `/urls/${base64('https://me:word@example.com/')}`,
    `/urls/${base64('https://example.com/#part')}`,
    `/urls/${base64('http://192.168.1.1/admin')}`,
    `/urls/${base64('http://nas.lan/')}`,
  ];
  for (const path of secret) assert.equal((await ask(path)).status, 400, path);
  assert.equal(standIn.violations.length, secret.length);
});

test('VirusTotalStandIn refuses to be written to, and writes it down', async (t) => {
  const { standIn, ask } = await startStandIn(t);
  for (const [method, path] of [
    ['POST', '/urls'],
    ['POST', '/domains/example.com/analyse'],
    ['POST', '/domains/example.com'],
    ['PUT', '/files'],
    ['DELETE', '/users/me'],
  ] as const) {
    assert.equal((await ask(path, { method, headers: { 'x-apikey': KEY } })).status, 400);
  }
  assert.deepEqual(
    standIn.violations.map(({ reason }) => reason),
    ['POST request', 'POST request', 'POST request', 'PUT request', 'DELETE request'],
  );
});

test('VirusTotalStandIn gives objects in the real shape, with 92 engines and API links', async (t) => {
  const reports = () => ({ malicious: 2, suspicious: 1, timeout: 1, flaggedBy: ['Cyble'] });
  const { ask } = await startStandIn(t, { allowance: UNLIMITED, reports });
  for (const [path, type] of [
    ['/domains/example.com', 'domain'],
    ['/ip_addresses/198.51.100.7', 'ip_address'],
    [`/urls/${base64('https://example.com/a')}`, 'url'],
    [`/files/${'ab'.repeat(32)}`, 'file'],
  ] as const) {
    const { data } = (await ask(path)).body;
    const attributes = data?.attributes as {
      last_analysis_stats: Record<string, number>;
      last_analysis_results: Record<string, { category: string; engine_name: string }>;
      last_analysis_date: number;
    };
    const results = Object.entries(attributes.last_analysis_results);
    assert.equal(data?.type, type);
    assert.match(JSON.stringify(data?.links), /^{"self":"http:.*\/api\/v3\//);
    assert.equal(results.length, 92);
    assert.equal(attributes.last_analysis_results.Cyble?.category, 'malicious');
    assert.ok(attributes.last_analysis_date < 1e10, 'seconds, like the real one');
    const counted: Record<string, number> = {};
    for (const [name, { category, engine_name }] of results) {
      assert.equal(engine_name, name);
      counted[category] = (counted[category] ?? 0) + 1;
    }
    assert.deepEqual(counted, attributes.last_analysis_stats);
  }
});

test('VirusTotalStandIn finds a URL again by the identifier it gave it', async (t) => {
  const reports = new Map([['url:https://example.com/a', { malicious: 1 }]]);
  const { ask } = await startStandIn(t, { reports });
  const first = await ask(`/urls/${base64('https://example.com/a')}`);
  const again = await ask(`/urls/${String(first.body.data?.id)}`);
  assert.deepEqual(again.body, first.body);
});

test('VirusTotalStandIn keeps minute, day and month apart and lets each end in its own time', async (t) => {
  const clock = { now: NOW };
  const { ask } = await startStandIn(t, { now: () => clock.now, allowance: { minute: 2, day: 3, month: 4 } });
  const statusAt = async (now: number) => {
    clock.now = now;
    return (await ask('/domains/example.com')).status;
  };
  const day = 86_400_000;
  assert.deepEqual([await statusAt(NOW), await statusAt(NOW), await statusAt(NOW)], [404, 404, 429]);
  assert.deepEqual([await statusAt(NOW + 60_000), await statusAt(NOW + 120_000)], [404, 429], 'the day is spent');
  assert.deepEqual([await statusAt(NOW + day), await statusAt(NOW + 2 * day)], [404, 429], 'the month is spent');
  assert.equal(await statusAt(NOW + 31 * day), 404);
});

test('VirusTotalStandIn tells allowances for nothing, each key its own', async (t) => {
  const { standIn, ask } = await startStandIn(t, { keys: [KEY, 'second'], reports: () => ({ malicious: 0 }) });
  await ask('/domains/example.com');
  const mine = await ask(`/users/${KEY}/overall_quotas`);
  assert.deepEqual(mine.body.data?.api_requests_daily, { user: { allowed: 500, used: 1 } });
  const other = await ask('/users/second/overall_quotas', { headers: { 'x-apikey': 'second' } });
  assert.deepEqual(other.body.data?.api_requests_daily, { user: { allowed: 500, used: 0 } });
  assert.equal((await ask('/users/second/overall_quotas')).status, 404, "another's allowances are nobody's business");
  assert.ok(standIn.requests.every(({ path }) => !path.includes(KEY)));
});

test('VirusTotalStandIn stands on loopback, and answers nobody after stop()', async () => {
  const standIn = new VirusTotalStandIn({ keys: [KEY], reports: new Map() });
  const { baseUrl } = await standIn.start();
  assert.match(baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/api\/v3$/);
  await standIn.stop();
  await assert.rejects(fetch(`${baseUrl}/domains/example.com`));
  await standIn.stop();
});
