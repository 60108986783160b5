import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { keyOf } from '../../src/core/observable.ts';
import { eachSighting } from '../../src/core/sighting-batch.ts';
import { EvePipeline } from '../../src/eve/eve-pipeline.ts';
import { HandOver } from '../../src/eve/hand-over.ts';
import type { IntakeBatch } from '../../src/eve/intake-batch.ts';
import { until } from '../support/until.ts';
import { dnsLine } from './eve-lines.ts';

test('at most two batches wait to be dealt with; the rest is merged and comes after', async (t) => {
  const pipeline = new EvePipeline({ now: Date.now });
  const batches: IntakeBatch[] = [];
  const handOver = new HandOver({
    pipeline,
    send: (batch) => void batches.push(batch),
    flushIntervalMs: 1,
    now: Date.now,
  });
  t.after(() => handOver.stop());
  handOver.start();
  const sent = (): number => batches.flatMap((batch) => [...eachSighting(batch.sightings)]).length;
  pipeline.push(Buffer.from(dnsLine({ name: 'one.example.com' })), 1);
  await until('two batches are under way', () => batches.length === 2);
  for (let i = 0; i < 50; i++) pipeline.push(Buffer.from(dnsLine({ name: `h${i}.example.com` })), 1);
  const before = sent();
  // Only an acknowledgement lets the next one go: whatever time passes until then, there are two.
  await until('a few ticks have passed', ticks(5));
  assert.deepEqual([batches.length, sent()], [2, before]);
  handOver.acknowledge();
  await until('everything merged meanwhile comes in one', () => sent() === 51);
  assert.equal(batches.length, 3);
});

test('on a quiet network only the counters come, and what is heard after a long silence comes soon all the same', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 10, 22) });
  const pipeline = new EvePipeline({ now: Date.now });
  const { handOver, batches } = acknowledged(t, pipeline, 60_000);
  // In steps: the mock fires what is due, not what that sets in turn.
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) t.mock.timers.tick(50);
  };
  handOver.start();
  pass(50_000);
  assert.equal(batches.length, 0, 'nothing is due');
  pipeline.push(Buffer.from(dnsLine({ name: 'one.example.com' })), 1);
  pass(200);
  assert.deepEqual(
    batches.splice(0).flatMap((one) => [...eachSighting(one.sightings)].map(({ observable }) => keyOf(observable))),
    ['domain:one.example.com'],
  );
  for (let i = 0; i < 3; i++) pipeline.push(Buffer.from(dnsLine({ name: 'one.example.com' })), 1);
  pass(1_000);
  assert.equal(batches.length, 0, 'counts of what is known wait');
  pass(60_000);
  assert.deepEqual(
    batches.flatMap((one) => [...eachSighting(one.sightings)]).map(({ count }) => count),
    [3],
  );
});

test('what is more than a batch holds comes in several, each row once, and the end leaves nothing behind', async (t) => {
  const pipeline = new EvePipeline({ now: Date.now, limits: { newNamesBurst: 20_000, totalNamesBurst: 20_000 } });
  const { handOver, batches } = acknowledged(t, pipeline, 1);
  const names = Array.from({ length: 12_000 }, (_, i) => `www.d${i}.com`);
  const push = (): void => {
    for (const name of names) pipeline.push(Buffer.from(dnsLine({ name })), 1);
  };
  const rows = (): string[] =>
    batches.splice(0).flatMap((batch) => {
      const sightings = [...eachSighting(batch.sightings)];
      assert.ok(sightings.length <= 5_000, `${sightings.length} rows in one batch`);
      return sightings.map(({ observable }) => keyOf(observable));
    });
  push();
  handOver.start();
  await until('all were handed over', () => pipeline.waiting === 0);
  assert.deepEqual(new Set(rows()), new Set(names.map((name) => `domain:${name}`)));
  push();
  handOver.stop();
  const last = rows();
  assert.equal(last.length, names.length);
  assert.equal(new Set(last).size, names.length);
});

/** A hand-over to somebody who deals with every batch at once. */
function acknowledged(t: TestContext, pipeline: EvePipeline, flushIntervalMs: number) {
  const batches: IntakeBatch[] = [];
  const send = (batch: IntakeBatch): void => {
    batches.push(batch);
    handOver.acknowledge();
  };
  const handOver = new HandOver({ pipeline, send, flushIntervalMs, now: Date.now });
  t.after(() => handOver.stop());
  return { handOver, batches };
}

/** True when it was asked so often that the hand-over's own timer, ten times slower, has fired `count` times. */
function ticks(count: number): () => boolean {
  let asked = 0;
  return () => ++asked > count * 10;
}
