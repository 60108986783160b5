import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import { forgetOldRows } from '../../src/central/central-retention.ts';
import { registerCentral } from '../../src/cli/central.ts';
import { Kept, world } from '../cli/cli-fixture.ts';
import { MARIADB_USER, type Mariadb, startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { drained, fill, openSensor, poolOf, T0 } from './central-fixture.ts';

const NAMES = [
  'a.example.com',
  'b.example.org',
  '192.0.2.7',
  'http://c.example.net/x',
  'd'.repeat(63).concat('.example'),
];
const GRANTS = join(import.meta.dirname, '../../native-config/mysql');

/** Runs a file of statements as an administrator does. */
async function runFile(server: Mariadb, name: string): Promise<void> {
  const text = readFileSync(join(GRANTS, name), 'utf8').replace(/^--.*$/gm, '');
  await server.sql(
    ...text
      .split(';')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  );
}

test('ten sensors that migrate an empty database at once make one schema, and each version is applied once', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startMariadb(t, { dir: tempDir(t) });
  const pools = Array.from({ length: 10 }, () =>
    poolOf({ addresses: [{ socket: server.socket }], queryTimeoutMs: 30_000 }),
  );
  t.after(() => pools.forEach((pool) => void pool.close()));
  const outcomes = await Promise.all(pools.map((pool) => new CentralMigrations(pool).run()));
  const applied = outcomes.flatMap((one) => one.applied);
  assert.deepEqual(applied.toSorted(), [...new Set(applied)].toSorted());
  const rows = await server.sql('SELECT name FROM virus_total.schema_migrations ORDER BY version');
  assert.deepEqual(
    rows.map(({ name }) => name),
    applied.toSorted(),
  );
});

test('every migration can be run again after a run that was killed, and changes nothing then', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startMariadb(t, { dir: tempDir(t) });
  const pool = poolOf({ addresses: [{ socket: server.socket }], queryTimeoutMs: 30_000 });
  t.after(() => pool.close());
  const schema = () =>
    server.sql(
      `SELECT table_name, column_name, column_type, column_key FROM information_schema.columns WHERE table_schema = 'virus_total' ORDER BY 1, 2`,
    );
  const { applied } = await new CentralMigrations(pool).run();
  const before = await schema();
  await server.sql('DELETE FROM virus_total.schema_migrations');
  assert.deepEqual((await new CentralMigrations(pool).run()).applied, applied);
  assert.deepEqual(await schema(), before);
  assert.deepEqual((await new CentralMigrations(pool).run()).applied, []);
});

test('every table is InnoDB with one collation for texts and ASCII for keys, has a primary key, and nothing is a procedure, trigger or foreign key', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startMariadb(t, { dir: tempDir(t) });
  const pool = poolOf({ addresses: [{ socket: server.socket }] });
  t.after(() => pool.close());
  await new CentralMigrations(pool).run();
  const inSchema = "table_schema = 'virus_total'";
  const tables = await server.sql(
    `SELECT DISTINCT engine, table_collation FROM information_schema.tables WHERE ${inSchema} AND table_type = 'BASE TABLE'`,
  );
  assert.deepEqual(
    tables.map((row) => ({ ...row })),
    [{ engine: 'InnoDB', table_collation: 'utf8mb4_unicode_ci' }],
  );
  const collations = await server.sql(
    `SELECT DISTINCT collation_name AS c FROM information_schema.columns WHERE ${inSchema} AND collation_name IS NOT NULL
       AND table_name IN (SELECT table_name FROM information_schema.tables WHERE ${inSchema} AND table_type = 'BASE TABLE') ORDER BY c`,
  );
  assert.deepEqual(
    collations.map(({ c }) => c),
    ['ascii_bin', 'utf8mb4_unicode_ci'],
  );
  const [odd] = await server.sql(
    `SELECT (SELECT count(*) FROM information_schema.routines WHERE routine_schema = 'virus_total')
       + (SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = 'virus_total')
       + (SELECT count(*) FROM information_schema.referential_constraints WHERE constraint_schema = 'virus_total')
       + (SELECT count(*) FROM information_schema.columns WHERE ${inSchema} AND extra LIKE '%auto_increment%') AS n`,
  );
  assert.equal(Number(odd?.n), 0);
  const keyless = await server.sql(
    `SELECT table_name FROM information_schema.tables AS t WHERE ${inSchema} AND table_type = 'BASE TABLE' AND NOT EXISTS
       (SELECT 1 FROM information_schema.statistics AS s WHERE s.table_schema = t.table_schema AND s.table_name = t.table_name AND index_name = 'PRIMARY')`,
  );
  assert.deepEqual(keyless, []);
});

