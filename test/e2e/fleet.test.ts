import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HuntDocument } from '../../src/api/hunt.ts';
import type { VerdictDocument } from '../../src/api/verdict-document.ts';
import { startFleetServer } from '../central/fleet-fixture.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';
import {
  allSee,
  askedAbout,
  DEADLINE_MS,
  explain,
  inReach,
  isListed,
  say,
  startFleet,
  startStandIn,
  statusOf,
} from './fleet-daemons.ts';

test('three sensors spend one lookup on a name, block it everywhere, and hear what an operator says on one of them', {
  timeout: 300_000,
}, async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const { standIn, baseUrl } = await startStandIn(t, 100_000);
  const fleet = await startFleet(t, { names: ['attic', 'barn', 'cellar'], port: server.port, standInUrl: baseUrl });
  const [attic, barn, cellar] = fleet;
  assert.ok(attic && barn && cellar);
  await inReach(fleet);
  const names = Array.from({ length: 12 }, (_, index) => `${index % 3 === 0 ? 'bad' : 'good'}-name-${index}.top`);
  const lines = names.map((name) => dnsQuestionLine(name)).join('');
  await Promise.all(fleet.map((one) => sendToSocket(one.eveSocket, lines)));
  await allSee('every sensor has judged every name', fleet, async (one) => {
    const { verdicts } = await one.client.ask<{ verdicts: readonly VerdictDocument[] }>({
      method: 'GET',
      path: '/v1/verdicts?limit=100',
    });
    return names.every((name) => verdicts.some(({ observable }) => observable === name));
  });
  assert.deepEqual([...askedAbout(standIn)].sort(), [...names].sort(), 'each was asked about once');
  const counts = await Promise.all(fleet.map(async (one) => (await statusOf(one)).fleet));
  const asked = counts.reduce((sum, one) => sum + (one?.asked_here ?? 0), 0);
  assert.equal(asked, names.length, 'and that is what the sensors say');
  assert.ok(counts.some((one) => (one?.lookups_saved ?? 0) > 0));
  await allSee('every sensor blocks it', fleet, (one) => isListed(one, 'bad-name-0.top'));
  const stories = await Promise.all(fleet.map((one) => explain(one, 'bad-name-0.top')));
  const askers = stories.map(({ reports }) => reports[0]?.sensor).filter((one) => one !== undefined);
  assert.equal(askers.length, 2, 'two of them say who asked');
  assert.equal(new Set(askers).size, 1);

  await say(attic, { action: 'allow', pattern: 'bad-name-0.top', reason: 'ours', scope: 'all' });
  await allSee('nobody blocks it any more', fleet, async (one) => !(await isListed(one, 'bad-name-0.top')));
  await say(barn, { action: 'block', pattern: 'bad-name-0.top', reason: 'not here' });
  await allSee('the word of that sensor holds there', [barn], (one) => isListed(one, 'bad-name-0.top'));
  const { override_conflict: conflict, overrides } = await explain(barn, 'bad-name-0.top');
  assert.match(
    conflict ?? '',
    /an operator blocks .*an operator on sensor attic allows .* on all sensors: the first holds/,
  );
  assert.deepEqual(
    overrides.map(({ action, scope, sensor }) => [action, scope, sensor]),
    [
      ['block', undefined, undefined],
      ['allow', 'all', 'attic'],
    ],
  );
  assert.equal(await isListed(cellar, 'bad-name-0.top'), false);
  await cellar.client.ask({ method: 'DELETE', path: '/v1/overrides?pattern=bad-name-0.top' });
  await allSee('it is taken back everywhere', [attic, cellar], (one) => isListed(one, 'bad-name-0.top'));

  const hunted = await until(
    'the sightings of the others have arrived',
    async () => {
      const found = await attic.client.ask<HuntDocument>({ method: 'GET', path: '/v1/hunt?observable=bad-name-3.top' });
      return (found.observables[0]?.elsewhere?.length ?? 0) === 2 && found;
    },
    DEADLINE_MS,
  );
  assert.equal(hunted.fleet, 'included');
  assert.deepEqual(hunted.observables[0]?.elsewhere?.map(({ sensor }) => sensor).sort(), ['barn', 'cellar']);
  assert.deepEqual(standIn.violations, []);
});

test('a name that many ask for at once is one question of each sensor at most, and nobody waits in vain', {
  timeout: 300_000,
}, async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const { standIn, baseUrl } = await startStandIn(t, 100_000);
  const fleet = await startFleet(t, { names: ['attic', 'barn'], port: server.port, standInUrl: baseUrl });
  await inReach(fleet);
  const body = { observable: 'bad-wanted.top' };
  const asked = fleet.flatMap((one) =>
    Array.from({ length: 5 }, () => one.client.ask({ method: 'POST', path: '/v1/lookups', body })),
  );
  await Promise.all(asked);
  const questions = askedAbout(standIn).length;
  assert.ok(questions >= 1 && questions <= fleet.length, `${questions} questions`);
  await allSee('it is blocked everywhere', fleet, (one) => isListed(one, 'bad-wanted.top'));
});
