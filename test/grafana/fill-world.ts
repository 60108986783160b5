import type { Connection } from 'mysql2/promise';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import { SummaryKeeper } from '../../src/central/summary-keeper.ts';
import { datetime } from '../../src/central/upsert.ts';
import { poolOf } from '../central/central-fixture.ts';
import { MARIADB_USER, type Mariadb } from '../support/mariadb.ts';
import { EMPTY, type World } from './world.ts';

type Value = string | number | null;

const SUMMARY_TABLES = ['scan_hours', 'client_hours', 'flagged_hours', 'alert_hours', 'lookup_hours'];
const BATCH = 1000;
const time = (ms: number | null): string | null => (ms === null ? null : datetime(ms));

/** Makes the schema, and the user of the file we ship for Grafana. */
export async function makeSchema(server: Mariadb, grants: readonly string[]): Promise<void> {
  const pool = poolOf({ addresses: [{ socket: server.socket }], queryTimeoutMs: 60_000 });
  await new CentralMigrations(pool).run();
  pool.close();
  await server.sql(...grants);
}

/** Forgets every row, so that another world can be written. */
export async function emptyWorld(connection: Connection): Promise<void> {
  for (const table of [...tablesOf(EMPTY).map(([name]) => name), ...SUMMARY_TABLES])
    await connection.query(`DELETE FROM ${MARIADB_USER.database}.${table}`);
}

/** Writes the rows of a world as sensors would, and has every sensor sum up its own. */
export async function fillWorld(server: Mariadb, connection: Connection, world: World): Promise<void> {
  await connection.query(`USE ${MARIADB_USER.database}`);
  for (const [table, columns, rows] of tablesOf(world))
    for (let at = 0; at < rows.length; at += BATCH)
      await connection.query(`INSERT INTO ${table} (${columns}) VALUES ?`, [rows.slice(at, at + BATCH)]);
  const summed = [world.scans, world.sightings, world.alerts, world.lookups].flat();
  for (const sensor of new Set(summed.map((row) => row.sensor))) await sumUp(server, sensor, world);
}

/** The code under test makes the summaries: what is due is told as the sync tells it. */
async function sumUp(server: Mariadb, sensor: string, world: World): Promise<void> {
  const pool = poolOf({ addresses: [{ socket: server.socket }], queryTimeoutMs: 60_000 });
  const due = new Map<string, { scope: 'seen' | 'reports' | 'observable'; key: string }>();
  const book = {
    note: (dues: readonly { scope: 'seen' | 'reports' | 'observable'; key: string }[]) => {
      for (const one of dues) due.set(`${one.scope} ${one.key}`, one);
    },
    next: (limit: number) => [...due.values()].slice(0, limit),
    done: ({ scope, key }: { scope: string; key: string }) => void due.delete(`${scope} ${key}`),
  };
  const keeper = new SummaryKeeper({ pool, book, sensor });
  const own = <T extends { readonly sensor: string }>(rows: readonly T[]) =>
    rows.filter((row) => row.sensor === sensor);
  keeper.sent(
    'sightings_hourly',
    ['hour'],
    own(world.sightings).map(({ hour }) => [hour]),
  );
  keeper.sent(
    'suricata_alerts',
    ['minute'],
    own(world.alerts).map(({ minute }) => [minute]),
  );
  keeper.sent(
    'lookups',
    ['at'],
    own(world.lookups).map(({ at }) => [at]),
  );
  keeper.sent(
    'scans',
    ['scan_date'],
    own(world.scans).map(({ at }) => [at]),
  );
  for await (const _ of keeper.refresh());
  pool.close();
}

type Table = readonly [table: string, columns: string, rows: readonly (readonly Value[])[]];

function tablesOf(world: World): readonly Table[] {
  return [...evidence(world), ...standing(world)];
}

