import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import { readCentralStatus } from '../../src/central/central-status.ts';
import { MARIADB_USER, startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { drained, fill, HOUR, openSensor, poolOf, sightings, T0 } from './central-fixture.ts';
import { many, NAMES, waiting, world } from './fault-world.ts';
import { assertUnion } from './union.ts';

const run = promisify(execFile);

test('a server that is restarted while rows come in ends with every row', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const sync = sensor.sync({ addresses: [{ host: '127.0.0.1', port: server.port }], limits: { batchRows: 100 } });
  for (const round of [1, 2]) {
    sensor.store.transact(() => sensor.store.sightings.record(sightings(many(6_000, `r${round}-`), T0 + round * HOUR)));
    const before = sync.figures().sent;
    await until('some of it is sent', () => sync.figures().sent > before + 500);
    await server.kill('SIGTERM');
    await server.start();
  }
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

/** In pieces until nothing fits: the server may grow meanwhile, so what is free at first says little. */
function fillUp(path: string): void {
  const piece = Buffer.alloc(64 * 1024);
  assert.throws(
    () => {
      for (;;) appendFileSync(path, piece);
    },
    { code: 'ENOSPC' },
  );
}

test('a disk that is full is waited for', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const disk = join(dir, 'disk');
  mkdirSync(disk);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=256M', 'tmpfs', disk]);
  const server = await startMariadb(t, { dir: disk, args: ['--innodb-log-file-size=8M'] });
  t.after(() => run('umount', ['--lazy', disk]).then(() => undefined));
  const sensor = openSensor(t, 'gateway', dir);
  fill(sensor, NAMES, T0);
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  fillUp(join(disk, 'ballast'));
  sensor.store.transact(() =>
    sensor.store.sightings.record(sightings(many(40_000, 'some-quite-long-name-'), T0 + HOUR)),
  );
  assert.match(await waiting(sync, 'elsewhere'), /is full|Error writing|[Dd]isk full/);
  rmSync(join(disk, 'ballast'));
  await drained(sensor, 60_000);
  await assertUnion(server, [sensor]);
});

test('a password that changes while everything runs is taken up from its file, by a new session', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { dir, server, sensor } = w;
  const file = join(dir, 'central.password');
  writeFileSync(file, MARIADB_USER.password);
  const sync = sensor.sync({
    addresses: [{ host: '127.0.0.1', port: server.port }],
    password: () => readFileSync(file, 'utf8'),
  });
  await drained(sensor);
  const session = async () => {
    const rows = await server.sql(`SELECT id FROM information_schema.processlist WHERE user = '${MARIADB_USER.user}'`);
    return rows[0]?.id;
  };
  const before = await session();
  await server.sql(`ALTER USER ${MARIADB_USER.user}@'%' IDENTIFIED BY 'secret-2'`);
  writeFileSync(file, 'secret-2');
  await until('there is another session', async () => (await session()) !== before);

  await server.sql(`ALTER USER ${MARIADB_USER.user}@'%' IDENTIFIED BY 'secret-3'`, `KILL ${await session()}`);
  fill(sensor, ['later.example.com'], T0 + HOUR);
  assert.match(await waiting(sync, 'denied'), /Access denied/);
  assert.ok(!sensor.logged.join().includes('secret-'), 'no password in a message');
  writeFileSync(file, 'secret-3');
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a schema that an administrator locked is waited for, and nothing old is written after something new', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const sync = sensor.sync({ addresses: [{ socket: server.socket }], queryTimeoutMs: 1_000 });
  await drained(sensor);
  const locked = server.sql('FLUSH TABLES WITH READ LOCK', 'SELECT SLEEP(6)', 'UNLOCK TABLES');
  fill(sensor, [...NAMES, 'first.example.com'], T0 + HOUR);
  await waiting(sync, 'elsewhere');
  fill(sensor, [...NAMES, 'second.example.com'], T0 + 2 * HOUR);
  await locked;
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a batch that the server ends to break a deadlock is sent again', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const names = many(50, 'n');
  sensor.store.transact(() => sensor.store.sightings.record(sightings(names, T0)));
  const addresses = [{ socket: server.socket }];
  sensor.sync({ addresses });
  await drained(sensor);
  await server.sql('CREATE TABLE virus_total.weight (id INT PRIMARY KEY)');
  const pool = poolOf({ addresses, queryTimeoutMs: 60_000 });
  t.after(() => pool.close());
  const status = async (name: string) => Number((await server.sql(`SHOW GLOBAL STATUS LIKE '${name}'`))[0]?.Value);
  const before = await status('Innodb_deadlocks');
  await pool.use(async (other) => {
    const lock = (name: string) =>
      other.run('UPDATE observables SET last_seen = last_seen WHERE kind = "domain" AND value = ?', [
        `${name}.example.com`,
      ]);
    // The lighter of the two is ended, and that shall be the batch.
    await other.run('START TRANSACTION');
    await other.run('INSERT INTO weight SELECT seq FROM seq_1_to_20000');
    await lock('n49');
    sensor.store.transact(() => sensor.store.sightings.record(sightings(names, T0 + HOUR)));
    await until('the batch waits for that row', async () => (await status('Innodb_row_lock_current_waits')) > 0);
    await lock('n0');
    await other.run('COMMIT');
  });
  assert.ok((await status('Innodb_deadlocks')) > before, 'there was a deadlock');
  await drained(sensor);
  await server.sql('DROP TABLE virus_total.weight');
  await assertUnion(server, [sensor]);
});

