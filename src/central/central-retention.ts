import { setTimeout as pause } from 'node:timers/promises';
import type { CentralPool } from './central-pool.ts';
import { epochMs } from './server-clock.ts';
import { datetime } from './upsert.ts';

/** How long the centre keeps what only grows, milliseconds. What stands for the present (verdicts, indicators, words) stays. */
export interface CentralKeeping {
  readonly sightingsMs: number;
  readonly alertsMs: number;
  /** Reports and all that tells of them: questions, changes of verdicts, summaries, names nobody used since. */
  readonly reportsMs: number;
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

/** Tables with the column that says how old a row is: an index of the table begins with it, but for those with few rows. */
function agesOf(keeping: CentralKeeping): readonly (readonly [table: string, column: string, ms: number])[] {
  const { sightingsMs, alertsMs, reportsMs } = keeping;
  return [
    ['sightings_hourly', 'hour', sightingsMs],
    ['suricata_alerts', 'minute', alertsMs],
    ['suricata_stats', 'minute', alertsMs],
    ['pihole_stats', 'minute', alertsMs],
    ['pihole_hits', 'hour', alertsMs],
    ['sensor_stats', 'minute', alertsMs],
    ['scans', 'scan_date', reportsMs],
    ['verdict_history', 'at', reportsMs],
    ['lookups', 'at', reportsMs],
    ['quota', 'starts_at', reportsMs],
    ['scan_hours', 'hour', reportsMs],
    ['client_hours', 'hour', sightingsMs],
    ['flagged_hours', 'hour', alertsMs],
    ['alert_hours', 'hour', alertsMs],
    ['lookup_hours', 'hour', reportsMs],
    ['sensors', 'heartbeat', reportsMs],
    ['quota_leases', 'leased_until', DAY_MS],
    ['quota_drawn', 'starts_at', DRAWN_MS],
    ['quota_members', 'seen', DAY_MS],
  ];
}

/**
 * Deletes what is old, in small steps. Any sensor may do it, and several at once do no harm. Returns how many rows. What is old is said by
 * both clocks, the server's and ours: either may be years ahead, and what it would forget comes from nowhere again. @throws CentralError
 */
export async function forgetOldRows({ pool, keeping, now: clock, signal }: CentralRetentionOptions): Promise<number> {
  const now = Math.min(clock(), await serverNow(pool));
  let forgotten = 0;
  for (const [table, column, ms] of agesOf(keeping))
    forgotten += await inSteps(pool, signal, `DELETE FROM ${table} WHERE ${column} < ? ORDER BY ${column}`, [
      datetime(now - ms),
    ]);
  // A network that is made to ask for invented names must not fill the centre for ever.
  const unused = datetime(now - keeping.reportsMs);
  return (
    forgotten +
    (await inSteps(pool, signal, 'DELETE FROM observables WHERE first_seen < ? AND last_seen < ? ORDER BY first_seen', [
      unused,
      unused,
    ]))
  );
}

async function serverNow(pool: CentralPool): Promise<number> {
  const [row] = await pool.use((connection) => connection.rows('SELECT UTC_TIMESTAMP(3) AS now'));
  return epochMs(row?.now);
}

async function inSteps(
  pool: CentralPool,
  signal: AbortSignal,
  sql: string,
  values: readonly string[],
): Promise<number> {
  let sum = 0;
  for (let step = STEP; step === STEP && !signal.aborted; ) {
    step = await pool.use((connection) => connection.run(`${sql} LIMIT ${STEP}`, values));
    sum += step;
    if (step === STEP) await pause(PAUSE_MS);
  }
  return sum;
}