test('with the grants we ship a sensor writes, the schema user migrates, and Grafana reads and does nothing else', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  await server.sql("DROP USER guardian@'%'");
  await runFile(server, 'grants.sql');
  const as = (user: string, password: string) => {
    const pool = poolOf({ addresses: [{ host: '127.0.0.1', port: server.port }], user, password: () => password });
    t.after(() => pool.close());
    return pool;
  };
  const sensorPool = as('guardian', 'change-me-1');
  await assert.rejects(new CentralMigrations(sensorPool).run(), { failure: 'denied' });
  await new CentralMigrations(as('guardian_schema', 'change-me-2')).run();
  await runFile(server, 'grafana.sql');
  const sensor = openSensor(t, 'gateway', dir);
  fill(sensor, NAMES, T0);
  sensor.sync({ addresses: [{ host: '127.0.0.1', port: server.port }], password: () => 'change-me-1' });
  await drained(sensor);

  const grafana = as('grafana', 'change-me-3');
  const rows = await grafana.use((connection) =>
    connection.rows(
      'SELECT url, scan_date, positives, total_scans, permalink, scan_result FROM url_scans ORDER BY url, scan_date LIMIT 1',
    ),
  );
  assert.equal(rows[0]?.url, '192.0.2.7');
  await grafana.use((connection) =>
    connection.rows(
      'SELECT timestamp, query_type, domain, source_ip, response_ip FROM dns_queries JOIN url_scans ON url = domain',
    ),
  );
  await grafana.use((connection) =>
    connection.rows('SELECT sha256, scan_date, positives, total_scans, permalink, scan_result FROM file_scans'),
  );
  for (const statement of [
    'SELECT * FROM quota_leases',
    'SELECT * FROM overrides',
    'SELECT * FROM scans',
    'SELECT * FROM sightings_hourly',
    'DELETE FROM scans',
    'CREATE TABLE x (a INT)',
    'SELECT * FROM mysql.user',
  ])
    await assert.rejects(
      grafana.use((connection) => connection.run(statement)),
      { failure: 'denied' },
      statement,
    );
  await assert.rejects(
    sensorPool.use((connection) => connection.run('DROP TABLE scans')),
    { failure: 'denied' },
  );
});

test('forgetOldRows() deletes what is older than it should be kept, and nothing younger', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const sensor = openSensor(t, 'gateway', dir);
  fill(sensor, NAMES, T0);
  fill(sensor, NAMES, T0 + 10 * 86_400_000);
  sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  const pool = poolOf({ addresses: [{ socket: server.socket }] });
  t.after(() => pool.close());
  const week = 7 * 86_400_000;
  const keeping = { sightingsMs: week, alertsMs: week, reportsMs: week };
  const { signal } = new AbortController();
  const old = `'${new Date(T0 + 3 * 86_400_000).toISOString().slice(0, 19).replace('T', ' ')}'`;
  const aged = {
    sightings_hourly: 'hour',
    suricata_alerts: 'minute',
    suricata_stats: 'minute',
    pihole_stats: 'minute',
    pihole_hits: 'hour',
    sensor_stats: 'minute',
    client_hours: 'hour',
    flagged_hours: 'hour',
    alert_hours: 'hour',
    lookups: 'at',
    scans: 'scan_date',
    scan_hours: 'hour',
    verdict_history: 'at',
    quota: 'starts_at',
    lookup_hours: 'hour',
  };
  let older = 0;
  for (const [table, column] of Object.entries(aged)) {
    const [counted] = await server.sql(`SELECT count(*) AS n FROM virus_total.${table} WHERE ${column} < ${old}`);
    older += Number(counted?.n);
  }
  assert.ok(older >= 3 * NAMES.length);
  const forgotten = await forgetOldRows({ pool, keeping, now: () => T0 + 10 * 86_400_000, signal });
  assert.equal(forgotten, older);
  const [left] = await server.sql('SELECT count(*) AS n FROM virus_total.sightings_hourly');
  assert.equal(left?.n, NAMES.length);
});

test('guardian central migrate and status say what they did and found', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const at = (name: string) => join(dir, name);
  writeFileSync(at('password'), `${MARIADB_USER.password}\n`, { mode: 0o600 });
  writeFileSync(at('guardian.yaml'), `central: { socket: ${at('db.sock')}, password_file: ${at('password')} }\n`);
  const run = async (...argv: string[]): Promise<{ readonly out: string; readonly failed: boolean }> => {
    const io = world();
    const program = new Command('guardian').exitOverride();
    registerCentral(program, io);
    const failed = await program.parseAsync([...argv, '--config', at('guardian.yaml')], { from: 'user' }).then(
      () => false,
      () => true,
    );
    assert.ok(io.stdout instanceof Kept);
    return { out: io.stdout.text, failed };
  };
  const empty = await run('central', 'status');
  assert.ok(empty.failed);
  assert.match(empty.out, /schema\tnone, want \d+: run "guardian central migrate"/);
  assert.match((await run('central', 'migrate')).out, /^The central schema is now version \d+: 0001_first, 0002_views/);
  assert.match((await run('central', 'migrate')).out, /up to date/);
  const sensor = openSensor(t, 'gateway', dir);
  fill(sensor, NAMES, T0);
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  const { out, failed } = await run('central', 'status', '--json');
  assert.equal(failed, false);
  const { sensors } = JSON.parse(out) as { sensors: { sensor: string; set_aside: number }[] };
  assert.deepEqual(
    sensors.map((one) => [one.sensor, one.set_aside]),
    [['gateway', 0]],
  );
  await sync.stop();
});
