import { CentralError } from './central-error.ts';
import type { CentralPool } from './central-pool.ts';
import { datetime } from './upsert.ts';

/** What a sensor tells about itself with every heartbeat. */
export interface Heartbeat {
  readonly version: string;
  readonly startedAt: number;
  readonly now: number;
  /** Everything that changed before is in the centre, epoch milliseconds. */
  readonly syncedUntil: number | undefined;
  readonly outboxRows: number;
  readonly setAside: number;
  readonly thinned: number;
  /** What the sensor cannot see, and whatever else it counts. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface SensorClaimOptions {
  readonly pool: CentralPool;
  readonly sensor: string;
  /** Of this sensor's data folder, for its life. */
  readonly instance: string;
}

/** A sensor that was silent for this long, by the clock of the server, gives its name to whoever asks: a machine was set up anew. */
const SILENT_S = 600;

/** The row of this sensor in `sensors`. Only one data folder may write it: two under one name would overwrite each other. */
export class SensorClaim {
  readonly #options: SensorClaimOptions;

  constructor(options: SensorClaimOptions) {
    this.#options = options;
  }

  /** Writes the heartbeat, and takes the name where it is free. @throws CentralError `name` where another sensor has it. */
  async beat(heartbeat: Heartbeat): Promise<void> {
    const { pool, sensor, instance } = this.#options;
    await pool.use(async (connection) => {
      await connection.run(
        `INSERT IGNORE INTO sensors (sensor, instance, version, started, heartbeat) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))`,
        [sensor, instance, heartbeat.version, datetime(heartbeat.startedAt)],
      );
      const matched = await connection.run(
        `UPDATE sensors SET instance = ?, version = ?, started = ?, synced_until = ?, outbox_rows = ?, set_aside = ?, thinned = ?,
           counters = ?, clock_skew_ms = TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), ?) DIV 1000, heartbeat = UTC_TIMESTAMP(3)
         WHERE sensor = ? AND (instance = ? OR heartbeat < UTC_TIMESTAMP(3) - INTERVAL ${SILENT_S} SECOND)`,
        [
          instance,
          heartbeat.version,
          datetime(heartbeat.startedAt),
          heartbeat.syncedUntil === undefined ? null : datetime(heartbeat.syncedUntil),
          heartbeat.outboxRows,
          heartbeat.setAside,
          heartbeat.thinned,
          JSON.stringify(heartbeat.counters),
          datetime(heartbeat.now),
          sensor,
          instance,
        ],
      );
      if (matched > 0) return;
      const [other] = await connection.rows(
        `SELECT version, instance, TIMESTAMPDIFF(SECOND, heartbeat, UTC_TIMESTAMP(3)) AS silent FROM sensors WHERE sensor = ?`,
        [sensor],
      );
      throw new CentralError(
        `Cannot sync as sensor "${sensor}": another guardian (${String(other?.version)}, instance ${String(other?.instance)}, heard ${String(other?.silent)} s ago) has that name, want a name for each`,
        {
          failure: 'name',
          hint: `Set "sensor:" in the configuration, or wait ${SILENT_S / 60} minutes after the other one ended.`,
        },
      );
    });
  }
}
