import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import test from 'node:test';
import { QuotaError } from '../../src/core/errors.ts';
import { until } from '../support/until.ts';
import { accusers, ask, DAY, HOUR, keepReport, NOW, startControl } from './control-fixture.ts';

test('status is the daemon state in snake_case with ISO times', async (t) => {
  const { socket } = await startControl(t);
  const { status, json } = await ask(socket, '/v1/status');
  assert.equal(status, 200);
  assert.equal(json.started_at, '2026-03-14T10:00:00.000Z');
  assert.equal(json.eve.last_event_at, '2026-03-14T11:59:57.000Z');
  assert.deepEqual(json.eve.events, { dns: 120, tls: 30 });
  assert.equal(json.alerts_last_day, 0);
  assert.equal(json.quota[0].next_lookup_at, '2026-03-14T12:01:00.000Z');
  assert.equal(json.memory_bytes, 88 * 1024 * 1024);
});

test('a lookup answers with the verdict', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'evil.com', accusers(12));
  const { status, json } = await ask(socket, '/v1/lookups', { method: 'POST', body: '{"observable":"EVIL.com."}' });
  assert.equal(status, 200);
  assert.equal(json.observable, 'evil.com');
  assert.equal(json.state, 'malicious');
});

test('a lookup passes refresh on', async (t) => {
  let refreshed: boolean | undefined;
  const fixture = await startControl(t, {
    lookUp: async (_seen, { refresh }) => {
      refreshed = refresh;
      return keepReport(fixture.store, 'evil.com', accusers(1));
    },
  });
  await ask(fixture.socket, '/v1/lookups', { method: 'POST', body: '{"observable":"evil.com","refresh":true}' });
  assert.equal(refreshed, true);
});

test('a lookup without quota is 429 and says when to come back', async (t) => {
  const lookUp = () =>
    Promise.reject(
      new QuotaError('Cannot look up domain:a.com: the day is spent', { retryAt: NOW + DAY, window: 'day' }),
    );
  const { socket } = await startControl(t, { lookUp });
  const { status, json, headers } = await ask(socket, '/v1/lookups', {
    method: 'POST',
    body: '{"observable":"a.com"}',
  });
  assert.equal(status, 429);
  assert.equal(json.error.code, 'quota');
  assert.equal(json.error.retry_at, '2026-03-15T12:00:00.000Z');
  assert.equal(headers['retry-after'], 'Sun, 15 Mar 2026 12:00:00 GMT');
});

test('a caller that goes away aborts its lookup', async (t) => {
  let signal: AbortSignal | undefined;
  const { socket } = await startControl(t, {
    lookUp: (_seen, _options, given) => {
      signal = given;
      return new Promise((_, reject) => given.addEventListener('abort', () => reject(given.reason)));
    },
  });
  const agent = new Agent();
  const asked = ask(socket, '/v1/lookups', { method: 'POST', body: '{"observable":"a.com"}', agent }).catch(
    () => 'cut',
  );
  await until('the lookup has begun', () => signal !== undefined);
  agent.destroy();
  assert.equal(await asked, 'cut');
  await until('the lookup is aborted', () => signal?.aborted === true);
});

for (const [body, status, code] of [
  ['{', 400, 'bad_request'],
  ['', 400, 'bad_request'],
  ['[]', 400, 'bad_request'],
  ['null', 400, 'bad_request'],
  ['{"observable":1}', 400, 'bad_request'],
  ['{"observable":"a.com","refresh":"yes"}', 400, 'bad_request'],
  ['{"observable":"a.com","x":1}', 400, 'bad_request'],
  ['{"__proto__":{"observable":"a.com"}}', 400, 'bad_request'],
  ['{"observable":"nonsense"}', 400, 'bad_observable'],
  [`{"observable":"${'a'.repeat(70_000)}"}`, 413, 'too_large'],
] as const) {
  test(`a lookup with the body ${body.slice(0, 40)} is refused with ${status}`, async (t) => {
    const { socket } = await startControl(t);
    const answer = await ask(socket, '/v1/lookups', { method: 'POST', body });
    assert.equal(answer.status, status);
    assert.equal(answer.json.error.code, code);
  });
}

test('a body of another media type is 415 with the header to send', async (t) => {
  const { socket } = await startControl(t);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { status, json } = await ask(socket, '/v1/lookups', {
    method: 'POST',
    body: '{"observable":"a.com"}',
    headers,
  });
  assert.equal(status, 415);
  assert.match(json.error.hint, /content-type: application\/json/);
});

test('disclosures are every name ever sent out, by pages', async (t) => {
  const { socket, store } = await startControl(t);
  for (const name of ['a.com', 'b.com', 'c.com']) store.lookups.disclose('virustotal', name, NOW - HOUR);
  const first = (await ask(socket, '/v1/disclosures?limit=2')).json;
  assert.equal(first.total, 3);
  assert.deepEqual(first.disclosures[0], {
    source: 'virustotal',
    sent: 'a.com',
    first_at: '2026-03-14T11:00:00.000Z',
    last_at: '2026-03-14T11:00:00.000Z',
    times: 1,
  });
  const second = (await ask(socket, `/v1/disclosures?limit=2&cursor=${first.next_cursor}`)).json;
  assert.deepEqual(
    second.disclosures.map((one: { sent: string }) => one.sent),
    ['c.com'],
  );
  assert.equal(second.next_cursor, undefined);
});
