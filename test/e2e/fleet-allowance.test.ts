import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFleetServer } from '../central/fleet-fixture.ts';
import { alertLine, sendToSocket } from '../support/eve-line.ts';
import { requires } from '../support/requirement.ts';
import { allSee, askedAbout, inReach, startFleet, startStandIn, statusOf } from './fleet-daemons.ts';

const NO_RESERVES = '{ alerts: 0, manual: 0, recheck: 0 }';

test('three sensors together spend exactly the allowance, and a person is told that it is spent', {
  timeout: 300_000,
}, async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const allowed = 8;
  const { standIn, baseUrl } = await startStandIn(t, allowed);
  const fleet = await startFleet(t, {
    names: ['attic', 'barn', 'cellar'],
    port: server.port,
    standInUrl: baseUrl,
    moreVirustotal: `, reserve: ${NO_RESERVES}`,
  });
  await inReach(fleet);
  await Promise.all(
    fleet.map((one, at) =>
      sendToSocket(one.eveSocket, Array.from({ length: 10 }, (_, n) => alertLine(`alerted-${at}-${n}.top`)).join('')),
    ),
  );
  await allSee('the allowance is spent', fleet, async (one) => {
    const { fleet: facts, queue } = await statusOf(one);
    return (facts?.asked_here ?? 0) + (facts?.asked_elsewhere ?? 0) === allowed && queue.length > 0;
  });
  const [first] = fleet;
  assert.ok(first);
  await assert.rejects(
    first.client.ask({ method: 'POST', path: '/v1/lookups', body: { observable: 'somebody-asks.top' } }),
    /allowance/,
  );
  assert.equal(askedAbout(standIn).length, allowed);
  assert.equal(new Set(askedAbout(standIn)).size, allowed);
});
