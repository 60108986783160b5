import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSuricataStats } from '../../src/eve/suricata-stats.ts';
import { SuricataMinutes } from '../../src/sidecar/suricata-minutes.ts';
import { openSqliteFile, type Sqlite } from '../../src/store/sqlite-file.ts';
import { StatsStore } from '../../src/store/stats-store.ts';

const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** A `stats` record as Suricata writes it every few seconds: totals since its start. */
function record(at: number, uptime: number, [packets, drops, alerts]: readonly [number, number, number]) {
  return readSuricataStats(
    { uptime, capture: { kernel_packets: packets, kernel_drops: drops }, detect: { alert: alerts } },
    at,
  );
}

function minutesOf(db: Sqlite): unknown {
  return db
    .prepare('SELECT (minute - ?) / ? AS minute, packets, drops, alerts FROM suricata_stats ORDER BY minute')
    .raw()
    .all(T0, MINUTE);
}

test('SuricataMinutes writes what happened within each minute, not totals, and nothing from before we listened', () => {
  const db = openSqliteFile(':memory:');
  const minutes = new SuricataMinutes({ stats: new StatsStore(db), listeningSince: T0 });
  minutes.add(record(T0 + 8_000, 90_000, [5_000_000, 700, 40]));
  minutes.add(record(T0 + 16_000, 90_008, [5_001_000, 703, 40]));
  minutes.add(record(T0 + 24_000, 90_016, [5_002_500, 703, 42]));
  minutes.add(record(T0 + MINUTE + 1_000, 90_053, [5_003_000, 710, 42]));
  assert.deepEqual(minutesOf(db), [
    [0, 2_500, 3, 2],
    [1, 500, 7, 0],
  ]);
  assert.deepEqual(minutes.total, { packets: 3_000, drops: 10, alerts: 2 });
});

test('SuricataMinutes counts all of a Suricata that started after us, and goes on after its restart', () => {
  const db = openSqliteFile(':memory:');
  const minutes = new SuricataMinutes({ stats: new StatsStore(db), listeningSince: T0 });
  minutes.add(record(T0 + 20_000, 8, [900, 1, 0]));
  minutes.add(record(T0 + MINUTE + 20_000, 68, [2_000, 1, 5]));
  // Killed and started again: its counters begin at nothing.
  minutes.add(record(T0 + 2 * MINUTE, 8, [300, 0, 1]));
  assert.deepEqual(minutesOf(db), [
    [0, 900, 1, 0],
    [1, 1_100, 0, 5],
    [2, 300, 0, 1],
  ]);
});

test('readSuricataStats() takes the packets decoded where the way of capture counts none', () => {
  assert.equal(readSuricataStats({ uptime: 1, decoder: { pkts: 254 } }, T0).kernelPackets, 254);
});
