import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { outboxRowsOfDisk } from '../../src/sidecar/outbox-share.ts';
import { OutboxStore } from '../../src/store/outbox-store.ts';
import { openSqliteFile } from '../../src/store/sqlite-file.ts';
import { tempDir } from '../support/temp-dir.ts';

const GB = 1e9;
const ROWS = 50_000;

test('outboxRowsOfDisk() grows with the disk, between what a day of a busy network needs and what can still be counted', () => {
  assert.equal(outboxRowsOfDisk(0.1 * GB), 100_000);
  assert.equal(outboxRowsOfDisk(8 * GB), 2_500_000);
  assert.equal(outboxRowsOfDisk(4_000 * GB), 10_000_000);
});

test('marks that a disk may hold take no more than 2 % of it', (t) => {
  const path = join(tempDir(t), 'x.db');
  const db = openSqliteFile(path);
  new OutboxStore(db);
  const empty = statSync(path).size;
  const mark = db.prepare(
    "INSERT OR IGNORE INTO outbox (relation, k1, k2, k3, k4) VALUES ('sightings_hourly', ?, ?, ?, 'quic')",
  );
  db.transaction(() => {
    // As they come: within an hour in no order.
    for (let n = 0; n < ROWS; n++) mark.run(1.7e12 + 3.6e6 * Math.floor(n / 10_000), (n * 7_919) % 1_000_003, n % 20);
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
  const bytesARow = (statSync(path).size - empty) / ROWS;
  db.close();
  assert.ok(bytesARow * outboxRowsOfDisk(8 * GB) <= 0.02 * 8 * GB, `${bytesARow} bytes a mark`);
});