function evidence({ scans, sightings, verdicts, changes, alerts, lookups }: World): readonly Table[] {
  const engines = (results: readonly string[]) =>
    JSON.stringify(results.map((result, at) => ({ engine: `E${at} <b>`, category: 'malicious', result })));
  return [
    [
      'scans',
      `kind, value, source, scan_date, sensor, outcome, last_analysis_date, positives, suspicious, harmless, undetected, total_scans,
       reputation, permalink, categories, engines, detail, received`,
      scans.map((s) => [
        s.kind,
        s.value,
        s.source,
        time(s.at),
        s.sensor,
        s.outcome,
        time(s.analysedAt),
        s.positives,
        0,
        60,
        s.total - 60 - s.positives,
        s.total,
        0,
        s.permalink,
        '[]',
        engines(s.results),
        '{}',
        time(s.at),
      ]),
    ],
    [
      'sightings_hourly',
      'hour, kind, value, client, via, sensor, count, nxdomain, first_seen, last_seen',
      sightings.map((s) => [
        time(s.hour),
        s.kind,
        s.value,
        s.client,
        s.via,
        s.sensor,
        s.count,
        s.nxdomain,
        time(s.firstSeen),
        time(s.lastSeen),
      ]),
    ],
    [
      'verdicts',
      'kind, value, sensor, state, strong, block, held, ratio, policy_line, reasons, since, judged',
      verdicts.map((v) => [
        v.kind,
        v.value,
        v.sensor,
        v.state,
        0,
        0,
        v.held,
        v.ratio,
        'because',
        '[]',
        time(v.since),
        time(v.judged),
      ]),
    ],
    [
      'verdict_history',
      'kind, value, sensor, at, from_state, to_state, ratio, policy_line',
      changes.map((c) => [c.kind, c.value, c.sensor, time(c.at), c.from, c.to, null, 'because']),
    ],
    [
      'suricata_alerts',
      'minute, sensor, sid, client, peer, kind, value, signature, category, severity, action, count, first_seen, last_seen',
      alerts.map((a) => [
        time(a.minute),
        a.sensor,
        a.sid,
        a.client,
        a.peer,
        a.kind,
        a.value,
        a.signature,
        a.category,
        a.severity,
        a.action,
        a.count,
        time(a.minute),
        time(a.minute + 59_000),
      ]),
    ],
    [
      'lookups',
      'at, sensor, source, kind, value, lane, outcome, took_ms, error',
      lookups.map((l) => [time(l.at), l.sensor, l.source, l.kind, l.value, 'new', l.outcome, l.tookMs, null]),
    ],
  ];
}

function standing({
  published,
  sensors,
  minutes,
  pihole,
  piholeHits,
  suricata,
  quotas,
  members,
}: World): readonly Table[] {
  return [
    [
      'indicators',
      'kind, value, sensor, target, state, sid, error, published, proved, expires',
      published.map((p) => [
        p.kind,
        p.value,
        p.sensor,
        p.target,
        p.state,
        null,
        p.error,
        time(p.published),
        time(p.proved),
        null,
      ]),
    ],
    [
      'sensors',
      'sensor, instance, version, started, heartbeat, clock_skew_ms, synced_until, outbox_rows, set_aside, thinned',
      sensors.map((s) => [
        s.sensor,
        'x',
        s.version,
        time(s.started),
        time(s.heartbeat),
        s.skewMs,
        time(s.syncedUntil),
        s.outboxRows,
        s.setAside,
        s.thinned,
      ]),
    ],
    [
      'sensor_stats',
      `minute, sensor, events, dropped, malformed, truncated, lost, blind, queue_length, queue_oldest_s, quota_used, quota_allowed, coverage,
       proof_age_s, sync_lag_s, outbox_rows, memory_bytes`,
      minutes.map((m) => [
        time(m.minute),
        m.sensor,
        m.events,
        m.dropped,
        m.malformed,
        m.truncated,
        m.lost,
        m.blind,
        m.queue,
        m.oldest,
        m.used,
        m.allowed,
        m.coverage,
        m.proofAge,
        m.lag,
        m.outboxRows,
        1,
      ]),
    ],
    [
      'pihole_stats',
      'minute, sensor, queries, blocked, cached, forwarded, blocking',
      pihole.map((p) => [time(p.minute), p.sensor, p.queries, p.blocked, p.cached, p.forwarded, p.blocking]),
    ],
    [
      'pihole_hits',
      'hour, kind, value, client, sensor, count, last_seen',
      piholeHits.map((h) => [time(h.hour), h.kind, h.value, h.client, h.sensor, h.count, time(h.hour)]),
    ],
    [
      'suricata_stats',
      'minute, sensor, packets, drops, alerts',
      suricata.map((s) => [time(s.minute), s.sensor, s.packets, s.drops, 0]),
    ],
    [
      'quota',
      'starts_at, sensor, source, quota_window, used, used_by_lane, allowed, foreign_used',
      quotas.map((q) => [time(q.startsAt), q.sensor, q.source, 'day', q.used, '{}', q.allowed, 0]),
    ],
    ['quota_members', 'account, sensor, seen, waiting', members.map((m) => [m.account, m.sensor, time(m.seen), 0])],
  ];
}
