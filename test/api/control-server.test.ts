import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { ControlServer } from '../../src/api/control-server.ts';
import { OperatorError, QuotaError } from '../../src/core/errors.ts';
import { until } from '../support/until.ts';
import {
  accusers,
  ask,
  DAY,
  HOUR,
  keepReport,
  keepSighting,
  NOW,
  observable,
  startControl,
} from './control-fixture.ts';

test('ControlServer makes its folder and a socket that owner and group may use', async (t) => {
  const { socket } = await startControl(t);
  assert.equal(statSync(socket).mode & 0o777, 0o660);
  assert.equal((await ask(socket, '/healthz')).status, 200);
});

test('ControlServer removes its socket when it stops', async (t) => {
  const { socket, server } = await startControl(t);
  await server.stop();
  assert.equal(existsSync(socket), false);
});

test('ControlServer refuses a socket on which another process answers', async (t) => {
  const { socket, dependencies } = await startControl(t);
  const second = new ControlServer({ socket }, dependencies);
  await assert.rejects(second.start(), /another process answers/);
  assert.equal((await ask(socket, '/healthz')).status, 200, 'the first one still answers');
});

test('ControlServer takes over a socket file that a dead process left behind', async (t) => {
  const { dir, dependencies } = await startControl(t);
  const stale = join(dir, 'stale.sock');
  await leaveSocketBehind(stale);
  assert.equal(existsSync(stale), true);
  const server = new ControlServer({ socket: stale }, dependencies);
  await server.start();
  t.after(() => server.stop());
  assert.equal((await ask(stale, '/healthz')).status, 200);
});

test('ControlServer leaves a file alone that is no socket', async (t) => {
  const { dir, dependencies } = await startControl(t);
  const path = join(dir, 'precious');
  writeFileSync(path, 'data');
  await assert.rejects(new ControlServer({ socket: path }, dependencies).start(), OperatorError);
  mkdirSync(join(dir, 'folder'));
  await assert.rejects(new ControlServer({ socket: join(dir, 'folder') }, dependencies).start(), OperatorError);
  assert.equal(existsSync(path), true);
});

test('ControlServer stops while connections are kept alive and a request hangs', async (t) => {
  const never = new Promise<never>(() => undefined);
  const { socket, server } = await startControl(t, { metricsText: () => never });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  await ask(socket, '/healthz', { agent });
  const hanging = ask(socket, '/metrics').then(
    () => 'answered',
    () => 'cut',
  );
  await server.stop();
  assert.equal(await hanging, 'cut');
});

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

test('a verdict of something never seen is unasked and not seen', async (t) => {
  const { socket } = await startControl(t);
  const { status, json } = await ask(socket, '/v1/verdicts/never.example.com');
  assert.equal(status, 200);
  assert.deepEqual(json, {
    observable: 'never.example.com',
    kind: 'domain',
    seen: false,
    state: 'unasked',
    strong: false,
    block: false,
    held: false,
    reasons: [{ code: 'unasked', text: 'No source has been asked about it yet.' }],
    policy_line: 'unasked: no report',
    permalink: 'https://www.virustotal.com/gui/domain/never.example.com',
  });
});

test('an unasked verdict carries the error of the last attempt', async (t) => {
  const { socket, store } = await startControl(t);
  const seen = observable('slow.evil.com');
  keepSighting(store, 'slow.evil.com', '192.168.1.9', 1);
  const asked = { at: NOW - HOUR, source: 'virustotal', observable: seen, lane: 'new', tookMs: 15_000 };
  store.lookups.keep({ ...asked, outcome: 'unavailable', error: 'no answer within 15000 ms' });
  const { json } = await ask(socket, '/v1/verdicts/slow.evil.com');
  assert.equal(json.state, 'unasked');
  assert.equal(json.seen, true);
  assert.equal(json.last_error, 'no answer within 15000 ms');
  assert.equal(json.last_error_at, '2026-03-14T11:00:00.000Z');
});

