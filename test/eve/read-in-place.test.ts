import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { readInPlace } from '../../src/eve/read-in-place.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Reads a connection into a small buffer and gathers what comes. */
function reading(accepted: Socket): { readonly text: () => string; readonly closed: Promise<void>; end(): void } {
  const buffer = Buffer.alloc(1000);
  const parts: string[] = [];
  let end = (): void => {};
  const closed = new Promise<void>((resolve) => {
    const bytes = (count: number): void => void parts.push(buffer.toString('latin1', 0, count));
    end = readInPlace(accepted, buffer, { bytes, closed: resolve });
  });
  return { text: () => parts.join(''), closed, end: () => end() };
}

const SENT = Array.from({ length: 2000 }, (_, i) => `record ${i}\n`).join('');

test('what a connection sends is read in order, and its end lets the server close', async (t) => {
  const path = join(tempDir(t), 'stream.sock');
  const server = createServer({ pauseOnConnect: true });
  server.listen(path);
  await once(server, 'listening');
  const sender = createConnection(path);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const read = reading(accepted);
  sender.end(SENT);
  await read.closed;
  assert.equal(read.text(), SENT);
  assert.equal(accepted.listenerCount('data'), 0, 'nothing is copied');
  server.close();
  await once(server, 'close');
});

test('ending a connection from our side closes it for both and is told', async (t) => {
  const path = join(tempDir(t), 'stream.sock');
  const server = createServer({ pauseOnConnect: true });
  server.listen(path);
  await once(server, 'listening');
  const sender = createConnection(path);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const read = reading(accepted);
  const gone = once(sender.resume(), 'close');
  read.end();
  await Promise.all([read.closed, gone]);
  server.close();
  await once(server, 'close');
});

test('a connection without a handle is read as usual, in pieces that fit', async () => {
  const connection = new PassThrough();
  const read = reading(connection as unknown as Socket);
  connection.end(SENT);
  await read.closed;
  assert.equal(read.text(), SENT);
});
