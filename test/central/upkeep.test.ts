import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CentralUpkeep } from '../../src/central/central-upkeep.ts';
import { datetime } from '../../src/central/upsert.ts';
import { startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { drained, fill, logInto, openSensor, poolOf, sightings, T0 } from './central-fixture.ts';

const DAY = 86_400_000;
const WEEK = 7 * DAY;
const NAMES = ['old.example.com', 'still-used.example.com'];

test('CentralUpkeep forgets what is old on its schedule, by the first sensor of all that are there, and keeps what is in use', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const addresses = [{ socket: server.socket }];
  const [first, second] = ['first', 'second'].map((name) => openSensor(t, name, dir));
  assert.ok(first && second);
  for (const sensor of [first, second]) fill(sensor, NAMES, T0);
  first.store.transact(() => first.store.sightings.record(sightings(['still-used.example.com'], T0 + 10 * DAY)));
  for (const sensor of [first, second]) sensor.sync({ addresses });
  for (const sensor of [first, second]) await drained(sensor);
  const pool = poolOf({ addresses });
  t.after(() => pool.close());
  const upkeep = (sensor: string) =>
    new CentralUpkeep({
      pool,
      sensor,
      keeping: { sightingsMs: WEEK, alertsMs: WEEK, reportsMs: WEEK },
      log: logInto([]),
      now: () => T0 + 10 * DAY,
      random: () => 0.5,
      intervalMs: 20,
    });
  // Beats are by the clock of the server, and every sensor of this test is there at present.
  assert.equal(await upkeep('second').run(), 0, 'another one does it');
  // Of a server whose clock was ahead when it beat: nobody waits for that one.
  await server.sql(
    `INSERT INTO virus_total.sensors (sensor, instance, version, started, heartbeat, clock_skew_ms, outbox_rows, set_aside, thinned)
     VALUES ('a-future', 'x', '1', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 1 YEAR, 0, 0, 0, 0)`,
  );
  const left = async (sql: string) => (await server.sql('USE virus_total', sql)).map((row) => Object.values(row)[0]);
  const ahead = new CentralUpkeep({
    pool,
    sensor: 'first',
    keeping: { sightingsMs: WEEK, alertsMs: WEEK, reportsMs: WEEK },
    log: logInto([]),
    now: () => Date.now() + 4000 * DAY,
    random: () => 0.5,
  });
  await server.sql(`INSERT INTO virus_total.quota_leases VALUES ('a', 'domain', 'n.com', 'second', UTC_TIMESTAMP(3))`);
  await ahead.run();
  assert.deepEqual(await left('SELECT count(*) FROM quota_leases'), [1], 'our clock alone makes nothing old');
  for (const sensor of [first, second]) sensor.outbox.markAll();
  for (const sensor of [first, second]) await drained(sensor);
  const scheduled = upkeep('first');
  scheduled.start();
  t.after(() => scheduled.stop());
  await until('nobody used it any more', async () => (await left('SELECT value FROM observables')).length === 1);
  await scheduled.stop();
  assert.deepEqual(await left('SELECT value FROM observables'), ['still-used.example.com']);
  assert.deepEqual(await left('SELECT DISTINCT hour FROM sightings_hourly'), [datetime(T0 + 10 * DAY)]);
  for (const table of ['scans', 'lookups', 'verdict_history', 'suricata_alerts', 'suricata_stats', 'scan_hours'])
    assert.deepEqual(await left(`SELECT count(*) FROM ${table}`), [0], table);
  assert.deepEqual(await left('SELECT count(*) FROM verdicts'), [2 * NAMES.length], 'what is so at present stays');
  assert.deepEqual(await left('SELECT count(*) FROM overrides'), [2]);
});
