import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.ts';
import { checkNftables } from '../../src/sidecar/check-nftables.ts';
import { checkPihole } from '../../src/sidecar/check-pihole.ts';
import { firewallNamespace, HOOK } from '../enforce/nftables/firewall-namespace.ts';
import { piholeWorld } from '../enforce/pihole/pihole-world.ts';
import { requires } from '../support/requirement.ts';

const NEVER = new AbortController().signal;
const configOf = (text: string) => loadConfig({ path: 'guardian.yaml', text });

/** A Pi-hole with the time of this machine, and what check says of it. */
async function piholeOf(t: Parameters<typeof piholeWorld>[0], options: Parameters<typeof piholeWorld>[1] = {}) {
  const made = await piholeWorld(t, options);
  made.clock.now = Date.now();
  const passwordFile = join(made.dir, 'password');
  writeFileSync(passwordFile, 'correct horse\n', { mode: 0o600 });
  const check = async (more = '') => {
    const text = `pihole: { url: "${made.ftl.url}", password_file: ${passwordFile}, dns: "127.0.0.1:${made.ftl.dns.port}"${more} }\n`;
    return checkPihole(configOf(text), {}, NEVER);
  };
  return { ...made, passwordFile, check };
}

test('check says that Pi-hole lets us in, blocks, answers devices and has the right time, and gives its seat back', async (t) => {
  const { ftl, check } = await piholeOf(t);
  const items = await check();
  assert.deepEqual(
    items.map(({ name, state }) => `${name} ${state}`),
    ['pihole ok', 'pihole_clock ok', 'pihole_dns ok'],
  );
  assert.deepEqual([ftl.auth.logins, ftl.auth.sessions.size], [1, 0]);
  assert.deepEqual(ftl.violations, []);
});

test('check says when Pi-hole blocks nothing, has the wrong time, or has another password', async (t) => {
  const { ftl, clock, passwordFile, check } = await piholeOf(t);
  ftl.domains.isBlocking = false;
  clock.now += 3 * 3_600_000;
  const [blocking, time] = await check();
  assert.deepEqual([blocking?.state, time?.state], ['warn', 'warn']);
  assert.match(blocking?.found ?? '', /its blocking is off$/);
  assert.match(time?.found ?? '', /^it is at least 1[67]\d min ahead of ours$/);
  writeFileSync(passwordFile, 'wrong\n');
  const [refused] = await check();
  assert.equal(refused?.state, 'bad');
  assert.match(refused?.found ?? '', /it refuses the password/);
  assert.doesNotMatch(JSON.stringify(await check()), /wrong|correct horse/);
});

test('check of a Pi-hole without an API is bad, unless only its list is used; one whose DNS is silent is bad', async (t) => {
  const { ftl, check } = await piholeOf(t, { version: 5 });
  assert.equal((await check())[0]?.state, 'bad');
  assert.equal((await check(', mode: list'))[0]?.state, 'warn');
  await ftl.stop();
  const [away, dns] = await check();
  assert.equal(away?.state, 'bad');
  assert.match(away?.found ?? '', /^Cannot reach Pi-hole/);
  assert.deepEqual([dns?.name, dns?.state], ['pihole_dns', 'bad']);
});

test('check says whether a rule of the firewall uses our sets', async (t) => {
  if (!requires(t, 'nftables', 'netns')) return;
  const firewall = await firewallNamespace(t);
  const check = async () => (await checkNftables(configOf('nftables: {}\n'), NEVER, firewall.command))[0];
  assert.match((await check())?.found ?? '', /^there is no table inet guardian yet/);
  await firewall.nft('add', 'table', 'inet', 'guardian');
  assert.deepEqual((await check())?.state, 'warn');
  await firewall.nft('delete', 'table', 'inet', 'guardian');
  await firewall.nft('-f', HOOK);
  assert.deepEqual(await check(), {
    state: 'ok',
    name: 'nftables',
    found: 'rules of table inet guardian use @bad4 and @bad6',
  });
  const missing = await checkNftables(configOf('nftables: {}\n'), NEVER, ['no-such-program']);
  assert.equal(missing[0]?.state, 'bad');
});

test('check of a configuration without Pi-hole and firewall says nothing of them', async () => {
  const config = configOf('sensor: gateway\n');
  assert.deepEqual([...(await checkPihole(config, {}, NEVER)), ...(await checkNftables(config, NEVER))], []);
});
