import type { CentralConnection, SqlRow } from './central-connection.ts';
import { CentralError } from './central-error.ts';
import type { CentralPool } from './central-pool.ts';
import type { Outbox } from './outbox.ts';
import { SET_BACK_S } from './server-clock.ts';
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
  readonly book: Pick<Outbox, 'tokens' | 'claimedAs' | 'recall' | 'remember'>;
}

/** A sensor that was silent for this long, by the clock of the server, gives its name to whoever asks: a machine was set up anew. */
const SILENT_S = 600;
const IS_SILENT = `(heartbeat < UTC_TIMESTAMP(3) - INTERVAL ${SILENT_S} SECOND OR heartbeat > UTC_TIMESTAMP(3) + INTERVAL ${SET_BACK_S} SECOND)`;

/** The row of this sensor in `sensors`. Only one guardian may write it: two under one name would overwrite each other. */
export class SensorClaim {
  readonly #options: SensorClaimOptions;
  /** What stands in the row since this run claimed it. */
  #token = '';

  constructor(options: SensorClaimOptions) {
    this.#options = options;
  }

  /**
   * Takes the name for this run, where it is free. A row that is not as we left it is of a centre that was made anew or set back, or of
   * another data folder: then all is to be told again, which is noted before the row is written.
   * @throws CentralError `name` where another sensor has it.
   */
  async claim({ version, startedAt }: Pick<Heartbeat, 'version' | 'startedAt'>): Promise<void> {
    const { pool, sensor, book } = this.#options;
    const { current, next } = book.tokens();
    await pool.use(async (connection) => {
      const row = await this.#row(connection);
      const isOurs = row !== undefined && (row.instance === current || row.instance === next);
      if (row !== undefined && !isOurs && Number(row.is_silent) === 0) throw this.#taken(row);
      if (!isOurs && (row !== undefined || book.recall('claimed_as') !== undefined)) book.remember('told_again', 'due');
      const written =
        row === undefined
          ? await connection.run(
              'INSERT IGNORE INTO sensors (sensor, instance, version, started, heartbeat) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))',
              [sensor, next, version, datetime(startedAt)],
            )
          : await connection.run(
              'UPDATE sensors SET instance = ?, heartbeat = UTC_TIMESTAMP(3) WHERE sensor = ? AND instance = ?',
              [next, sensor, String(row.instance)],
            );
      // Another one was faster.
      if (written === 0) throw this.#taken((await this.#row(connection)) ?? {});
    });
    book.claimedAs(sensor);
    this.#token = next;
  }

  /** Writes the heartbeat. @throws CentralError `lost` where the row is no longer as this run left it. */
  async beat(heartbeat: Heartbeat): Promise<void> {
    const { pool, sensor } = this.#options;
    const matched = await pool.use((connection) =>
      connection.run(
        `UPDATE sensors SET version = ?, started = ?, synced_until = ?, outbox_rows = ?, set_aside = ?, thinned = ?,
           counters = ?, clock_skew_ms = TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), ?) DIV 1000, heartbeat = UTC_TIMESTAMP(3)
         WHERE sensor = ? AND instance = ?`,
        [
          heartbeat.version,
          datetime(heartbeat.startedAt),
          heartbeat.syncedUntil === undefined ? null : datetime(heartbeat.syncedUntil),
          heartbeat.outboxRows,
          heartbeat.setAside,
          heartbeat.thinned,
          JSON.stringify(heartbeat.counters),
          datetime(heartbeat.now),
          sensor,
          this.#token,
        ],
      ),
    );
    if (matched > 0) return;
    throw new CentralError(`Cannot sync as sensor "${sensor}": the central database does not know this run any more`, {
      failure: 'lost',
      hint: 'Its name is claimed anew at the next attempt.',
    });
  }

  async #row(connection: CentralConnection): Promise<SqlRow | undefined> {
    const [row] = await connection.rows(
      `SELECT version, instance, TIMESTAMPDIFF(SECOND, heartbeat, UTC_TIMESTAMP(3)) AS silent, ${IS_SILENT} AS is_silent FROM sensors WHERE sensor = ?`,
      [this.#options.sensor],
    );
    return row;
  }

  #taken({ version, instance, silent }: SqlRow): CentralError {
    const { sensor } = this.#options;
    return new CentralError(
      `Cannot sync as sensor "${sensor}": another guardian (${String(version)}, instance ${String(instance)}, heard ${String(silent)} s ago) has that name, want a name for each`,
      {
        failure: 'name',
        hint: `Set "sensor:" in the configuration, or wait ${SILENT_S / 60} minutes after the other one ended.`,
      },
    );
  }
}
