import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startMariadb } from '../support/mariadb.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { drained, fill, HOUR, openSensor, sightings, T0 } from './central-fixture.ts';
import { NAMES, waiting, world } from './fault-world.ts';
import { assertUnion } from './union.ts';

test('a central database that was dropped and made anew is told everything again, also while the sensor runs', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  await server.sql('DROP DATABASE virus_total', 'CREATE DATABASE virus_total');
  await until('it tells everything', () => sensor.logged.some((line) => line.includes('everything is told')));
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('another server, and one that was set back to an older dump, are told everything again', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const first = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  await first.stop();
  const other = await startMariadb(t, { dir: tempDir(t) });
  const second = sensor.sync({ addresses: [{ socket: other.socket }] });
  await until('it tells everything', () => sensor.logged.some((line) => line.includes('everything is told')));
  await drained(sensor);
  await assertUnion(other, [sensor]);
  await second.stop();
  // The first one stands as it was when the sensor left it, and that is long ago.
  await server.sql('UPDATE virus_total.sensors SET heartbeat = heartbeat - INTERVAL 1 DAY');
  await server.sql('DELETE FROM virus_total.sightings_hourly');
  sensor.sync({ addresses: [{ socket: server.socket }] });
  await until('and again', () => sensor.logged.filter((line) => line.includes('everything is told')).length === 2);
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('what went while nothing was noted for the centre goes there too', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  await sync.stop();
  sensor.outbox.disable();
  sensor.store.transact(() => sensor.store.overrides.remove(`*.${NAMES[0]}`));
  sensor.outbox.enable();
  sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a copy of the data folder is refused while the other one runs', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { dir, server, sensor } = w;
  const addresses = [{ socket: server.socket }];
  const before = sensor.sync({ addresses });
  await drained(sensor);
  await before.stop();
  sensor.db.pragma('wal_checkpoint(TRUNCATE)');
  mkdirSync(join(dir, 'copy'));
  copyFileSync(join(dir, 'gateway.db'), join(dir, 'copy', 'gateway.db'));
  const copy = openSensor(t, 'gateway', join(dir, 'copy'));
  for (const [one, count] of [
    [sensor, 100],
    [copy, 7],
  ] as const)
    one.store.transact(() => one.store.sightings.record(sightings(['x.example.com'], T0 + HOUR, '10.0.0.1', count)));
  const original = sensor.sync({ addresses });
  await drained(sensor);
  const refused = copy.sync({ addresses });
  assert.match(await waiting(refused, 'name'), /another guardian/);
  assert.ok(typeof refused.standing === 'object', 'it takes no part in the fleet either');
  assert.equal(original.standing, 'claimed');
  await assertUnion(server, [sensor]);
});

test('a server that commits nothing by itself is told to', async (t) => {
  const w = await world(t, ['--autocommit=0']);
  if (w === undefined) return;
  const { server, sensor } = w;
  sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a table that takes no row holds up no other, and a schema that became newer meanwhile is left alone', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  await server.sql('RENAME TABLE virus_total.verdicts TO virus_total.away');
  fill(sensor, ['later.example.com'], T0 + HOUR);
  await waiting(sync, 'schema');
  await until('the others arrive', async () => {
    const [row] = await server.sql(
      `SELECT count(*) AS n FROM virus_total.sightings_hourly WHERE value = 'later.example.com'`,
    );
    return row?.n === 1;
  });
  await server.sql('RENAME TABLE virus_total.away TO virus_total.verdicts');
  await drained(sensor);
  await assertUnion(server, [sensor]);
  await server.sql(`INSERT INTO virus_total.schema_migrations VALUES (99, 'newer', UTC_TIMESTAMP(3))`);
  assert.match(await waiting(sync, 'schema'), /newer guardian/);
  assert.ok(typeof sync.standing === 'object');
});
