import type { CentralMigrations } from './central-migrations.ts';
import type { CentralPool } from './central-pool.ts';

/** What the centre knows of one sensor. Times are epoch milliseconds by the clock of the server. */
export interface CentralSensor {
  readonly sensor: string;
  readonly version: string;
  /** Since its last heartbeat. */
  readonly silentMs: number;
  /** How far its rows were behind at its last heartbeat; `undefined` where it never was up to date. */
  readonly lagMs: number | undefined;
  readonly outboxRows: number;
  readonly setAside: number;
  readonly thinned: number;
  /** Its clock against the server's; positive is ahead. */
  readonly clockSkewMs: number;
}

/** The central database as a person wants to see it. */
export interface CentralStatus {
  readonly where: string;
  readonly server: string;
  /** The clock of the server, epoch milliseconds. */
  readonly serverTimeAt: number;
  readonly schema: { readonly present: number; readonly wanted: number };
  readonly sensors: readonly CentralSensor[];
}

const SENSORS = `SELECT sensor, version, TIMESTAMPDIFF(MICROSECOND, heartbeat, UTC_TIMESTAMP(3)) DIV 1000 AS silent_ms,
    TIMESTAMPDIFF(MICROSECOND, synced_until, heartbeat) DIV 1000 + clock_skew_ms AS lag_ms, outbox_rows, set_aside, thinned, clock_skew_ms
  FROM sensors ORDER BY sensor`;

const CLOCK = `SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS ms`;

/** Asks the centre how it is. @throws CentralError */
export async function readCentralStatus(pool: CentralPool, migrations: CentralMigrations): Promise<CentralStatus> {
  const present = await migrations.present();
  return pool.use(async (connection) => {
    const rows = present === 0 ? [] : await connection.rows(SENSORS);
    const [clock] = await connection.rows(CLOCK);
    return {
      where: pool.where,
      server: connection.serverVersion,
      serverTimeAt: Number(clock?.ms),
      schema: { present, wanted: migrations.wanted },
      sensors: rows.map((row) => ({
        sensor: String(row.sensor),
        version: String(row.version),
        silentMs: Number(row.silent_ms),
        lagMs: row.lag_ms === null ? undefined : Math.max(0, Number(row.lag_ms)),
        outboxRows: Number(row.outbox_rows),
        setAside: Number(row.set_aside),
        thinned: Number(row.thinned),
        clockSkewMs: Number(row.clock_skew_ms),
      })),
    };
  });
}