test('a verdict is found by any spelling of its observable', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'https://evil.com/a?b=c', accusers(12));
  const path = `/v1/verdicts/${encodeURIComponent('HTTPS://EVIL.com:443/a?b=c#top')}`;
  const { json } = await ask(socket, path);
  assert.equal(json.observable, 'https://evil.com/a?b=c');
  assert.equal(json.kind, 'url');
  assert.equal(json.state, 'malicious');
  assert.equal(json.ratio, '12/92');
});

test('a URL of full length fits into a path', async (t) => {
  const { socket } = await startControl(t);
  const url = `https://evil.com/${'%22'.repeat(670)}`;
  assert.equal((await ask(socket, `/v1/verdicts/${encodeURIComponent(url)}`)).status, 200);
});

test('hostile names in a path are refused with a reason and never a crash', async (t) => {
  const { socket } = await startControl(t);
  const names = [
    "a'; DROP TABLE verdicts;--.com",
    'a\nb.com',
    '\u001b[31mred.com',
    'a\u0000.com',
    '..',
    'localhost',
    '__proto__',
    'a"b.com',
    '<x>.com',
    'x'.repeat(3000),
  ];
  for (const name of names) {
    const { status, json } = await ask(socket, `/v1/verdicts/${encodeURIComponent(name)}`);
    assert.equal(status, 400, JSON.stringify(name));
    assert.equal(json.error.code, 'bad_observable');
    assert.match(json.error.message, /^Cannot read ".*want a domain/);
    assert.ok(json.error.hint.length > 0);
  }
  for (const path of ['/v1/verdicts/%zz', '/v1/verdicts/%', '/v1/verdicts/%ff%fe']) {
    const { status, json } = await ask(socket, path);
    assert.equal(status, 400, path);
    assert.ok(json.error.message.length > 0);
  }
  assert.equal((await ask(socket, '/healthz')).status, 200);
});

test('verdicts are listed by pages until there is no cursor', async (t) => {
  const { socket, store } = await startControl(t);
  for (let at = 0; at < 25; at++) keepReport(store, `host${at}.evil.com`, accusers(at % 2 === 0 ? 12 : 1));
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await ask(
      socket,
      `/v1/verdicts?state=malicious&limit=5${cursor === undefined ? '' : `&cursor=${cursor}`}`,
    );
    assert.ok(json.verdicts.length <= 5);
    names.push(...json.verdicts.map((verdict: { observable: string }) => verdict.observable));
    cursor = json.next_cursor;
  } while (cursor !== undefined);
  assert.equal(new Set(names).size, 13);
  assert.equal(names.length, 13);
});

test('verdicts are filtered by kind and by time', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'a.evil.com', accusers(12));
  keepReport(store, '203.0.113.7', accusers(12));
  const { json } = await ask(socket, '/v1/verdicts?kind=ip');
  assert.deepEqual(
    json.verdicts.map((one: { observable: string }) => one.observable),
    ['203.0.113.7'],
  );
  assert.equal((await ask(socket, '/v1/verdicts?since=2026-03-14T11:30:00Z')).json.verdicts.length, 0);
  assert.equal((await ask(socket, '/v1/verdicts?since=2026-03-14')).json.verdicts.length, 2);
});

for (const [query, why] of [
  ['state=bad', 'an unknown state'],
  ['limit=0', 'a limit of nothing'],
  ['limit=1001', 'a limit above the ceiling'],
  ['limit=x', 'a limit that is no number'],
  ['limit=1&limit=2', 'a parameter given twice'],
  ['cursor=-1', 'a cursor nobody gave out'],
  ['since=yesterday', 'a time that is none'],
  ['statr=malicious', 'a parameter that does not exist'],
]) {
  test(`listing verdicts refuses ${why}`, async (t) => {
    const { socket } = await startControl(t);
    const { status, json } = await ask(socket, `/v1/verdicts?${query}`);
    assert.equal(status, 400);
    assert.equal(json.error.code, 'bad_request');
    assert.match(json.error.message, /^Cannot read /);
  });
}

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

