import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HuntDocument } from '../../src/api/hunt.ts';
import { startFleetServer } from '../central/fleet-fixture.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { requires } from '../support/requirement.ts';
import { swallowingProxy } from '../support/swallowing-proxy.ts';
import { allSee, askedAbout, inReach, isListed, say, startFleet, startStandIn, statusOf } from './fleet-daemons.ts';

/** One sensor, in reach of a centre by a network that can be made bad. */
async function sensorBehindProxy(t: Parameters<typeof startFleetServer>[0]) {
  const server = await startFleetServer(t);
  const proxy = await swallowingProxy(t, server.port);
  const { standIn, baseUrl } = await startStandIn(t, 100_000);
  const fleet = await startFleet(t, { names: ['attic'], port: proxy.port, standInUrl: baseUrl });
  const [attic] = fleet;
  assert.ok(attic);
  await inReach(fleet);
  return { proxy, standIn, fleet, attic };
}

test('a centre that swallows everything costs a sensor nothing: it asks, judges and blocks alone', {
  timeout: 300_000,
}, async (t) => {
  if (!requires(t, 'mariadb')) return;
  const { proxy, standIn, fleet, attic } = await sensorBehindProxy(t);
  proxy.swallow(true);
  const names = Array.from({ length: 6 }, (_, index) => `bad-alone-${index}.top`);
  await sendToSocket(attic.eveSocket, names.map((name) => dnsQuestionLine(name)).join(''));
  await allSee('it blocks alone', fleet, async (one) =>
    (await Promise.all(names.map((name) => isListed(one, name)))).every(Boolean),
  );
  assert.equal(askedAbout(standIn).length, names.length);
  const outcome = await say(attic, { action: 'allow', pattern: 'bad-alone-0.top', scope: 'all' });
  assert.match(outcome.conflicts.join(' '), /central database is away/);
  const hunted = await attic.client.ask<HuntDocument>({ method: 'GET', path: '/v1/hunt?observable=bad-alone-1.top' });
  assert.equal(hunted.fleet, 'away');
  assert.equal((await statusOf(attic)).fleet?.state, 'away');
  attic.kill('SIGTERM');
  assert.equal(await attic.ended(), 0, 'and it ends in time');
});

test('a centre behind a slow link is not waited for: it counts as away, and the sensor asks alone', {
  timeout: 300_000,
}, async (t) => {
  if (!requires(t, 'mariadb')) return;
  const { proxy, standIn, fleet, attic } = await sensorBehindProxy(t);
  proxy.delay(300);
  await allSee('it is held for away', fleet, async (one) => (await statusOf(one)).fleet?.state === 'away');
  await sendToSocket(attic.eveSocket, dnsQuestionLine('bad-far.top'));
  await allSee('it blocks alone', fleet, (one) => isListed(one, 'bad-far.top'));
  assert.deepEqual(askedAbout(standIn), ['bad-far.top']);
  assert.match((await statusOf(attic)).fleet?.why ?? '', /it answers too slowly to share with it/);
  proxy.delay(0);
  await inReach(fleet);
});
