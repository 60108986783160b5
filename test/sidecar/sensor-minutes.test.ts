import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CounterBoard, type IntakeCounters } from '../../src/eve/intake-counters.ts';
import { type Log, SILENT } from '../../src/lib/log.ts';
import type { MetricsSnapshot } from '../../src/ops/metrics-snapshot.ts';
import { SensorMinutes } from '../../src/sidecar/sensor-minutes.ts';
import { openSqliteFile } from '../../src/store/sqlite-file.ts';
import { StatsStore } from '../../src/store/stats-store.ts';
import { tempDir } from '../support/temp-dir.ts';

const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

const QUIET: MetricsSnapshot = {
  eveEvents: {},
  eveDropped: {},
  eveMalformed: 0,
  eveTruncated: 0,
  lookups: [],
  quotas: [],
  queueLength: 0,
  queueOldestSeconds: 0,
  verdicts: {},
  verdictsHeld: 0,
  targets: [],
  outboxRows: undefined,
  syncLagSeconds: undefined,
  fleet: undefined,
  coverageRatio: undefined,
};

function counted(dns: number, lost: number, lastEventAt: number): IntakeCounters {
  const board = new CounterBoard();
  board.events = { dns };
  board.dropped = { client_budget: dns / 10 };
  board.loss = { dnsTransactions: dns + lost, dnsReceived: dns, lost, ratio: 0 };
  board.lastEventAt = lastEventAt;
  return board.snapshot();
}

test('SensorMinutes notes what happened since the last minute, and how things stand, where there is something to say', (t) => {
  const db = openSqliteFile(join(tempDir(t), 'store.db'));
  t.after(() => db.close());
  let now = T0;
  let counters: IntakeCounters | undefined;
  let snapshot = QUIET;
  const minutes = new SensorMinutes({
    stats: new StatsStore(db),
    snapshot: () => snapshot,
    counters: () => counters,
    memoryBytes: () => 3_000_000_000,
    log: SILENT,
    now: () => now,
  });
  const row = (minute: number) => db.prepare('SELECT * FROM sensor_stats WHERE minute = ?').get(T0 + minute * MINUTE);
  const unsaid = { quota_used: null, quota_allowed: null, coverage: null, proof_age_s: null, sync_lag_s: null };
  const nothing = { events: 0, dropped: 0, malformed: 0, truncated: 0, lost: 0, outbox_rows: 0, memory_bytes: 3e9 };
  minutes.note();
  assert.deepEqual(row(0), { minute: T0, ...nothing, blind: 1, queue_length: 0, queue_oldest_s: 0, ...unsaid });

  counters = counted(100, 5, T0 + MINUTE);
  now = T0 + MINUTE + 1;
  snapshot = {
    ...QUIET,
    queueLength: 7,
    queueOldestSeconds: 61.4,
    quotas: [
      { window: 'minute', used: 4, allowed: 4 },
      { window: 'day', used: 120, allowed: 500 },
    ],
    targets: [30, 90, undefined].map((secondsSinceProof, index) => ({
      target: `t${index}`,
      published: 1,
      proved: 1,
      failures: 0,
      secondsSinceProof,
    })),
    coverageRatio: 0.25,
    syncLagSeconds: 2.2,
    outboxRows: 11,
  };
  minutes.note();
  const standing = { queue_length: 7, queue_oldest_s: 61, quota_used: 120, quota_allowed: 500, coverage: 0.25 };
  const more = { proof_age_s: 90, sync_lag_s: 2, outbox_rows: 11 };
  const first = { ...nothing, minute: T0 + MINUTE, events: 100, dropped: 10, lost: 5, blind: 0, ...standing, ...more };
  assert.deepEqual(row(1), first);

  counters = counted(130, 3, T0 + MINUTE + 2);
  minutes.note();
  assert.deepEqual(row(1), { ...first, events: 130, dropped: 13 }, 'an estimate that shrinks takes nothing back');

  counters = counted(20, 1, T0 + 2 * MINUTE);
  now = T0 + 2 * MINUTE;
  minutes.note();
  assert.deepEqual(
    row(2),
    { ...first, minute: now, events: 20, dropped: 2, lost: 1 },
    'a receiver that was started again counts from nothing',
  );
});

test('SensorMinutes on a full disk says so, ends nothing, and tells later what it could not keep', (t) => {
  const db = openSqliteFile(join(tempDir(t), 'store.db'));
  t.after(() => db.close());
  const said: string[] = [];
  const log: Log = { ...SILENT, error: (message) => void said.push(message) };
  const [stats, snapshot, memoryBytes] = [new StatsStore(db), () => QUIET, () => 1];
  let minute = 0;
  const [now, counters] = [() => T0 + minute * MINUTE, () => counted(minute * 10, 0, T0)];
  const minutes = new SensorMinutes({ stats, snapshot, counters, memoryBytes, log, now });
  db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true })}`);
  while (said.length === 0 && minute < 10_000) {
    minute += 1;
    minutes.note();
  }
  assert.deepEqual(said, ['cannot keep a minute of this sensor']);
  db.pragma('max_page_count = 1000000');
  minute += 1;
  minutes.note();
  const kept = db.prepare<[], { events: number }>('SELECT sum(events) AS events FROM sensor_stats').get();
  assert.equal(kept?.events, minute * 10);
});
