import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { UnavailableError } from '../../../src/core/errors.ts';
import { ListFilesTarget } from '../../../src/enforce/lists/list-files-target.ts';
import { ListServer } from '../../../src/enforce/lists/list-server.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { piholeWorld } from '../pihole/pihole-world.ts';
import { desired } from '../suricata/desired.ts';

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

async function served(t: TestContext, dir: string): Promise<string> {
  const server = new ListServer({ dir, host: '127.0.0.1', port: 0, log: SILENT });
  await server.start();
  t.after(() => server.stop());
  return `http://127.0.0.1:${server.port}`;
}

test('every list of the folder is served with its type and a strong ETag', async (t) => {
  const dir = tempDir(t);
  await new ListFilesTarget({ dir, sensor: 'test', now: Date.now }).drive(desired('evil-one.top', '198.51.100.7'));
  const url = await served(t, dir);
  const types = {
    'domains.txt': 'plain',
    'hosts.txt': 'plain',
    'adblock.txt': 'plain',
    'rpz.zone': 'dns',
    'ips.txt': 'plain',
  };
  for (const [file, type] of Object.entries(types)) {
    const answer = await fetch(`${url}/${file}`);
    assert.equal(answer.status, 200, file);
    assert.equal(answer.headers.get('content-type'), `text/${type}; charset=utf-8`);
    assert.match(answer.headers.get('etag') ?? '', /^"[\w-]{27}"$/);
    assert.match(await answer.text(), file === 'ips.txt' ? /198\.51\.100\.7/ : /evil-one\.top/);
  }
});

test('who has a list already is told 304, until it changes', async (t) => {
  const dir = tempDir(t);
  const lists = new ListFilesTarget({ dir, sensor: 'test', now: Date.now });
  await lists.drive(desired('evil-one.top'));
  const url = `${await served(t, dir)}/domains.txt`;
  const etag = (await fetch(url)).headers.get('etag') ?? '';
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const answer = await fetch(url, { headers: { 'if-none-match': known } });
    assert.deepEqual([answer.status, await answer.text(), answer.headers.get('etag')], [304, '', etag]);
  }
  await lists.drive(desired('evil-two.top'));
  const changed = await fetch(url, { headers: { 'if-none-match': etag } });
  assert.equal(changed.status, 200);
  assert.match(await changed.text(), /evil-two\.top/);
});

test('HEAD answers as GET does, without the body', async (t) => {
  const dir = tempDir(t);
  await new ListFilesTarget({ dir, sensor: 'test', now: Date.now }).drive(desired('evil-one.top'));
  const url = `${await served(t, dir)}/hosts.txt`;
  const whole = await fetch(url);
  const head = await fetch(url, { method: 'HEAD' });
  assert.equal(await head.text(), '');
  for (const name of ['etag', 'content-length', 'content-type', 'last-modified'])
    assert.equal(head.headers.get(name), whole.headers.get(name), name);
});

test('nothing else is served, whatever the path', async (t) => {
  const dir = tempDir(t);
  await new ListFilesTarget({ dir, sensor: 'test', now: Date.now }).drive(desired('evil-one.top'));
  writeFileSync(join(dir, 'secret.txt'), 'secret');
  const url = await served(t, dir);
  const { port } = new URL(url);
  for (const path of [
    '/',
    '/secret.txt',
    '/../secret.txt',
    '/domains.txt/../secret.txt',
    '/%2e%2e/secret.txt',
    '//domains.txt',
    '/domains.txt%00',
    'http://x/secret.txt',
  ]) {
    assert.match(await raw(Number(port), path), /^HTTP\/1\.1 404 /, path);
  }
  assert.equal((await fetch(`${url}/domains.txt`, { method: 'POST', body: 'x' })).status, 405);
  assert.equal((await fetch(`${url}/domains.txt?token=1`)).status, 200);
});

test('a list that is not written yet is no empty list', async (t) => {
  const url = await served(t, tempDir(t));
  assert.equal((await fetch(`${url}/domains.txt`)).status, 503);
});

test('a port that is taken is said', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => void taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const server = new ListServer({ dir: tempDir(t), host: '127.0.0.1', port, log: SILENT });
  await assert.rejects(server.start(), (error) => {
    assert.ok(error instanceof UnavailableError);
    assert.match(error.message, /^Cannot serve lists on "127\.0\.0\.1:\d+": EADDRINUSE/);
    return true;
  });
});

test('a Pi-hole subscribed over HTTP reads it once and is told 304 after', async (t) => {
  const world = await piholeWorld(t);
  const url = await served(t, world.listsDir);
  const pihole = world.target({ mode: 'both', listAddress: `${url}/domains.txt` });
  const state = desired('evil-one.top');
  await world.lists.drive(state);
  await pihole.drive(state, new AbortController().signal);
  await pihole.settled();
  const outcome = await pihole.drive(state, new AbortController().signal);
  assert.deepEqual([outcome.proved, world.ftl.domains.rows.length, world.ftl.domains.lists[0]?.status], [true, 0, 1]);
  await world.ftl.domains.gravity();
  assert.deepEqual([world.ftl.domains.lists[0]?.status, world.ftl.domains.lists[0]?.number], [2, 1]);
});

/** A request with a path that `fetch` would tidy up. */
function raw(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
    );
    let text = '';
    socket.on('data', (part) => {
      text += String(part);
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}
