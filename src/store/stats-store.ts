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

const MINUTE_MS = 60_000;

/** The tables `suricata_stats` and `pihole_stats`: differences, by minute. */
export class StatsStore {
  readonly #addSuricata: Statement;
  readonly #addPihole: Statement;
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
    this.#prune = ['suricata_stats', 'pihole_stats'].map((table) =>
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

  prune(before: number): void {
    for (const statement of this.#prune) statement.run(before);
  }
}

function minuteOf(at: number): number {
  return at - (at % MINUTE_MS);
}
