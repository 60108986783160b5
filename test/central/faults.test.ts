import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import { MARIADB_USER } from '../support/mariadb.ts';
import { swallowingProxy } from '../support/swallowing-proxy.ts';
import { until } from '../support/until.ts';
import { drained, fill, HOUR, openSensor, poolOf, sightings, T0 } from './central-fixture.ts';
import { many, NAMES, waiting, world } from './fault-world.ts';
import { assertUnion } from './union.ts';

const SHORT_MS = 400;

test('a server killed in the middle of a backlog and started again ends with every row, once', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  sensor.store.transact(() => sensor.store.sightings.record(sightings(many(20_000, 'n'), T0)));
  const sync = sensor.sync({ addresses: [{ socket: server.socket }], limits: { batchRows: 250 } });
  await until('some of it is sent', () => sync.figures().sent > 3_000);
  await server.kill('SIGKILL');
  await waiting(sync, 'lost');
  assert.ok(sync.figures().outboxRows > 0);
  fill(sensor, ['while-away.example.com', ...NAMES], T0 + HOUR);
  await server.start();
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a sensor killed before it heard the acknowledgement sends again, and nothing is there twice', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const proxy = await swallowingProxy(t, server.port);
  sensor.store.transact(() => sensor.store.sightings.record(sightings(many(5_000, 'n'), T0)));
  const limits = { batchRows: 100 };
  const before = sensor.sync({ addresses: [{ host: '127.0.0.1', port: proxy.port }], limits });
  await until('some of it is sent', () => before.figures().sent > 500);
  proxy.swallow(true);
  await before.stop();
  proxy.swallow(false);
  sensor.sync({ addresses: [{ host: '127.0.0.1', port: proxy.port }], limits });
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a read-only server is waited for, and said so', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  await server.sql('SET GLOBAL read_only = 1');
  fill(sensor, ['later.example.com'], T0 + HOUR);
  assert.match(await waiting(sync, 'elsewhere'), /read-only/);
  await server.sql('SET GLOBAL read_only = 0');
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a password changed on the server is read anew from its file', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  let password = 'wrong';
  const sync = sensor.sync({ addresses: [{ host: '127.0.0.1', port: server.port }], password: () => password });
  assert.match(await waiting(sync, 'denied'), /Access denied/);
  assert.ok(!sensor.logged.join().includes('wrong'), 'no password in a message');
  password = MARIADB_USER.password;
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a server that is not there at the start is found when it comes', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  await server.kill('SIGTERM');
  const sync = sensor.sync({ addresses: [{ host: '127.0.0.1', port: server.port }] });
  assert.match(await waiting(sync, 'lost'), /ECONNREFUSED/);
  assert.equal(sync.figures().lagMs, undefined, 'never in touch is not "no lag"');
  await server.start();
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a network that swallows packets is noticed by a timeout', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const proxy = await swallowingProxy(t, server.port);
  const sync = sensor.sync({ addresses: [{ host: '127.0.0.1', port: proxy.port }], queryTimeoutMs: SHORT_MS });
  await drained(sensor);
  proxy.swallow(true);
  fill(sensor, ['later.example.com'], T0 + HOUR);
  await waiting(sync, 'lost');
  assert.ok(proxy.swallowed() > 0);
  proxy.swallow(false);
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('stopping waits neither for an answer nor for a connection that a network swallows', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const proxy = await swallowingProxy(t, server.port);
  const addresses = [{ host: '127.0.0.1', port: proxy.port }];
  for (const isConnecting of [false, true]) {
    proxy.swallow(isConnecting);
    const sync = sensor.sync({ addresses, queryTimeoutMs: 12_000, connectTimeoutMs: 12_000 });
    if (!isConnecting) await drained(sensor);
    const swallowed = proxy.swallowed();
    proxy.swallow(true);
    fill(sensor, [`late-${isConnecting}.example.com`], T0 + HOUR);
    await until('something is swallowed', () => proxy.swallowed() > swallowed);
    let isStopped = false;
    void sync.stop().then(() => {
      isStopped = true;
    });
    await until('the sync has stopped', () => isStopped, 5_000);
    proxy.swallow(false);
  }
  sensor.sync({ addresses });
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('the next host serves when the first is dead, and rows go on', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const proxy = await swallowingProxy(t, server.port);
  const addresses = [
    { host: '127.0.0.1', port: 1 },
    { host: '127.0.0.1', port: proxy.port },
    { host: '127.0.0.1', port: server.port },
  ];
  const sync = sensor.sync({ addresses, queryTimeoutMs: SHORT_MS });
  await drained(sensor);
  assert.equal(sync.figures().where, `127.0.0.1:${proxy.port}`);
  proxy.swallow(true);
  fill(sensor, ['later.example.com'], T0 + HOUR);
  await drained(sensor);
  assert.equal(sync.figures().where, `127.0.0.1:${server.port}`);
  await assertUnion(server, [sensor]);
});

test('a second sensor of the same name is refused with a clear message, and the first goes on', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { dir, server, sensor } = w;
  const first = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  const twin = { ...openSensor(t, 'twin', dir), name: 'gateway' };
  fill(twin, ['twin.example.com'], T0);
  const second = twin.sync({ addresses: [{ socket: server.socket }], sensor: 'gateway' });
  assert.match(
    await waiting(second, 'name'),
    /Cannot sync as sensor "gateway": another guardian \(0\.0\.0-test, instance [0-9a-f-]{36}, heard \d+ s ago\) has that name/,
  );
  fill(sensor, ['later.example.com'], T0 + HOUR);
  await drained(sensor);
  assert.equal(first.figures().state.kind, 'syncing');
  assert.equal(typeof second.standing === 'object' ? second.standing.by : second.standing, 'name');
  await assertUnion(server, [sensor]);
});