test('a server that has no connection left for the sensor is waited for', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  await server.sql(`ALTER USER ${MARIADB_USER.user}@'%' WITH MAX_USER_CONNECTIONS 1`);
  const taken = poolOf({ addresses: [{ socket: server.socket }] });
  t.after(() => taken.close());
  await taken.use((connection) => connection.rows('SELECT 1'));
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  assert.match(await waiting(sync, 'elsewhere'), /max_user_connections|resource/);
  taken.close();
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a sensor whose clock is wrong, and is then set, goes on: its times are its own, and who is silent is judged by the server', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  let ahead = 3 * HOUR;
  const sync = sensor.sync({ addresses: [{ socket: server.socket }], now: () => Date.now() + ahead });
  await drained(sensor);
  const pool = poolOf({ addresses: [{ socket: server.socket }] });
  t.after(() => pool.close());
  const status = async () => (await readCentralStatus(pool, new CentralMigrations(pool))).sensors[0];
  const skewed = await until('it is up to date', async () => {
    const one = await status();
    return one?.lagMs === undefined ? undefined : one;
  });
  assert.ok(Math.abs(skewed.clockSkewMs - ahead) < HOUR, `${skewed.clockSkewMs}`);
  assert.ok((skewed.lagMs ?? 0) < HOUR && skewed.silentMs < HOUR);
  // Set back by six hours: heartbeats are not due by that clock for six hours.
  ahead = -3 * HOUR;
  fill(sensor, ['later.example.com'], T0 + HOUR);
  await drained(sensor);
  const set = await until('a heartbeat with the new clock', async () => {
    const one = await status();
    return one !== undefined && one.clockSkewMs < 0 ? one : undefined;
  });
  assert.ok(Math.abs(set.clockSkewMs - ahead) < HOUR);
  assert.equal(sync.figures().state.kind, 'syncing');
  await assertUnion(server, [sensor]);
});

test('statements fit the packet the server allows, and a single row that does not is set aside', async (t) => {
  const w = await world(t, ['--max-allowed-packet=32768']);
  if (w === undefined) return;
  const { server, sensor } = w;
  const { db } = sensor;
  sensor.store.transact(() => sensor.store.sightings.record(sightings(many(3_000, 'n'), T0)));
  const words = 'INSERT INTO overrides (pattern, action, reason, created_at) VALUES (?, ?, ?, ?)';
  db.prepare(words).run('long.example.com', 'allow', 'x'.repeat(60_000), T0);
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  assert.equal(sync.figures().setAside, 1);
  assert.match(sensor.outbox.aside(1)[0]?.error ?? '', /max_allowed_packet/);
  db.prepare('UPDATE overrides SET reason = ? WHERE pattern = ?').run('short', 'long.example.com');
  await drained(sensor);
  assert.equal(sync.figures().setAside, 0);
  await assertUnion(server, [sensor]);
});

test('a sensor whose user may not change an older schema says so, and goes on when somebody upgraded it', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  await server.sql(
    "CREATE USER plain@'%' IDENTIFIED BY 'secret-4'",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON virus_total.* TO plain@'%'",
  );
  const addresses = [{ socket: server.socket }];
  const sync = sensor.sync({ addresses, user: 'plain', password: () => 'secret-4' });
  assert.match(
    await waiting(sync, 'schema'),
    /the central schema is version 0, want \d+, and this sensor's user may not change it/,
  );
  const pool = poolOf({ addresses });
  t.after(() => pool.close());
  await new CentralMigrations(pool).run();
  await drained(sensor);
  await assertUnion(server, [sensor]);
});
