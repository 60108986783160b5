import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { ControlServer } from '../../src/api/control-server.ts';
import { OperatorError } from '../../src/core/errors.ts';
import { ask, startControl } from './control-fixture.ts';

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
