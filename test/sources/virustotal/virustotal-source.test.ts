import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { errorFault, type StandInFault } from '../../../src/cli/demo/virustotal-stand-in-answer.ts';
import { CredentialsError, QuotaError, UnavailableError } from '../../../src/core/errors.ts';
import type { Observable } from '../../../src/core/observable.ts';
import { CircuitOpenError } from '../../../src/sources/virustotal/circuit-open-error.ts';
import { VirusTotalSource } from '../../../src/sources/virustotal/virustotal-source.ts';
import { until } from '../../support/until.ts';
import { domain, KEY, NEVER, NOW, rejectionOf, startSource } from './source-against-stand-in.ts';

const OUTAGE = errorFault(503, 'TransientError');

test('VirusTotalSource asks for each kind with GET, a gzip User-Agent and the key in a header only', async (t) => {
  const { source, standIn } = await startSource(t, { reports: () => ({ malicious: 3 }) });
  const asked: readonly [Observable, string][] = [
    [domain('xn--bcher-kva.example.com'), '/domains/xn--bcher-kva.example.com'],
    [domain('_dmarc.example.com'), '/domains/_dmarc.example.com'],
    [{ kind: 'ip', value: '198.51.100.7' }, '/ip_addresses/198.51.100.7'],
    [{ kind: 'ip', value: '2001:db8::7' }, '/ip_addresses/2001:db8::7'],
    [
      { kind: 'url', value: 'https://example.com/a/b?token=secret' },
      `/urls/${Buffer.from('https://example.com/a/b').toString('base64url')}`,
    ],
    [{ kind: 'file', value: 'ab'.repeat(32) }, `/files/${'ab'.repeat(32)}`],
    [{ kind: 'file', value: 'ab'.repeat(20) }, `/files/${'ab'.repeat(20)}`],
    [{ kind: 'file', value: 'ab'.repeat(16) }, `/files/${'ab'.repeat(16)}`],
  ];
  for (const [observable, path] of asked) {
    const report = await source.lookUp(observable, NEVER);
    assert.equal(report.stats.malicious, 3, path);
    assert.deepEqual(report.observable, observable);
    assert.doesNotMatch(report.permalink, /api|ip_address\b/);
    const request = standIn.requests.at(-1);
    assert.equal(request?.path, `/api/v3${path}`);
    assert.equal(request?.method, 'GET');
    assert.match(request?.userAgent ?? '', /gzip/);
    assert.match(request?.acceptEncoding ?? '', /gzip/);
  }
  assert.deepEqual(standIn.violations, []);
});

test('VirusTotalSource.lookUp() asks once when asked twice at the same time', async (t) => {
  const { source, standIn } = await startSource(t, { reports: () => ({ malicious: 1 }) });
  const first = source.lookUp(domain('example.com'), NEVER);
  const second = source.lookUp(domain('example.com'), new AbortController().signal);
  const other = source.lookUp(domain('example.org'), NEVER);
  assert.equal(first, second);
  assert.notEqual(first, other);
  await Promise.all([first, second, other]);
  assert.equal(standIn.requestCount, 2);
  await source.lookUp(domain('example.com'), NEVER);
  assert.equal(standIn.requestCount, 3);
});

test('VirusTotalSource.lookUp() goes on for the callers that stay', async (t) => {
  const { source, standIn } = await startSource(t);
  standIn.fail({ fault: 'silence' });
  const [one, other] = [new AbortController(), new AbortController()];
  const first = source.lookUp(domain('example.com'), one.signal);
  assert.equal(source.lookUp(domain('example.com'), other.signal), first);
  await until('the question has arrived', () => standIn.requestCount === 1);
  one.abort();
  const third = source.lookUp(domain('example.com'), NEVER);
  assert.equal(third, first);
  other.abort();
  assert.equal(source.lookUp(domain('example.com'), NEVER), first);
});

