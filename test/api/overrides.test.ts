import assert from 'node:assert/strict';
import test from 'node:test';
import { ask, startControl } from './control-fixture.ts';

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

test('a word for all sensors is kept with its scope where there are others, and refused where there are none', async (t) => {
  const body = '{"action":"allow","pattern":"shop.com","scope":"all"}';
  const alone = await ask((await startControl(t)).socket, '/v1/overrides', { method: 'POST', body });
  assert.equal(alone.status, 409);
  assert.equal(alone.json.error.code, 'no_fleet');
  const { socket } = await startControl(t, { fleetSensor: () => 'office' });
  const { status, json } = await ask(socket, '/v1/overrides', { method: 'POST', body });
  assert.equal(status, 201);
  assert.deepEqual([json.override.scope, json.override.sensor], ['all', 'office']);
});