test('a row the server refuses is set aside with its error and the rest goes on; it returns when it is mended', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const { db } = sensor;
  const id = db.prepare("SELECT id FROM observables WHERE key = 'domain:b.example.org'").pluck().get();
  db.prepare('UPDATE verdicts SET ratio = ? WHERE observable_id = ?').run('x'.repeat(40), id);
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  assert.equal(sync.figures().setAside, 1);
  const [aside] = sensor.outbox.aside(10);
  assert.equal(aside?.relation, 'verdicts');
  assert.match(aside?.error ?? '', /Data too long for column 'ratio'/);
  const [counted] = await server.sql('SELECT count(*) AS n FROM virus_total.verdicts');
  assert.equal(counted?.n, NAMES.length - 1);
  db.prepare('UPDATE verdicts SET ratio = ? WHERE observable_id = ?').run('1/92', id);
  await drained(sensor);
  assert.equal(sync.figures().setAside, 0);
  await assertUnion(server, [sensor]);
});

test('a row refused for a reason nobody foresaw is set aside as well, and the rest goes on', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const pool = poolOf({ addresses: [{ socket: server.socket }] });
  t.after(() => pool.close());
  await new CentralMigrations(pool).run();
  await server.sql(
    'USE virus_total',
    `CREATE TRIGGER odd BEFORE INSERT ON verdicts FOR EACH ROW BEGIN
       IF NEW.value = 'b.example.org' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not on a Wednesday'; END IF; END`,
  );
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  assert.equal(sync.figures().setAside, 1);
  assert.match(sensor.outbox.aside(1)[0]?.error ?? '', /not on a Wednesday/);
  await server.sql('DROP TRIGGER virus_total.odd');
  sensor.outbox.retryAside();
  await drained(sensor);
  assert.equal(sync.figures().setAside, 0);
  await assertUnion(server, [sensor]);
});

test('a schema of a newer guardian is left alone, and the sensor says so', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  const before = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  await before.stop();
  await server.sql("INSERT INTO virus_total.schema_migrations VALUES (9999, 'future', UTC_TIMESTAMP(3))");
  fill(sensor, ['later.example.com'], T0 + HOUR);
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  assert.match(
    await waiting(sync, 'schema'),
    /schema is version 9999, want at most \d+; it was made by a newer guardian/,
  );
  await server.sql('DELETE FROM virus_total.schema_migrations WHERE version = 9999');
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('rows locked by somebody else are waited for', async (t) => {
  const w = await world(t, ['--innodb-lock-wait-timeout=1']);
  if (w === undefined) return;
  const { server, sensor } = w;
  sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  // The statement's own transaction holds the locks until it ends.
  const holding = server.sql(
    'USE virus_total',
    'START TRANSACTION',
    'SELECT * FROM sightings_hourly FOR UPDATE',
    'SELECT SLEEP(2.5)',
    'ROLLBACK',
  );
  sensor.store.transact(() => sensor.store.sightings.record(sightings(NAMES, T0 + 20)));
  await holding;
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('a full tablespace is waited for', async (t) => {
  const w = await world(t, ['--innodb-file-per-table=OFF', '--innodb-data-file-path=ibdata1:12M:autoextend:max:16M']);
  if (w === undefined) return;
  const { server, sensor } = w;
  sensor.store.transact(() => sensor.store.sightings.record(sightings(many(30_000, 'some-longer-name-'), T0)));
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  assert.match(await waiting(sync, 'elsewhere'), /is full/);
  await server.kill('SIGTERM');
  await server.start('--innodb-data-file-path=ibdata1:12M:autoextend');
  await drained(sensor);
  await assertUnion(server, [sensor]);
});

test('above its limit the outbox gives up the oldest sightings, and nothing else', async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const { server, sensor } = w;
  for (let hour = 0; hour < 10; hour++)
    sensor.store.transact(() => sensor.store.sightings.record(sightings(many(100, 'n'), T0 + hour * HOUR)));
  await server.kill('SIGTERM');
  const sync = sensor.sync({ addresses: [{ socket: server.socket }], limits: { maxOutboxRows: 700 } });
  await until('it is thinned', () => sync.figures().outboxRows === 700);
  const { thinned } = sync.figures();
  assert.ok(thinned > 0);
  await server.start();
  await drained(sensor);
  const rows = await server.sql('USE virus_total', 'SELECT min(hour) AS oldest, count(*) AS n FROM sightings_hourly');
  assert.equal(rows[0]?.n, 10 * 100 + NAMES.length - thinned);
  assert.notEqual(rows[0]?.oldest, new Date(T0).toISOString().slice(0, -1).replace('T', ' '), 'the oldest went first');
  const [verdicts] = await server.sql('SELECT count(*) AS n FROM virus_total.verdicts');
  assert.equal(verdicts?.n, NAMES.length);
});