test('what is not served is 404, and a wrong method 405 with the right ones', async (t) => {
  const { socket } = await startControl(t);
  const missing = await ask(socket, '/v2/status');
  assert.equal(missing.status, 404);
  assert.equal(missing.json.error.code, 'not_found');
  assert.ok(missing.json.error.hint.length > 0);
  const wrong = await ask(socket, '/v1/verdicts/a.com?x=1', { method: 'DELETE' });
  assert.equal(wrong.status, 405);
  assert.equal(wrong.json.error.code, 'method_not_allowed');
  assert.equal(wrong.headers.allow, 'GET, HEAD');
});

test('an error that nobody foresaw says nothing of its insides', async (t) => {
  const status = () => {
    throw new TypeError('secret detail');
  };
  const { socket } = await startControl(t, { status });
  const answer = await ask(socket, '/v1/status');
  assert.equal(answer.status, 500);
  assert.equal(answer.json.error.code, 'internal');
  assert.ok(!answer.text.includes('secret detail'));
});

test('overrides are set, listed with those of the config, and forgotten', async (t) => {
  const { socket } = await startControl(t);
  const body = JSON.stringify({
    action: 'block',
    pattern: '*.Evil.com',
    reason: 'phishing',
    expires_at: '2026-03-21T12:00:00Z',
  });
  const set = await ask(socket, '/v1/overrides', { method: 'POST', body });
  assert.equal(set.status, 201);
  assert.deepEqual(set.json.override, {
    action: 'block',
    reason: 'phishing',
    origin: 'operator',
    created_at: '2026-03-14T12:00:00.000Z',
    expires_at: '2026-03-21T12:00:00.000Z',
    pattern: '*.evil.com',
  });
  const listed = await ask(socket, '/v1/overrides');
  assert.deepEqual(
    listed.json.overrides.map((one: { pattern: string }) => one.pattern),
    ['*.allowed.example.com', '*.evil.com'],
  );
  const path = `/v1/overrides?pattern=${encodeURIComponent('*.evil.com')}`;
  assert.equal((await ask(socket, path, { method: 'DELETE' })).json.forgotten, true);
  assert.equal((await ask(socket, path, { method: 'DELETE' })).status, 404);
});

test('an override of the configuration cannot be forgotten', async (t) => {
  const { socket } = await startControl(t);
  const path = `/v1/overrides?pattern=${encodeURIComponent('*.allowed.example.com')}`;
  const { status, json } = await ask(socket, path, { method: 'DELETE' });
  assert.equal(status, 409);
  assert.equal(json.error.code, 'configured');
});

test('an override that has already ended is refused', async (t) => {
  const { socket } = await startControl(t);
  const body = '{"action":"block","pattern":"evil.com","expires_at":"2026-03-14T11:59:59Z"}';
  const { status, json } = await ask(socket, '/v1/overrides', { method: 'POST', body });
  assert.equal(status, 400);
  assert.match(json.error.message, /in the past/);
});

test('hunt names the devices that used an observable', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'evil.com', accusers(12));
  keepSighting(store, 'evil.com', '192.168.1.20', 7);
  const { json } = await ask(socket, '/v1/hunt?observable=evil.com');
  assert.equal(json.observables[0].clients[0].client, '192.168.1.20');
  assert.equal(json.observables[0].clients[0].count, 7);
});