test('VirusTotalSource.lookUp() rejects with the reason of the abort, and learns nothing from it', async (t) => {
  const { source, standIn } = await startSource(t);
  standIn.fail({ fault: 'silence' });
  const caller = new AbortController();
  const asked = source.lookUp(domain('example.com'), caller.signal);
  await until('the question has arrived', () => standIn.requestCount === 1);
  caller.abort(new Error('shutting down'));
  assert.equal((await rejectionOf(asked)).message, 'shutting down');
  assert.equal(source.state.condition, 'ready');
  const again = await source.lookUp(domain('example.com'), NEVER);
  assert.equal(again.outcome, 'not_found');
});

test('VirusTotalSource.lookUp() begins anew for a caller that comes after all others have left', async (t) => {
  const { source, standIn } = await startSource(t);
  standIn.fail({ fault: 'silence' });
  const caller = new AbortController();
  const first = source.lookUp(domain('example.com'), caller.signal);
  await until('the question has arrived', () => standIn.requestCount === 1);
  caller.abort();
  const second = source.lookUp(domain('example.com'), NEVER);
  assert.notEqual(second, first);
  await rejectionOf(first);
  assert.equal(source.lookUp(domain('example.com'), NEVER), second, 'the end of the first does not forget the second');
  assert.equal((await second).outcome, 'not_found');
});

test('VirusTotalSource.lookUp() does not ask for a caller that has already left', async (t) => {
  const { source, standIn } = await startSource(t);
  await rejectionOf(source.lookUp(domain('example.com'), AbortSignal.abort(new Error('gone'))));
  assert.equal(standIn.requestCount, 0);
});

const TOO_LONG = /it is (?:more than 2097152|\d+) bytes long, want at most 2097152$/;
const TOO_SLOW = /no complete answer within 150 ms/;

/** Ways of not answering. A flood without end can only be refused by somebody who does not keep it. */
const SILENCES: readonly [string, StandInFault, RegExp][] = [
  ['a reset connection', { fault: 'reset' }, /want an answer/],
  ['a body that is torn off', { fault: 'torn' }, /want an answer/],
  ['silence', { fault: 'silence' }, TOO_SLOW],
  ['a slow drip', { fault: 'drip', everyMs: 5 }, TOO_SLOW],
  ['a body of 5 MB', { fault: 'oversize', bytes: 5_000_000 }, TOO_LONG],
  ['an announced body of 5 MB', { fault: 'oversize', bytes: 5_000_000, announced: true }, TOO_LONG],
  ['a body without end', { fault: 'oversize', bytes: Number.POSITIVE_INFINITY }, TOO_LONG],
  ['a small body that unpacks into a large one', gzipped(gzipSync(Buffer.alloc(20_000_000, ' '))), TOO_LONG],
  ['a body that is not the gzip it says', gzipped(Buffer.from('{}')), /want an answer/],
];

function gzipped(body: Uint8Array): StandInFault {
  return { fault: 'answer', status: 200, body, headers: { 'content-encoding': 'gzip' } };
}

for (const [name, fault, message] of SILENCES) {
  test(`VirusTotalSource throws UnavailableError for ${name}`, async (t) => {
    const timeoutMs = message === TOO_SLOW ? 150 : 15_000;
    const { source, standIn, lines } = await startSource(t, {}, { timeoutMs });
    standIn.fail(fault);
    const error = await rejectionOf(source.lookUp(domain('example.com'), NEVER));
    assert.ok(error instanceof UnavailableError, String(error));
    assert.match(error.message, message);
    assert.ok(!inspect([error, lines], { depth: 10 }).includes(KEY));
  });
}

test('VirusTotalSource throws UnavailableError when nobody listens', async (t) => {
  const { source, standIn } = await startSource(t);
  await standIn.stop();
  assert.ok((await rejectionOf(source.lookUp(domain('example.com'), NEVER))) instanceof UnavailableError);
});

