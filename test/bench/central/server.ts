import { createConnection } from 'mysql2/promise';
import { CentralMigrations } from '../../../src/central/central-migrations.ts';
import { CentralPool } from '../../../src/central/central-pool.ts';
import { MARIADB_USER, type Mariadb, startMariadb } from '../../support/mariadb.ts';
import { NAMES, sighting } from './sightings.ts';

const BARE_BATCH = 1_000;
const PREFILL_STEP = 500_000;

/** A server as a small machine runs it: its log goes to the disk once a second, not with every commit. */
export async function startBenchServer(dir: string, cleanups: (() => Promise<void>)[]): Promise<Mariadb> {
  return startMariadb(
    { after: (fn) => cleanups.push(fn) },
    {
      dir,
      args: ['--innodb-flush-log-at-trx-commit=2', '--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M'],
    },
  );
}

export function benchPool(socket: string): CentralPool {
  return new CentralPool({
    addresses: [{ socket }],
    user: MARIADB_USER.user,
    password: () => MARIADB_USER.password,
    database: MARIADB_USER.database,
    random: Math.random,
  });
}

/** Makes the schema. */
export async function migrate(server: Mariadb): Promise<void> {
  const pool = benchPool(server.socket);
  await new CentralMigrations(pool).run();
  pool.close();
}

/** Rows a second of the driver's own multi-row insert into a table like ours: the yardstick of the same run. */
export async function bareInsert(server: Mariadb, rows: number): Promise<number> {
  const connection = await createConnection({ socketPath: server.socket, ...MARIADB_USER });
  await connection.query('CREATE TABLE bare LIKE sightings_hourly');
  const startedAt = performance.now();
  for (let at = 0; at < rows; at += BARE_BATCH) {
    const batch = Array.from({ length: BARE_BATCH }, (_, index) => bareRow(at + index));
    await connection.query('INSERT INTO bare VALUES ?', [batch]);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await connection.query('DROP TABLE bare');
  await connection.end();
  return rows / seconds;
}

function bareRow(index: number): readonly (string | number)[] {
  const { name, client, hour } = sighting(index);
  const text = (ms: number) => new Date(ms).toISOString().slice(0, -1).replace('T', ' ');
  return [text(hour), 'domain', name, client, 'dns', 'bench', 1, 0, text(hour + 1), text(hour + 2)];
}

/** Sightings of years before, of the same names, by another sensor. In the order of the key, and indexed when all are there. */
export async function prefill(server: Mariadb, rows: number): Promise<void> {
  const [use, keys] = [
    'USE virus_total',
    'sightings_by_observable (value, hour), ADD KEY sightings_by_client (client, hour)',
  ];
  await server.sql(use, 'ALTER TABLE sightings_hourly DROP KEY sightings_by_observable, DROP KEY sightings_by_client');
  for (let from = 0; from < rows; from += PREFILL_STEP) {
    const n = `(${from} + seq - 1)`;
    await server.sql(
      use,
      `INSERT INTO sightings_hourly SELECT TIMESTAMP('2020-01-01') + INTERVAL ${n} DIV ${NAMES} HOUR AS hour, 'domain',
         CONCAT('host-', ${n} MOD ${NAMES}, '.some-example-', (${n} MOD ${NAMES}) MOD 997, '.example.com') AS value,
         '10.0.0.1', 'dns', 'other', 1, 0, TIMESTAMP('2020-01-01'), TIMESTAMP('2020-01-01')
       FROM seq_1_to_${Math.min(PREFILL_STEP, rows - from)} ORDER BY hour, value`,
    );
  }
  await server.sql(use, `ALTER TABLE sightings_hourly ADD KEY ${keys}`);
}
