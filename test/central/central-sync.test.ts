import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { drained, fill, HOUR, openSensor, sightings, T0 } from './central-fixture.ts';
import { assertUnion } from './union.ts';

const NAMES = ['a.example.com', 'b.example.org', '192.0.2.7', 'http://c.example.net/x?y=1', 'd.example.com'];

test('CentralSync brings everything two sensors hold to the centre, makes the schema itself, and a second pass changes nothing', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const first = openSensor(t, 'first', dir);
  const second = openSensor(t, 'second', dir);
  fill(first, NAMES, T0);
  fill(second, [...NAMES.slice(2), 'e.example.com'], T0 + HOUR);
  for (const sensor of [first, second]) sensor.sync({ addresses: [{ socket: server.socket }] });
  for (const sensor of [first, second]) await drained(sensor);
  await assertUnion(server, [first, second]);

  first.store.transact(() => first.store.sightings.record(sightings(NAMES, T0 + 10)));
  first.store.transact(() => first.store.overrides.remove('*.a.example.com'));
  first.outbox.markAll();
  await drained(first);
  await assertUnion(server, [first, second]);
  const [row] = await server.sql('SELECT first_seen FROM virus_total.observables WHERE value = "192.0.2.7"');
  assert.equal(row?.first_seen, new Date(T0).toISOString().slice(0, -1).replace('T', ' '));
});
