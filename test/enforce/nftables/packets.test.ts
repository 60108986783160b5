import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesiredState } from '../../../src/core/indicator.ts';
import { sharedHosting } from '../../../src/core/shared-hosting.ts';
import { NftablesTarget } from '../../../src/enforce/nftables/nftables-target.ts';
import { requires } from '../../support/requirement.ts';
import { until } from '../../support/until.ts';
import { desired, indicator, SINCE } from '../suricata/desired.ts';
import { HOOK } from './firewall-namespace.ts';
import { DEVICE, type Gateway, gatewayNetwork, SERVERS } from './gateway.ts';

const NEVER = new AbortController().signal;

interface Protected extends Gateway {
  drive(state: DesiredState): Promise<void>;
}

/** A test on a gateway with the hook loaded, as its user would. */
function onGateway(name: string, body: (gateway: Protected) => Promise<void>): void {
  test(`nftables: ${name}`, async (t) => {
    if (!requires(t, 'netns', 'nftables')) return;
    const gateway = await gatewayNetwork(t);
    const { command } = gateway.firewall;
    const names = { table: 'inet guardian', set4: 'bad4', set6: 'bad6' };
    const target = new NftablesTarget({ ...names, command, whyShared: sharedHosting, now: () => SINCE });
    await gateway.firewall.nft('-f', HOOK);
    const drive = async (state: DesiredState): Promise<void> => {
      const { proved, notice } = await target.drive(state, NEVER);
      assert.deepEqual([proved, notice], [true, undefined]);
    };
    await body({ ...gateway, drive });
  });
}

onGateway(
  "a device's packet passes before, is dropped while its address is published, and passes after",
  async (gateway) => {
    for (const [set, address] of [
      ['bad4', SERVERS.bad4],
      ['bad6', SERVERS.bad6],
    ] as const) {
      await pass(gateway, address, `${set} before`);
      await gateway.drive(desired(address));
      await dropped(gateway, 'forward', `daddr @${set}`, () => gateway.send('device', address, `${set} while`));
      await pass(gateway, SERVERS.good4, `${set} neighbour`);
      await gateway.drive(new Map());
      await pass(gateway, address, `${set} after`);
      // One path, in order: what came after the dropped packet has arrived, so it never will.
      assert.equal(gateway.hasReceived('server', `${set} while`), false);
    }
  },
);

onGateway('what a bad address sends to a device is dropped too', async (gateway) => {
  await gateway.send('server', DEVICE.v4, 'before');
  await gateway.received('device', 'before');
  await gateway.drive(desired(SERVERS.bad4));
  await dropped(gateway, 'forward', 'saddr @bad4', () => gateway.send('server', DEVICE.v4, 'while'));
  await gateway.drive(new Map());
  await gateway.send('server', DEVICE.v4, 'after');
  await gateway.received('device', 'after');
  assert.equal(gateway.hasReceived('device', 'while'), false);
});

onGateway('the gateway itself neither sends to a bad address nor hears it', async (gateway) => {
  assert.equal(await gateway.send('gateway', SERVERS.bad4, 'before'), undefined);
  await gateway.received('server', 'before');
  await gateway.drive(desired(SERVERS.bad4));
  assert.equal(await gateway.send('gateway', SERVERS.bad4, 'while'), 'EPERM');
  await dropped(gateway, 'input', 'saddr @bad4', () => gateway.send('server', '10.77.2.1', 'knock'));
});

onGateway('after a flush of the set packets pass, and the next drive stops them again', async (gateway) => {
  const state = desired(SERVERS.bad4);
  await gateway.drive(state);
  await gateway.firewall.nft('flush', 'set', 'inet', 'guardian', 'bad4');
  await pass(gateway, SERVERS.bad4, 'flushed');
  await gateway.drive(state);
  await dropped(gateway, 'forward', 'daddr @bad4', () => gateway.send('device', SERVERS.bad4, 'again'));
});

onGateway('a block that ended lets packets pass with nobody there to take it out', async (gateway) => {
  await gateway.drive(desired(indicator(SERVERS.bad4, { expiresAt: SINCE + 1_000 })));
  await until('the element has ended', async () => (await gateway.firewall.elements('bad4')).size === 0);
  await pass(gateway, SERVERS.bad4, 'free');
});

async function pass(gateway: Gateway, address: string, payload: string): Promise<void> {
  assert.equal(await gateway.send('device', address, payload), undefined);
  await gateway.received('server', payload);
}

/** Does `act` and waits until the counter of this rule has moved. */
async function dropped(gateway: Gateway, chain: string, rule: string, act: () => Promise<unknown>): Promise<void> {
  const before = await dropsOf(gateway, chain, rule);
  await act();
  await until(`${rule} has counted in ${chain}`, async () => (await dropsOf(gateway, chain, rule)) > before);
}

async function dropsOf({ firewall }: Gateway, chain: string, rule: string): Promise<number> {
  const listed = await firewall.nft('list', 'chain', 'inet', 'guardian', chain);
  const line = listed.split('\n').find((one) => one.includes(rule)) ?? '';
  return Number(/packets (\d+)/.exec(line)?.[1] ?? Number.NaN);
}
