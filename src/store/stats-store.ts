import type { Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** What Suricata did since it was last asked. */
export interface SuricataDelta {
  readonly packets: number;
  readonly drops: number;
  readonly alerts: number;
}

/** What Pi-hole did since it was last asked. */
export interface PiholeDelta {
  readonly queries: number;
  readonly blocked: number;
  readonly cached: number;
  readonly forwarded: number;
  /** Whether it blocks at present; `undefined` where it does not say. */
  readonly blocking: boolean | undefined;
}

/** A minute of this sensor: what happened within it, and how things stand. `undefined` is where there is nothing to say. */
export interface SensorMinute {
  readonly events: number;
  readonly dropped: number;
  readonly malformed: number;
  readonly truncated: number;
  readonly lost: number;
  /** Nothing was heard of Suricata. */
  readonly isBlind: boolean;
  readonly queueLength: number;
  readonly queueOldestS: number;
  readonly quotaUsed: number | undefined;
  readonly quotaAllowed: number | undefined;
  readonly coverage: number | undefined;
  readonly proofAgeS: number | undefined;
  readonly syncLagS: number | undefined;
  readonly outboxRows: number;
  readonly memoryBytes: number;
}

const COUNTED = ['events', 'dropped', 'malformed', 'truncated', 'lost'];
const STANDING = ['blind', 'queue_length', 'queue_oldest_s', 'quota_used', 'quota_allowed', 'coverage', 'proof_age_s'];
const SENSOR_COLUMNS = ['minute', ...COUNTED, ...STANDING, 'sync_lag_s', 'outbox_rows', 'memory_bytes'];

const MINUTE_MS = 60_000;

/** The tables `suricata_stats`, `pihole_stats` and `sensor_stats`: differences, by minute. */
export class StatsStore {
  readonly #addSuricata: Statement;
  readonly #addPihole: Statement;
  readonly #addSensor: Statement;
  readonly #prune: readonly Statement[];

  constructor(db: Sqlite) {
    this.#addSuricata = db.prepare(
      `INSERT INTO suricata_stats (minute, packets, drops, alerts) VALUES (?, ?, ?, ?)
       ON CONFLICT (minute) DO UPDATE SET packets = packets + excluded.packets, drops = drops + excluded.drops,
         alerts = alerts + excluded.alerts`,
    );
    this.#addPihole = db.prepare(
      `INSERT INTO pihole_stats (minute, queries, blocked, cached, forwarded, blocking) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (minute) DO UPDATE SET queries = queries + excluded.queries, blocked = blocked + excluded.blocked,
         cached = cached + excluded.cached, forwarded = forwarded + excluded.forwarded,
         blocking = coalesce(excluded.blocking, blocking)`,
    );
    const sums = COUNTED.map((name) => `${name} = ${name} + excluded.${name}`);
    const latest = SENSOR_COLUMNS.slice(1 + COUNTED.length).map((name) => `${name} = excluded.${name}`);
    this.#addSensor = db.prepare(
      `INSERT INTO sensor_stats (${SENSOR_COLUMNS.join(', ')}) VALUES (${SENSOR_COLUMNS.map(() => '?').join(', ')})
       ON CONFLICT (minute) DO UPDATE SET ${[...sums, ...latest].join(', ')}`,
    );
    this.#prune = ['suricata_stats', 'pihole_stats', 'sensor_stats'].map((table) =>
      db.prepare(`DELETE FROM ${table} WHERE minute < ?`),
    );
  }

  /** Adds to the minute that holds `at`. Counts are whole and not negative. */
  addSuricata(at: number, { packets, drops, alerts }: SuricataDelta): void {
    this.#addSuricata.run(minuteOf(at), packets, drops, alerts);
  }

  /** Adds to the minute that holds `at`. Counts are whole and not negative. */
  addPihole(at: number, { queries, blocked, cached, forwarded, blocking }: PiholeDelta): void {
    this.#addPihole.run(
      minuteOf(at),
      queries,
      blocked,
      cached,
      forwarded,
      blocking === undefined ? null : Number(blocking),
    );
  }

  /** Adds what was counted to the minute that holds `at`, and says how things stand. Counts are whole and not negative. */
  addSensor(at: number, minute: SensorMinute): void {
    const { events, dropped, malformed, truncated, lost } = minute;
    this.#addSensor.run(
      minuteOf(at),
      ...[events, dropped, malformed, truncated, lost, Number(minute.isBlind)],
      ...[minute.queueLength, whole(minute.queueOldestS), minute.quotaUsed ?? null, minute.quotaAllowed ?? null],
      ...[minute.coverage ?? null, whole(minute.proofAgeS), whole(minute.syncLagS), minute.outboxRows],
      minute.memoryBytes,
    );
  }

  prune(before: number): void {
    for (const statement of this.#prune) statement.run(before);
  }
}

function whole(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}

function minuteOf(at: number): number {
  return at - (at % MINUTE_MS);
}