test('VirusTotalSource stops asking a service that is down, and comes back when a probe succeeds', async (t) => {
  const { source, standIn, clock, lines } = await startSource(t, {}, { failuresToOpen: 3 });
  standIn.fail(OUTAGE, { times: Number.POSITIVE_INFINITY });
  for (let nth = 0; nth < 3; nth += 1) await rejectionOf(source.lookUp(domain('example.com'), NEVER));
  const error = await rejectionOf(source.lookUp(domain('example.com'), NEVER));
  assert.ok(error instanceof CircuitOpenError && error instanceof UnavailableError);
  assert.equal(error.retryAt, NOW + 30_000);
  assert.equal(standIn.requestCount, 3);
  assert.equal(source.state.condition, 'unavailable');
  assert.match(source.state.message ?? '', /503 with TransientError/);
  clock.now = error.retryAt;
  standIn.heal();
  assert.equal((await source.lookUp(domain('example.com'), NEVER)).outcome, 'not_found');
  assert.equal(source.state.condition, 'ready');
  assert.equal(lines.filter((line) => line.includes('source is unavailable')).length, 1);
  assert.equal(lines.filter((line) => line.includes('source answers again')).length, 1);
});

test('VirusTotalSource probes again when the caller of the probe has left', async (t) => {
  const { source, standIn, clock } = await startSource(t, {}, { failuresToOpen: 1 });
  standIn.fail(OUTAGE);
  await rejectionOf(source.lookUp(domain('example.com'), NEVER));
  clock.now += 30_000;
  standIn.fail({ fault: 'silence' });
  const caller = new AbortController();
  const probe = source.lookUp(domain('example.com'), caller.signal);
  await until('the probe has arrived', () => standIn.requestCount === 2);
  assert.ok((await rejectionOf(source.lookUp(domain('example.org'), NEVER))) instanceof CircuitOpenError);
  caller.abort();
  await rejectionOf(probe);
  assert.equal((await source.lookUp(domain('example.org'), NEVER)).outcome, 'not_found');
});

test('VirusTotalSource says once that the service is down, however many questions were under way', async (t) => {
  const { source, standIn, lines } = await startSource(t, {}, { failuresToOpen: 2 });
  standIn.fail(OUTAGE, { times: Number.POSITIVE_INFINITY });
  const names = Array.from({ length: 8 }, (_, nth) => domain(`n${nth}.example.com`));
  await Promise.all(names.map((name) => rejectionOf(source.lookUp(name, NEVER))));
  assert.equal(lines.length, 1, lines.join());
  assert.equal(source.state.retryAt, NOW + 30_000);
});

test('VirusTotalSource says "gzip" in any User-Agent', async (t) => {
  const { source, standIn } = await startSource(t, {}, { userAgent: 'guardian/1.2.3' });
  await source.lookUp(domain('example.com'), NEVER);
  assert.equal(standIn.requests[0]?.userAgent, 'guardian/1.2.3; gzip');
});

test('VirusTotalSource does not hold one object that is not ready against the service', async (t) => {
  const { source, standIn } = await startSource(t, {}, { failuresToOpen: 2 });
  standIn.fail(errorFault(400, 'NotAvailableYet'), { times: 5 });
  for (let nth = 0; nth < 5; nth += 1) await rejectionOf(source.lookUp(domain('example.com'), NEVER));
  assert.equal(source.state.condition, 'ready');
});

test('VirusTotalSource stops at a wrong key, says so once, and asks again after reset() with the right one', async (t) => {
  const wrong = 'f'.repeat(64);
  const { source, standIn, lines } = await startSource(t, {}, { apiKey: wrong });
  for (let nth = 0; nth < 3; nth += 1) {
    assert.ok((await rejectionOf(source.lookUp(domain('example.com'), NEVER))) instanceof CredentialsError);
  }
  assert.ok((await rejectionOf(source.readAllowances(NEVER))) instanceof CredentialsError);
  assert.equal(standIn.requestCount, 1);
  assert.equal(source.state.condition, 'bad_key');
  assert.equal(lines.filter((line) => line.startsWith('error source refuses the key')).length, 1);
  source.reset(KEY);
  assert.equal((await source.lookUp(domain('example.com'), NEVER)).outcome, 'not_found');
});

