import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorFault } from '../../../src/cli/demo/virustotal-stand-in-answer.ts';
import { CredentialsError, QuotaError, RefusedError, UnavailableError } from '../../../src/core/errors.ts';
import { domain, KEY, NEVER, NOW, rejectionOf, startSource } from './source-against-stand-in.ts';

/** The whole table of the vendor's error page. */
const ERRORS = [
  [400, 'BadRequestError', RefusedError],
  [400, 'InvalidArgumentError', RefusedError],
  [400, 'NotAvailableYet', UnavailableError],
  [400, 'UnselectiveContentQueryError', RefusedError],
  [400, 'UnsupportedContentQueryError', RefusedError],
  [401, 'AuthenticationRequiredError', CredentialsError],
  [401, 'UserNotActiveError', CredentialsError],
  [401, 'WrongCredentialsError', CredentialsError],
  [403, 'ForbiddenError', RefusedError],
  [409, 'AlreadyExistsError', RefusedError],
  [424, 'FailedDependencyError', UnavailableError],
  [429, 'QuotaExceededError', QuotaError],
  [429, 'TooManyRequestsError', QuotaError],
  [503, 'TransientError', UnavailableError],
  [504, 'DeadlineExceededError', UnavailableError],
] as const;

for (const [status, code, expected] of ERRORS) {
  test(`VirusTotalSource throws ${expected.name} for ${status} ${code}`, async (t) => {
    const { source, standIn, lines } = await startSource(t);
    standIn.fail(errorFault(status, code, `the key ${KEY} said so`));
    const error = await rejectionOf(source.lookUp(domain('example.com'), NEVER));
    assert.ok(error instanceof expected, String(error));
    assert.match(error.message, /^Cannot look up domain:example\.com: .*, want /);
    assert.ok(!`${error.stack}${lines.join()}`.includes(KEY));
  });
}

test('VirusTotalSource reports 404 NotFoundError as "not found", with no engine and no acquittal', async (t) => {
  const { source } = await startSource(t);
  const report = await source.lookUp(domain('example.com'), NEVER);
  assert.equal(report.outcome, 'not_found');
  assert.equal(report.askedAt, NOW);
  assert.deepEqual(Object.values(report.stats), [0, 0, 0, 0, 0]);
  assert.equal(report.permalink, 'https://www.virustotal.com/gui/domain/example.com');
});

/** Answers that are nobody's word about the observable, least of all "not found" or "clean". */
const NONSENSE: readonly [string, number, unknown][] = [
  ['a 404 page of a web site', 404, '<h1>Not found</h1>'],
  ['a 404 with another code', 404, { error: { code: 'Other', message: '' } }],
  ['a 404 that is no envelope', 404, { detail: 'Not Found' }],
  ['a login page of a captive portal', 200, '<html>Welcome! Please log in</html>'],
  ['an empty body', 200, ''],
  ['an empty object', 200, {}],
  ['null', 200, 'null'],
  ['a list', 200, []],
  ['half an object', 200, '{"data":{"id":"example.com","type":"domain","attr'],
  ['an object without attributes', 200, { data: { id: 'example.com', type: 'domain' } }],
  ['an error under status 200', 200, { error: { code: 'NotFoundError', message: 'no' } }],
  [
    'an error beside an object',
    200,
    {
      error: { code: 'TransientError', message: '' },
      data: { id: 'example.com', type: 'domain', attributes: { last_analysis_stats: { harmless: 60 } } },
    },
  ],
  ['an error without a code', 200, { error: 'quota' }],
  ['a 204', 204, ''],
  ['a 202', 202, { data: {} }],
  ['a 401 page of a proxy', 401, '<h1>Proxy login</h1>'],
  ['a 403 page of a firewall', 403, '<h1>Blocked</h1>'],
  ['a 407', 407, ''],
  ['a 418', 418, { error: { code: 'Teapot', message: '' } }],
  ['a 500 page', 500, '<h1>Error</h1>'],
  ['a 502 page', 502, '<h1>Bad gateway</h1>'],
];

for (const [name, status, body] of NONSENSE) {
  test(`VirusTotalSource throws UnavailableError for ${name}`, async (t) => {
    const { source, standIn } = await startSource(t);
    standIn.fail({ fault: 'answer', status, body });
    const error = await rejectionOf(source.lookUp(domain('example.com'), NEVER));
    assert.ok(error instanceof UnavailableError, String(error));
    assert.equal(source.state.condition, 'ready');
  });
}

test('VirusTotalSource follows no redirect, which would carry the key elsewhere', async (t) => {
  const { source, standIn, baseUrl } = await startSource(t, { reports: () => ({ malicious: 1 }) });
  const location = `${baseUrl}/domains/example.org`;
  for (const status of [301, 302, 303, 307, 308]) {
    standIn.fail({ fault: 'answer', status, body: '', headers: { location } });
    const asked = standIn.requestCount;
    const error = await rejectionOf(source.lookUp(domain(`r${status}.example.com`), NEVER));
    assert.ok(error instanceof UnavailableError);
    assert.equal(standIn.requestCount, asked + 1);
    source.reset();
  }
});

test('VirusTotalSource waits as long as a busy service asks for', async (t) => {
  const { source, standIn } = await startSource(t);
  standIn.fail(errorFault(503, 'TransientError', 'later', { 'retry-after': '120' }));
  await rejectionOf(source.lookUp(domain('example.com'), NEVER));
  assert.deepEqual([source.state.condition, source.state.retryAt], ['unavailable', NOW + 120_000]);
});

test('VirusTotalSource reads a Retry-After that is a date', async (t) => {
  const { source, standIn } = await startSource(t);
  const date = new Date(NOW + 50_000).toUTCString();
  standIn.fail(errorFault(429, 'QuotaExceededError', 'Quota exceeded', { 'retry-after': date }));
  const error = await rejectionOf(source.lookUp(domain('example.com'), NEVER));
  assert.equal((error as QuotaError).retryAt, NOW + 50_000);
});