test('hunt names the devices that used what became malicious', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'evil.com', accusers(12));
  keepReport(store, 'unused.evil.com', accusers(12));
  keepReport(store, 'fine.com', accusers(0));
  keepSighting(store, 'evil.com', '192.168.1.20', 7);
  keepSighting(store, 'fine.com', '192.168.1.21', 7);
  const found = (await ask(socket, '/v1/hunt?since=2026-03-14T00:00:00Z')).json;
  assert.deepEqual(
    found.observables.map((one: { observable: string }) => one.observable),
    ['evil.com'],
  );
  assert.deepEqual((await ask(socket, '/v1/hunt?since=2026-03-14T11:30:00Z')).json.observables, []);
  assert.equal((await ask(socket, '/v1/hunt')).json.observables.length, 1);
});

test('a dry run says whom each new block would have hit within seven days', async (t) => {
  const target = { target: 'suricata', added: ['domain:evil.com'], removed: [], published: 0, proved: 0, failed: [] };
  let dry: boolean | undefined;
  const { socket, store } = await startControl(t, {
    publish: async ({ dryRun }) => {
      dry = dryRun;
      return { targets: [target] };
    },
  });
  keepSighting(store, 'evil.com', '192.168.1.20', 7);
  keepSighting(store, 'evil.com', '192.168.1.21', 7, NOW - 8 * DAY);
  const { json } = await ask(socket, '/v1/publish', { method: 'POST', body: '{"dry_run":true}' });
  assert.equal(dry, true);
  assert.deepEqual(json.targets[0].added, ['evil.com']);
  assert.deepEqual(json.would_hit, [{ observable: 'evil.com', devices: ['192.168.1.20'] }]);
  assert.equal((await ask(socket, '/v1/publish', { method: 'POST' })).json.dry_run, false);
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

test('export answers a list as text and names the formats for an unknown one', async (t) => {
  const { socket } = await startControl(t);
  const list = await ask(socket, '/v1/export/domains');
  assert.equal(list.text, '# guardian\nbad.evil.com\n');
  assert.match(list.headers['content-type'] ?? '', /^text\/plain/);
  const unknown = await ask(socket, '/v1/export/pdf');
  assert.equal(unknown.status, 404);
  assert.match(unknown.json.error.hint, /domains hosts adblock/);
});

test('readyz is 503 and says what is missing', async (t) => {
  const { socket } = await startControl(t, { ready: () => ({ ready: false, why: ['the EVE socket is not bound'] }) });
  const { status, json } = await ask(socket, '/readyz');
  assert.equal(status, 503);
  assert.deepEqual(json, { ready: false, why: ['the EVE socket is not bound'] });
});

test('over TCP without a token only metrics and health are served', async (t) => {
  const { server } = await startControl(t, {}, { host: '127.0.0.1', port: 0 });
  const port = server.httpPort ?? 0;
  const metrics = await ask(port, '/metrics');
  assert.equal(metrics.status, 200);
  assert.match(metrics.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  assert.equal((await ask(port, '/healthz')).status, 200);
  assert.equal((await ask(port, '/readyz')).status, 200);
  assert.equal((await ask(port, '/v1/status')).status, 404);
  assert.equal((await ask(port, '/v1/publish', { method: 'POST' })).status, 404);
});

test('over TCP with a token everything is served to whoever carries it', async (t) => {
  const { server } = await startControl(
    t,
    {},
    { host: '127.0.0.1', port: 0, token: 'correct horse'.replace(' ', '-') },
  );
  const port = server.httpPort ?? 0;
  assert.equal((await ask(port, '/metrics')).status, 200);
  const none = await ask(port, '/v1/status');
  assert.equal(none.status, 401);
  assert.equal(none.headers['www-authenticate'], 'Bearer');
  assert.equal((await ask(port, '/v1/status', { headers: { authorization: 'Bearer wrong' } })).status, 401);
  assert.equal((await ask(port, '/v1/status', { headers: { authorization: 'Bearer ' } })).status, 401);
  assert.equal((await ask(port, '/v1/status', { headers: { authorization: 'Bearer correct-horse' } })).status, 200);
});

// A process that was killed cleans up no file.
async function leaveSocketBehind(path: string): Promise<void> {
  const code = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}
