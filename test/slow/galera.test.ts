import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drained, fill, HOUR, openSensor, sightings, T0 } from '../central/central-fixture.ts';
import { assertUnion } from '../central/union.ts';
import { requiresGalera, startGalera } from '../support/galera.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const NAMES = ['a.example.com', 'b.example.org', '192.0.2.7', 'http://c.example.net/x?y=1', 'd.example.com'];
const LONG_MS = 90_000;

test('a cluster of three: a node killed under load, its return, and a minority that refuses writes cost no row', async (t) => {
  if (!requiresGalera(t)) return;
  const dir = tempDir(t);
  const [first, second, third] = await startGalera(t, dir);
  assert.ok(first && second && third);
  const hosts = [first, second, third].map((node, index) => ({ host: `127.0.0.${index + 1}`, port: node.port }));
  const [atFirst, atSecond, atThird] = hosts;
  assert.ok(atFirst && atSecond && atThird);
  const one = openSensor(t, 'one', dir);
  const two = openSensor(t, 'two', dir);
  const many = Array.from({ length: 15_000 }, (_, index) => `n${index}.example.com`);
  for (const sensor of [one, two]) {
    fill(sensor, NAMES, T0);
    sensor.store.transact(() => sensor.store.sightings.record(sightings(many, T0)));
  }

  // Both write the same observables, through two nodes: what one commits may fail the certification of the other.
  const sync = one.sync({ addresses: hosts, limits: { batchRows: 200 } });
  two.sync({ addresses: [atSecond, atThird], limits: { batchRows: 200 } });
  await until('some of it is sent', () => sync.figures().sent > 2_000, LONG_MS);
  await first.kill('SIGKILL');
  for (const sensor of [one, two]) await drained(sensor, LONG_MS);
  await assertUnion(third, [one, two]);

  fill(one, ['while-a-node-was-away.example.com'], T0 + HOUR);
  await drained(one, LONG_MS);
  await first.start();
  await assertUnion(first, [one, two]);

  await sync.stop();
  await second.kill('SIGSTOP');
  await third.kill('SIGSTOP');
  fill(one, ['while-alone.example.com'], T0 + 2 * HOUR);
  const alone = one.sync({ addresses: [atFirst], queryTimeoutMs: 2_000 });
  const why = await until(
    'the minority refuses',
    () => {
      const { state } = alone.figures();
      return state.kind === 'waiting' && state.failure === 'elsewhere' ? state.why : undefined;
    },
    LONG_MS,
  );
  assert.match(why, /WSREP has not yet prepared node/);
  await second.kill('SIGCONT');
  await third.kill('SIGCONT');
  await drained(one, LONG_MS);
  await until(
    'the cluster is whole',
    async () => (await third.sql("SHOW STATUS LIKE 'wsrep_cluster_size'"))[0]?.Value === '3',
    LONG_MS,
  );
  await until(
    'the third node has caught up',
    () =>
      assertUnion(third, [one, two]).then(
        () => true,
        () => false,
      ),
    LONG_MS,
  );
});
