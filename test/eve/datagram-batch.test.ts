import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachSighting } from '../../src/core/sighting-batch.ts';
import { DatagramBatch } from '../../src/eve/datagram-batch.ts';
import { EvePipeline } from '../../src/eve/eve-pipeline.ts';
import { dnsLine } from './eve-lines.ts';

function namesIn(pipeline: EvePipeline): readonly string[] {
  const batch = pipeline.flush('all');
  assert.ok(batch);
  return [...eachSighting(batch.sightings)].map(({ observable, count }) => `${observable.value} ${count}`);
}

test('datagrams of one batch are lines of their own, with or without a newline', () => {
  const pipeline = new EvePipeline({ now: () => 0 });
  const batch = new DatagramBatch(pipeline);
  for (const text of ['a.example.com', 'b.example.com', 'a.example.com'].map((name) => dnsLine({ name }))) {
    batch.add(Buffer.from(text.trimEnd()));
    batch.add(Buffer.from(text));
  }
  batch.add(Buffer.alloc(0));
  batch.flush();
  assert.deepEqual(namesIn(pipeline), ['a.example.com 4', 'b.example.com 2']);
});

test('a cut datagram between whole ones is counted and costs nobody else', () => {
  const pipeline = new EvePipeline({ now: () => 0 });
  const batch = new DatagramBatch(pipeline);
  batch.add(Buffer.from(dnsLine({ name: 'a.example.com' })));
  batch.add(Buffer.alloc(DatagramBatch.MAX_DATAGRAM_BYTES, 'x'));
  batch.add(Buffer.from(dnsLine({ name: 'b.example.com' })));
  batch.flush();
  assert.equal(pipeline.counters.truncated, 1);
  assert.deepEqual(namesIn(pipeline), ['a.example.com 1', 'b.example.com 1']);
});

test('a batch always has room for the longest datagram while it says so', () => {
  const batch = new DatagramBatch(new EvePipeline({ now: () => 0 }));
  while (batch.hasRoom) batch.add(Buffer.alloc(65_535, 'x'));
  assert.equal(batch.length, 65_536);
  batch.flush();
  assert.equal(batch.length, 0);
});
