import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultConfig } from '../../src/config/load-config.ts';
import type { Config } from '../../src/config/schema.ts';
import { parsePattern } from '../../src/core/pattern.ts';
import { SILENT } from '../../src/lib/log.ts';
import { FeedWords } from '../../src/sidecar/feed-words.ts';
import { fleetOf } from '../../src/sidecar/fleet.ts';
import { Judgement } from '../../src/sidecar/judgement.ts';
import { Store } from '../../src/store/store.ts';
import { spentOf, startFleetServer, WRITER } from '../central/fleet-fixture.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const NOBODY_THERE = {
  hosts: [{ host: '127.0.0.1', port: 1 }],
  socket: null,
  user: 'guardian',
  passwordFile: null,
  database: 'virus_total',
  tls: null,
} as const;

function allowing(...texts: readonly string[]): Config['allow'] {
  return texts.map((text) => {
    const parsed = parsePattern(text);
    assert.ok(parsed.ok);
    return parsed.value;
  });
}

function fleetWith(store: Store, changes: Partial<Config>): ReturnType<typeof fleetOf> {
  const config: Config = { ...defaultConfig(), sensor: 'office', ...changes };
  const judgement = new Judgement({ config, store, words: new FeedWords(store, []), now: Date.now });
  return fleetOf({
    config,
    store,
    judgement,
    apiKey: undefined,
    centralPassword: () => WRITER.password,
    standing: () => 'claimed',
    // Without a key nothing is asked.
    questions: () => ({
      ledger: { spentHere: () => spentOf() },
      waiting: () => 0,
      readAllowancesAgain: () => undefined,
      afterVerdict: () => undefined,
    }),
    onDecided: () => undefined,
    log: SILENT,
    now: Date.now,
    random: Math.random,
  });
}

/** What a sensor says to all others after a start with this configuration. */
async function saidBy(store: Store, changes: Partial<Config>): Promise<readonly (readonly string[])[]> {
  const fleet = fleetWith(store, changes);
  fleet?.start();
  await fleet?.stop();
  return store.sharedOverrides
    .pending(10)
    .map(({ pattern, action, origin, sensor }) => [`${action} ${pattern.text}`, `${origin} of ${sensor}`]);
}

test('the allow list of the configuration stays on its sensor, unless it is to be said to all; what leaves it is taken back', async (t) => {
  const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: { first: 1, last: 100 } });
  t.after(() => store.close());
  const central = (shareAllow: boolean) => ({ ...NOBODY_THERE, fleet: true, shareAllow });
  assert.deepEqual(await saidBy(store, { central: central(false), allow: allowing('shop.com') }), []);
  const said = await saidBy(store, { central: central(true), allow: allowing('shop.com', '*.ours.com') });
  assert.deepEqual(said.toSorted(), [
    ['allow *.ours.com', 'config of office'],
    ['allow shop.com', 'config of office'],
  ]);
  const left = await saidBy(store, { central: central(true), allow: allowing('shop.com') });
  assert.deepEqual(left.toSorted(), [
    ['allow shop.com', 'config of office'],
    ['forget *.ours.com', 'config of office'],
  ]);
});

test('a sensor that only sends has no fleet', async (t) => {
  const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: { first: 1, last: 100 } });
  t.after(() => store.close());
  const central = { ...NOBODY_THERE, fleet: false, shareAllow: true };
  assert.deepEqual(await saidBy(store, { central, allow: allowing('shop.com') }), []);
});

test('what two sensors allow for all holds until neither does', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const central = {
    ...NOBODY_THERE,
    hosts: [{ host: '127.0.0.1', port: server.port }],
    user: WRITER.user,
    fleet: true,
    shareAllow: true,
  };
  const storeOf = (name: string) => {
    const store = new Store({ path: join(server.dir, `${name}.db`), sidRange: { first: 1, last: 100 } });
    t.after(() => store.close());
    return store;
  };
  const [office, shop] = [storeOf('office'), storeOf('shop')];
  const started = (store: Store, sensor: string, allow: Config['allow']) => {
    const fleet = fleetWith(store, { central, sensor, allow });
    t.after(() => fleet?.stop());
    fleet?.start();
    return fleet;
  };
  const known = (store: Store) => store.sharedOverrides.find('shop.com')?.sensor;
  const first = started(office, 'office', allowing('shop.com'));
  await until('the centre knows it', () => office.sharedOverrides.pending(1).length === 0);
  const second = started(shop, 'shop', allowing('shop.com'));
  await until('the last word is that of the other', () => known(office) === 'shop', 60_000);
  await second?.stop();
  started(shop, 'shop', []);
  await until('it holds by the word of the first', () => known(shop) === 'office', 60_000);
  await first?.stop();
  started(office, 'office', []);
  await until('nobody allows it any more', () => known(shop) === undefined, 60_000);
});
