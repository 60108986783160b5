import { CentralMigrations } from '../central/central-migrations.ts';
import { CentralSync } from '../central/central-sync.ts';
import { CentralUpkeep } from '../central/central-upkeep.ts';
import { poolOfConfig } from '../central/pool-of-config.ts';
import type { Standing, SyncFigures } from '../central/sync-figures.ts';
import type { Config } from '../config/schema.ts';
import type { IntakeCounters } from '../eve/intake-counters.ts';
import type { Log } from '../lib/log.ts';
import type { MetricsSnapshot } from '../ops/metrics-snapshot.ts';
import type { Store } from '../store/store.ts';
import { outboxRowsFor } from './outbox-share.ts';
import { SensorMinutes } from './sensor-minutes.ts';

export interface CentreOptions {
  readonly config: Config;
  readonly store: Store;
  /** Reads the password of the central database; called at every connection. */
  readonly centralPassword: () => string;
  readonly counters: () => IntakeCounters | undefined;
  /** What this sensor cannot see, for its heartbeat. */
  readonly blindSpots: () => Readonly<Record<string, number>>;
  /** How this sensor fares. */
  readonly metrics: () => MetricsSnapshot;
  readonly memoryBytes: () => number;
  readonly version: string;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
}

/** The central database, where one is configured: everything kept here goes there too, whenever it is there. */
export class Centre {
  readonly #store: Store;
  readonly #sync: CentralSync | undefined;
  readonly #upkeep: CentralUpkeep | undefined;
  readonly #minutes: SensorMinutes;

  /** @throws ConfigError when the certificate of the central database cannot be read. */
  constructor(options: CentreOptions) {
    const { config, store, version, log, now, random } = options;
    this.#store = store;
    this.#minutes = new SensorMinutes({ ...options, snapshot: options.metrics, stats: store.stats });
    if (config.central === null) return;
    const pool = poolOfConfig(config.central, { password: options.centralPassword, random });
    this.#sync = new CentralSync({
      pool,
      migrations: new CentralMigrations(pool),
      outbox: store.outbox,
      sensor: config.sensor,
      version,
      counters: options.blindSpots,
      log,
      now,
      random,
      limits: { maxOutboxRows: outboxRowsFor(config.dataDir) },
    });
    this.#upkeep = new CentralUpkeep({ pool, sensor: config.sensor, keeping: config.retention, log, now, random });
  }

  /** What waits and how far behind it is; undefined where no central database is configured. */
  figures(): SyncFigures | undefined {
    return this.#sync?.figures();
  }

  /** How this sensor stands in the central database. */
  get standing(): Standing {
    return this.#sync?.standing ?? 'unclaimed';
  }

  /** From here on every change is noted for the central database, or none is. Before anything is received. */
  start(): void {
    if (this.#sync === undefined) {
      this.#store.outbox.disable();
      return;
    }
    this.#store.outbox.enable();
    this.#minutes.start();
    this.#sync.start();
    this.#upkeep?.start();
  }

  async stop(): Promise<void> {
    this.#minutes.stop();
    const upkeep = this.#upkeep?.stop();
    // Closes the pool, and with it whatever upkeep waits for.
    await this.#sync?.stop();
    await upkeep;
  }
}
