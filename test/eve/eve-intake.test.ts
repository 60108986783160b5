import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import unixDgram from 'unix-dgram';
import { OperatorError } from '../../src/core/errors.ts';
import type { Sighting } from '../../src/core/sighting.ts';
import { eachSighting } from '../../src/core/sighting-batch.ts';
import { EveIntake, type EveIntakeOptions } from '../../src/eve/eve-intake.ts';
import type { IntakeBatch } from '../../src/eve/intake-batch.ts';
import { SILENT } from '../../src/lib/log.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { dnsLine, record } from './eve-lines.ts';

interface Running {
  readonly intake: EveIntake;
  readonly path: string;
  readonly batches: IntakeBatch[];
  sightings(): Sighting[];
  send(text: string): void;
}

const TRANSPORTS = ['stream', 'dgram'] as const;

async function run(t: TestContext, type: 'stream' | 'dgram', extra: Partial<EveIntakeOptions> = {}): Promise<Running> {
  const path = join(tempDir(t), 'eve.sock');
  const batches: IntakeBatch[] = [];
  const onBatch = (batch: IntakeBatch): void => void batches.push(batch);
  const intake = new EveIntake({ socket: path, type, socketMode: 0o660, log: SILENT, onBatch, ...extra });
  t.after(() => intake.stop());
  await intake.start();
  const send = type === 'stream' ? streamSender(t, path) : dgramSender(t, path);
  return { intake, path, batches, send, sightings: () => batches.flatMap((b) => [...eachSighting(b.sightings)]) };
}

function streamSender(t: TestContext, path: string): (text: string) => void {
  const socket = openStream(t, path);
  return (text) => void socket.write(text);
}

function openStream(t: TestContext, path: string): Socket {
  const socket = connect(path);
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  return socket;
}

function dgramSender(t: TestContext, path: string): (text: string) => void {
  const socket = unixDgram.createSocket('unix_dgram');
  socket.on('error', () => {});
  socket.connect(path);
  t.after(() => socket.close());
  return (text) => socket.send(Buffer.from(text));
}

for (const type of TRANSPORTS) {
  test(`${type}: a new name arrives as a sighting, and its repetitions as counts at stop`, async (t) => {
    const running = await run(t, type, { flushIntervalMs: 600_000 });
    running.send(dnsLine({ name: 'new.example.com' }));
    const first = await until('the new name arrives', () => running.sightings()[0]);
    assert.deepEqual(first.observable, { kind: 'domain', value: 'new.example.com' });
    assert.equal(first.client, '192.168.1.20');
    for (let i = 0; i < 5; i++) running.send(dnsLine({ name: 'new.example.com' }));
    await running.intake.stop();
    assert.equal(
      running.sightings().reduce((sum, sighting) => sum + sighting.count, 0),
      6,
    );
    assert.equal(existsSync(running.path), false);
    assert.equal(running.batches.at(-1)?.counters.events.dns, 6);
  });

  test(`${type}: an alert and stats arrive`, async (t) => {
    const running = await run(t, type, { flushIntervalMs: 200 });
    const alert = { action: 'allowed', signature_id: 7, signature: 'bad\n"name"\u001b[0m', category: 'c', severity: 2 };
    running.send(record('alert', { alert, dns: { query: [{ rrname: 'bad.example.net' }] } }));
    running.send(record('stats', { stats: { uptime: 5, capture: { kernel_packets: 10, kernel_drops: 1 } } }));
    const found = await until('the alert arrives', () => running.batches.flatMap((batch) => batch.alerts)[0]);
    assert.equal(found.signature, 'bad?"name"?[0m');
    assert.deepEqual(found.observable, { kind: 'domain', value: 'bad.example.net' });
    const stats = await until('stats arrive', () => running.batches.find((batch) => batch.stats !== undefined)?.stats);
    assert.equal(stats.kernelDrops, 1);
  });

  test(`${type}: the socket has the mode asked for`, async (t) => {
    const running = await run(t, type, { socketMode: 0o620 });
    assert.equal(statSync(running.path).mode & 0o777, 0o620);
  });

  test(`${type}: a stale socket file is replaced`, async (t) => {
    const path = join(tempDir(t), 'stale.sock');
    const stale = unixDgram.createSocket('unix_dgram');
    stale.bind(path);
    stale.close();
    assert.equal(existsSync(path), true);
    const running = await run(t, type, { socket: path });
    await running.intake.stop();
  });

  test(`${type}: start refuses a path on which somebody listens, with a hint`, async (t) => {
    const path = join(tempDir(t), 'busy.sock');
    const other = createServer().listen(path);
    t.after(() => other.close());
    await until('the other server listens', () => other.listening);
    await assert.rejects(run(t, type, { socket: path }), (error: OperatorError) => {
      assert.ok(error instanceof OperatorError);
      assert.match(error.message, /another program listens there/);
      assert.ok(error.hint);
      return true;
    });
    assert.equal(existsSync(path), true);
  });

  test(`${type}: start refuses a folder that is not there, a file, and a path that is too long`, async (t) => {
    const dir = tempDir(t);
    await assert.rejects(run(t, type, { socket: join(dir, 'no', 'eve.sock') }), OperatorError);
    writeFileSync(join(dir, 'file'), '');
    await assert.rejects(run(t, type, { socket: join(dir, 'file') }), /it is a file/);
    await assert.rejects(run(t, type, { socket: join(dir, 'x'.repeat(108)) }), /at most 107/);
  });
}

test('stream: several senders are heard at once, and the end of one ends nothing else', async (t) => {
  const running = await run(t, 'stream');
  const [left, right] = [openStream(t, running.path), openStream(t, running.path)];
  const [a, b] = [dnsLine({ name: 'a.example.com' }), dnsLine({ name: 'b.example.org' })];
  left.write(a.slice(0, 40));
  right.write(b.slice(0, 90));
  left.write(a.slice(40));
  right.end(b.slice(90));
  await until('both arrive', () => running.sightings().length === 2);
  left.write(dnsLine({ name: 'c.example.net' }));
  await until('the one that stayed is still heard', () => running.sightings().length === 3);
});

test('dgram: a datagram of exactly 65,536 bytes counts as truncated', async (t) => {
  const running = await run(t, 'dgram', { flushIntervalMs: 100 });
  running.send(record('dns', { dns: { type: 'query', rrname: 'big.example.com', pad: 'x'.repeat(70_000) } }));
  await until('it is counted', () => running.batches.some((batch) => batch.counters.truncated === 1));
  assert.deepEqual(running.sightings(), []);
});

test('nothing is lost between many hand-overs', async (t) => {
  const running = await run(t, 'stream', { flushIntervalMs: 100 });
  for (let i = 0; i < 3_000; i++) running.send(dnsLine({ name: `host${i % 100}.example.com` }));
  await until('all arrive', () => running.sightings().reduce((sum, s) => sum + s.count, 0) === 3_000);
});
