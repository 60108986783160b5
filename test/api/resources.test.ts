import assert from 'node:assert/strict';
import test from 'node:test';
import { accusers, ask, DAY, keepReport, keepSighting, NOW, startControl } from './control-fixture.ts';

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
