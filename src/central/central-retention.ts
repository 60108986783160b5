import { setTimeout as pause } from 'node:timers/promises';
import type { CentralPool } from './central-pool.ts';
import { datetime } from './upsert.ts';

/** How long the centre keeps what only grows, milliseconds. What stands for the present (verdicts, observables, scans) stays. */
export interface CentralKeeping {
  readonly sightingsMs: number;
  readonly alertsMs: number;
  readonly lookupsMs: number;
}

export interface CentralRetentionOptions {
  readonly pool: CentralPool;
  readonly keeping: CentralKeeping;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Rows of one statement: short transactions, which a cluster replicates without holding up the others. */
const STEP = 1_000;
const PAUSE_MS = 50;
const DAY_MS = 86_400_000;
/** Longer than a month's window, so that none is forgotten while it counts. */
const DRAWN_MS = 62 * DAY_MS;

/** Deletes what is old, in small steps. Any sensor may do it, and several at once do no harm. Returns how many rows. @throws CentralError */
export async function forgetOldRows({ pool, keeping, now, signal }: CentralRetentionOptions): Promise<number> {
  const ages: readonly (readonly [table: string, column: string, ms: number])[] = [
    ['sightings_hourly', 'hour', keeping.sightingsMs],
    ['suricata_alerts', 'minute', keeping.alertsMs],
    ['suricata_stats', 'minute', keeping.alertsMs],
    ['pihole_stats', 'minute', keeping.alertsMs],
    ['sensor_stats', 'minute', keeping.alertsMs],
    ['client_hours', 'hour', keeping.sightingsMs],
    ['flagged_hours', 'hour', keeping.alertsMs],
    ['alert_hours', 'hour', keeping.alertsMs],
    ['lookups', 'at', keeping.lookupsMs],
    ['quota_leases', 'leased_until', DAY_MS],
    ['quota_members', 'seen', DAY_MS],
    ['quota_drawn', 'starts_at', DRAWN_MS],
  ];
  let forgotten = 0;
  for (const [table, column, ms] of ages) {
    const before = datetime(now() - ms);
    for (let step = STEP; step === STEP && !signal.aborted; ) {
      step = await pool.use((connection) =>
        connection.run(`DELETE FROM ${table} WHERE ${column} < ? ORDER BY ${column} LIMIT ${STEP}`, [before]),
      );
      forgotten += step;
      if (step === STEP) await pause(PAUSE_MS);
    }
  }
  return forgotten;
}
