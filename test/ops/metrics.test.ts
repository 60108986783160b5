import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from '../../src/ops/metrics.ts';
import type { MetricsSnapshot } from '../../src/ops/metrics-snapshot.ts';

/** Names that the contract promises, with their types. */
const PROMISED: Record<string, string> = {
  eve_events_total: 'counter',
  eve_dropped_total: 'counter',
  eve_malformed_total: 'counter',
  eve_truncated_total: 'counter',
  lookups_total: 'counter',
  quota_used: 'gauge',
  quota_allowed: 'gauge',
  queue_length: 'gauge',
  queue_oldest_seconds: 'gauge',
  verdicts: 'gauge',
  verdicts_held: 'gauge',
  published: 'gauge',
  proved: 'gauge',
  publish_failures_total: 'counter',
  seconds_since_proof: 'gauge',
  protection_seconds: 'histogram',
  outbox_rows: 'gauge',
  sync_lag_seconds: 'gauge',
  fleet_in_reach: 'gauge',
  fleet_sensors: 'gauge',
  fleet_lookups_saved_total: 'counter',
  fleet_reports_taken_total: 'counter',
  fleet_refused_total: 'counter',
  coverage_ratio: 'gauge',
  build_info: 'gauge',
};

const SNAPSHOT: MetricsSnapshot = {
  eveEvents: { dns: 10, tls: 2 },
  eveDropped: { too_long: 1 },
  eveMalformed: 3,
  eveTruncated: 4,
  lookups: [{ source: 'virustotal', outcome: 'found', count: 5 }],
  quotas: [
    { window: 'day', used: 6, allowed: 500 },
    { window: 'month', used: 7, allowed: undefined },
  ],
  queueLength: 8,
  queueOldestSeconds: 9.5,
  verdicts: { malicious: 1, unasked: 100 },
  verdictsHeld: 2,
  targets: [{ target: 'suricata', published: 2, proved: 1, failures: 3, secondsSinceProof: undefined }],
  outboxRows: undefined,
  syncLagSeconds: undefined,
  fleet: { inReach: true, sensors: 3, lookupsSaved: 12, reportsTaken: 20, refused: 1 },
  coverageRatio: 0.25,
};

test('Metrics carries every metric of the contract under the prefix guardian_', async () => {
  const text = await new Metrics({ version: '1.2.3', snapshot: () => SNAPSHOT }).render();
  const types = [...text.matchAll(/^# TYPE guardian_(\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
  assert.deepEqual(Object.fromEntries(types), PROMISED);
  assert.doesNotMatch(text, /^(?!#|guardian_).+$/m);
});

test('Metrics shows the snapshot with its labels and leaves out what is not known', async () => {
  const text = await new Metrics({ version: '1.2.3', snapshot: () => SNAPSHOT }).render();
  for (const line of [
    'guardian_eve_events_total{event_type="dns"} 10',
    'guardian_eve_dropped_total{reason="too_long"} 1',
    'guardian_eve_malformed_total 3',
    'guardian_lookups_total{source="virustotal",outcome="found"} 5',
    'guardian_quota_allowed{window="day"} 500',
    'guardian_quota_used{window="month"} 7',
    'guardian_queue_oldest_seconds 9.5',
    'guardian_verdicts{state="malicious"} 1',
    'guardian_published{target="suricata"} 2',
    'guardian_publish_failures_total{target="suricata"} 3',
    'guardian_fleet_in_reach 1',
    'guardian_fleet_lookups_saved_total 12',
    'guardian_coverage_ratio 0.25',
    'guardian_build_info{version="1.2.3"} 1',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
  assert.doesNotMatch(
    text,
    /^guardian_(outbox_rows|sync_lag_seconds|seconds_since_proof|quota_allowed\{window="month)/m,
  );
});

test('Metrics shows the present snapshot each time and forgets labels that are gone', async () => {
  let snapshot = SNAPSHOT;
  const metrics = new Metrics({ version: '1', snapshot: () => snapshot });
  await metrics.render();
  snapshot = { ...SNAPSHOT, eveEvents: { dns: 12 }, outboxRows: 0, targets: [] };
  const text = await metrics.render();
  assert.match(text, /^guardian_eve_events_total\{event_type="dns"\} 12$/m);
  assert.match(text, /^guardian_outbox_rows 0$/m);
  assert.doesNotMatch(text, /event_type="tls"|target="suricata"/);
});

test('Metrics counts the time to protection in a histogram', async () => {
  const metrics = new Metrics({ version: '1', snapshot: () => SNAPSHOT });
  metrics.observeProtection(0.3);
  metrics.observeProtection(-1);
  const text = await metrics.render();
  assert.match(text, /^guardian_protection_seconds_bucket\{le="0.05"\} 1$/m);
  assert.match(text, /^guardian_protection_seconds_bucket\{le="0.5"\} 2$/m);
  assert.match(text, /^guardian_protection_seconds_count 2$/m);
  assert.match(metrics.contentType, /^text\/plain/);
});