test('VirusTotalSource shows a key that cannot be a key in no message', async (t) => {
  for (const apiKey of ['', 'two words of-a-key', 'of-a-key\n', 'k\u00e9y-of-a-key']) {
    const { source, standIn, lines } = await startSource(t, {}, { apiKey });
    const error = await rejectionOf(source.lookUp(domain('example.com'), NEVER));
    assert.ok(error instanceof CredentialsError);
    assert.ok(!inspect([error, lines, source], { depth: 10, showHidden: true }).includes('of-a-key'));
    assert.equal(standIn.requestCount, 0);
  }
});

test('VirusTotalSource shows the key in no error of the platform either', async () => {
  const source = new VirusTotalSource({
    apiKey: KEY,
    baseUrl: 'http://[broken',
    clock: () => NOW,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  for (const asked of [source.lookUp(domain('example.com'), NEVER), source.readAllowances(NEVER)]) {
    const error = await rejectionOf(asked);
    assert.ok(error instanceof UnavailableError);
    assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(KEY));
  }
});

test('VirusTotalSource tells the spent minute from the spent day and the spent month', async (t) => {
  const windows = [
    ['minute', { minute: 1, day: 500, month: 15_500 }, NOW + 60_000],
    ['day', { minute: 4, day: 1, month: 31 }, Date.UTC(2026, 3, 16)],
    ['month', { minute: 4, day: 5, month: 1 }, Date.UTC(2026, 4, 1)],
  ] as const;
  for (const [window, allowance, retryAt] of windows) {
    const { source, standIn, clock } = await startSource(t, { allowance });
    await source.lookUp(domain('one.example.com'), NEVER);
    const error = await rejectionOf(source.lookUp(domain('two.example.com'), NEVER));
    assert.ok(error instanceof QuotaError);
    assert.deepEqual([error.window, error.retryAt], [window, retryAt]);
    assert.deepEqual([source.state.condition, source.state.retryAt], ['quota_spent', retryAt]);
    const asked = standIn.requestCount;
    assert.ok((await rejectionOf(source.lookUp(domain('three.example.com'), NEVER))) instanceof QuotaError);
    assert.equal(standIn.requestCount, asked, 'asks nothing while the allowance is spent');
    clock.now = retryAt;
    assert.equal((await source.lookUp(domain('two.example.com'), NEVER)).outcome, 'not_found');
  }
});

test('VirusTotalSource waits a minute for an unknown window when the allowances cannot be read either', async (t) => {
  const { source, standIn } = await startSource(t);
  standIn.fail(errorFault(429, 'TooManyRequestsError'), { times: Number.POSITIVE_INFINITY });
  const error = await rejectionOf(source.lookUp(domain('example.com'), NEVER));
  assert.ok(error instanceof QuotaError);
  assert.deepEqual([error.window, error.retryAt], ['unknown', NOW + 60_000]);
});

test('VirusTotalSource survives a storm of 429: it asks for the allowances once for all of them', async (t) => {
  const { source, standIn, clock, lines } = await startSource(t);
  standIn.fail(errorFault(429, 'QuotaExceededError'), { times: 20, on: /domains/ });
  const names = Array.from({ length: 20 }, (_, nth) => domain(`n${nth}.example.com`));
  const errors = await Promise.all(names.map((name) => rejectionOf(source.lookUp(name, NEVER))));
  assert.ok(errors.every((error) => error instanceof QuotaError && error.retryAt <= NOW + 60_000));
  assert.ok(standIn.requests.filter(({ path }) => path.includes('overall_quotas')).length < 20);
  assert.equal(lines.filter((line) => line.includes('allowance is spent')).length, 1);
  clock.now += 60_000;
  assert.equal((await source.lookUp(domain('example.com'), NEVER)).outcome, 'not_found');
});
