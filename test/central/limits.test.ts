import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CentralError } from '../../src/central/central-error.ts';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import { MARIADB_USER, startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { swallowingProxy } from '../support/swallowing-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { drained, openSensor, poolOf, report, sightings, T0 } from './central-fixture.ts';

const SMALL_PACKET = 16 * 1024;

test('CentralPool lends eight sessions at once, serves everybody who waits, and lets nobody wait for one that is closed', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startMariadb(t, { dir: tempDir(t) });
  const pool = poolOf({ addresses: [{ socket: server.socket }], queryTimeoutMs: 60_000 });
  t.after(() => pool.close());
  const sessions = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = '${MARIADB_USER.user}'`;
  const seen = await Promise.all(
    Array.from({ length: 200 }, () => pool.use(async (connection) => Number((await connection.rows(sessions))[0]?.n))),
  );
  assert.equal(seen.length, 200);
  assert.ok(Math.max(...seen) <= 8, `${Math.max(...seen)} sessions`);
  const waiting = Array.from({ length: 20 }, () => pool.use((connection) => connection.rows('SELECT SLEEP(600)')));
  const ended = Promise.allSettled(waiting);
  pool.close();
  for (const outcome of await ended)
    assert.ok(outcome.status === 'rejected' && outcome.reason instanceof CentralError, JSON.stringify(outcome));
});

test('CentralPool repeats what a lost session leaves open, and never what says that it may not be', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startMariadb(t, { dir: tempDir(t) });
  const proxy = await swallowingProxy(t, server.port);
  const pool = poolOf({ addresses: [{ host: '127.0.0.1', port: proxy.port }] });
  t.after(() => pool.close());
  const timesOf = async (options: { readonly once?: boolean }) => {
    let times = 0;
    const used = pool.use(async (connection) => {
      times += 1;
      // Before it answers, the network is gone.
      if (times === 1) {
        const asked = connection.rows('SELECT SLEEP(0.2)');
        proxy.swallow(true);
        proxy.swallow(false);
        await asked;
      }
    }, options);
    return {
      outcome: await used.then(
        () => 'done',
        (error: CentralError) => error.failure,
      ),
      times,
    };
  };
  assert.deepEqual(await timesOf({}), { outcome: 'done', times: 2 });
  assert.deepEqual(await timesOf({ once: true }), { outcome: 'lost', times: 1 });
});

test('summaries keep to the packet of the server, however many devices there are', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir, args: [`--max-allowed-packet=${SMALL_PACKET}`] });
  const sensor = openSensor(t, 'gateway', dir);
  sensor.store.transact(() => {
    for (let n = 0; n < 400; n++)
      sensor.store.sightings.record(sightings(['a.example.com'], T0, `10.0.${n >> 8}.${n & 255}`));
  });
  sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  const [row] = await server.sql('SELECT COUNT(*) AS n FROM virus_total.client_hours');
  assert.equal(Number(row?.n), 400);
});

test('a row beyond the packet of the server is set aside with its size, and holds up nothing', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir, args: [`--max-allowed-packet=${SMALL_PACKET}`] });
  const sensor = openSensor(t, 'gateway', dir);
  const { reports } = sensor.store;
  reports.keep(report('before.example.com', T0, 3));
  const result = 'x'.repeat(12 * 1024 * 1024);
  reports.keep({
    ...report('huge.example.com', T0 + 1000, 1),
    flagged: [{ engine: 'Engine', category: 'malicious', result }],
  });
  reports.keep(report('after.example.com', T0 + 2000, 3));
  // Over TCP, where a server ends the session at a packet it does not take.
  const sync = sensor.sync({ addresses: [{ host: '127.0.0.1', port: server.port }] });
  await drained(sensor);
  const [aside] = sensor.outbox.aside(5);
  assert.match(aside?.error ?? '', /a row of \d{8} bytes, want at most 8192 \(max_allowed_packet of the server\)/);
  assert.equal(sync.figures().setAside, 1);
  const rows = await server.sql('SELECT value FROM virus_total.scans ORDER BY value');
  assert.deepEqual(
    rows.map(({ value }) => value),
    ['after.example.com', 'before.example.com'],
  );
});

test('CentralMigrations finds what a schema lost, whatever its version says, and makes it again', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startMariadb(t, { dir: tempDir(t) });
  const pool = poolOf({ addresses: [{ socket: server.socket }], queryTimeoutMs: 60_000 });
  t.after(() => pool.close());
  const migrations = new CentralMigrations(pool);
  await migrations.run();
  assert.deepEqual(await migrations.missing(), []);
  await server.sql('USE virus_total', 'DROP TABLE lookups', 'DROP VIEW url_scans');
  assert.deepEqual((await migrations.run()).applied, []);
  assert.deepEqual([...(await migrations.missing())].toSorted(), ['lookups', 'url_scans']);
  await migrations.repair();
  assert.deepEqual(await migrations.missing(), []);
  assert.equal(await migrations.present(), migrations.wanted);
});
