import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drained, fill, HOUR, openSensor, poolOf, type Sensor, sightings, T0 } from '../central/central-fixture.ts';
import { countIn, drawOf, leasesOf, turnOf } from '../central/fleet-fixture.ts';
import { assertUnion } from '../central/union.ts';
import { requiresGalera, startGalera } from '../support/galera.ts';
import type { Mariadb } from '../support/mariadb.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const NAMES = ['a.example.com', 'b.example.org', '192.0.2.7', 'http://c.example.net/x?y=1', 'd.example.com'];
/** Three servers share what cores there are with whatever else runs. */
const LONG_MS = 180_000;
/** A donor of a state transfer holds writes for as long as it takes. */
const QUERY_TIMEOUT_MS = 30_000;

test('a cluster of three Galera nodes', async (t) => {
  if (!requiresGalera(t)) return;
  const [first, second, third] = await startGalera(t, tempDir(t));
  assert.ok(first && second && third);
  const address = (node: Mariadb) => ({
    host: node === first ? '127.0.0.1' : node === second ? '127.0.0.2' : '127.0.0.3',
    port: node.port,
  });
  const through = (...nodes: readonly Mariadb[]) => ({
    addresses: nodes.map(address),
    limits: { batchRows: 200 },
    queryTimeoutMs: QUERY_TIMEOUT_MS,
  });
  const dir = tempDir(t);
  const [one, two, three] = ['one', 'two', 'three'].map((name) => openSensor(t, name, dir));
  assert.ok(one && two && three);
  const all = [one, two, three];
  const allDrained = async () => {
    for (const sensor of all) await drained(sensor, LONG_MS);
  };

  await t.test('sensors that meet an empty database through three nodes at once make one schema', async () => {
    for (const sensor of all) fill(sensor, NAMES, T0);
    const syncs = [one.sync(through(first)), two.sync(through(second)), three.sync(through(third))];
    await allDrained();
    await assertUnion(second, all);
    const applied = await third.sql('SELECT name FROM virus_total.schema_migrations ORDER BY version');
    const migrated = all.filter(({ logged }) => logged.some((line) => line.includes('central schema migrated')));
    assert.equal(migrated.length, 1, 'one did it');
    assert.ok(applied.length > 0);
    for (const sync of syncs) await sync.stop();
  });

  await t.test(
    'six sensors draw from one allowance through three nodes: nothing is asked twice, nothing beyond it',
    async (inner) => {
      const fleet = [first, second, third, first, second, third].map((node, index) => {
        const pool = poolOf({ addresses: [address(node)], queryTimeoutMs: QUERY_TIMEOUT_MS });
        inner.after(() => pool.close());
        return leasesOf({ pool, sensor: `s${index}`, budgetMs: LONG_MS });
      });
      const names = Array.from({ length: 20 }, (_, index) => `asked${index}.example.com`);
      const granted: string[] = [];
      const others = new Set<string>();
      await Promise.all(
        fleet.map(async (leases) => {
          for (const name of names) {
            const turn = await turnOf(leases, name, drawOf(15));
            if (turn === 'granted') granted.push(name);
            else others.add(turn);
          }
        }),
      );
      assert.equal(new Set(granted).size, granted.length, 'none twice');
      assert.equal(granted.length, 15);
      assert.ok(!others.has('alone'), [...others].join());
      for (const node of [first, second, third]) {
        const drawn = 'SELECT SUM(drawn) FROM virus_total.quota_drawn WHERE quota_window = "day" AND sensor = ""';
        await until('the node has it', async () => (await countIn(node, drawn)) === 15, LONG_MS);
      }
    },
  );

  // Two write the same observables through two nodes: what one commits may fail the certification of the other.
  await t.test('a node killed under load costs no row, and has every row when it returns', async () => {
    const many = Array.from({ length: 8_000 }, (_, index) => `n${index}.example.com`);
    for (const sensor of all) sensor.store.transact(() => sensor.store.sightings.record(sightings(many, T0)));
    const sync = one.sync(through(first, second, third));
    const others = [two.sync(through(second, third)), three.sync(through(third, first))];
    await until('some of it is sent', () => sync.figures().sent > 1_000, LONG_MS);
    await first.kill('SIGKILL');
    await allDrained();
    await assertUnion(third, all);
    fill(one, ['while-a-node-was-away.example.com'], T0 + HOUR);
    await drained(one, LONG_MS);
    await first.start();
    await assertUnion(first, all);
    for (const one of [sync, ...others]) await one.stop();
  });

  await t.test(
    'a minority cut off from the others refuses writes, the majority takes them, and after it all nodes hold everything',
    async () => {
      await third.sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'");
      const cutOff = three.sync(through(third));
      fill(three, ['at-the-minority.example.com'], T0 + 2 * HOUR);
      const why = await until(
        'the minority refuses',
        () => {
          const { state } = cutOff.figures();
          return state.kind === 'waiting' && state.failure === 'elsewhere' ? state.why : undefined;
        },
        LONG_MS,
      );
      assert.match(why, /WSREP has not yet prepared node/);
      fill(one, ['at-the-majority.example.com'], T0 + 2 * HOUR);
      one.sync(through(third, second));
      await drained(one, LONG_MS);
      await assertHeldBy(second, [one, two]);
      await third.sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'");
      await allDrained();
      for (const node of [first, second, third])
        await until(
          'the node has caught up',
          () =>
            assertUnion(node, all).then(
              () => true,
              () => false,
            ),
          LONG_MS,
        );
    },
  );
});

/** That every sighting of these sensors is there, whatever else is. */
async function assertHeldBy(node: Mariadb, sensors: readonly Sensor[]): Promise<void> {
  for (const { name, db } of sensors) {
    const wanted = db.prepare('SELECT count(*) FROM sightings_hourly').pluck().get();
    const [found] = await node.sql(`SELECT count(*) AS n FROM virus_total.sightings_hourly WHERE sensor = '${name}'`);
    assert.equal(found?.n, wanted, name);
  }
}
