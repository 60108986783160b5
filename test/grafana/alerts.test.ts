import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertRules } from './dashboard-file.ts';
import { AHEAD, alert, lookup, minute, pihole, Scene, scan, sensor, sighting, verdict } from './scene.ts';
import { DAY, HOUR, MINUTE, NOW, type World } from './world.ts';

test('what is dated years ahead is told of by no alert, and passes for the newest of nothing', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const changed = {
    kind: 'domain',
    value: 'bad.example.com',
    sensor: 'gateway',
    from: 'clean',
    to: 'malicious',
  } as const;
  const dated = (at: number): Partial<World> => ({
    sightings: [sighting(at)],
    verdicts: [verdict()],
    changes: [{ ...changed, at }],
    alerts: [alert(at)],
    minutes: [minute(at, { dropped: 1, queue: 5000 }), minute(NOW - 58 * MINUTE)],
    pihole: [pihole(at, { queries: 1000, blocked: 1000, blocking: 0 })],
    scans: [scan(NOW - 7 * HOUR), scan(at, { positives: 9 })],
    sensors: [sensor()],
  });
  const firing = async () => {
    const of = new Map<string, readonly string[]>();
    for (const uid of alertRules().map((rule) => String(rule.uid))) {
      const rows = await scene.firing(uid);
      if (rows.length > 0) of.set(uid, rows);
    }
    return of;
  };
  await scene.set(dated(NOW - MINUTE));
  const now = [...(await firing()).keys()];
  for (const uid of ['hng-malicious-indicator', 'hng-device-contact', 'hng-severe-burst', 'hng-queue', 'hng-drops'])
    assert.ok(now.includes(uid), `${uid} tells of what has just happened`);
  // A sensor whose clock is a bit ahead is told of all the same.
  await scene.set(dated(NOW + 4 * MINUTE));
  assert.deepEqual(await scene.firing('hng-device-contact'), ['laptop bad.example.com']);
  await scene.set(dated(AHEAD));
  assert.deepEqual([...(await firing())], []);
  assert.deepEqual(await scene.rows('hng-virus-total/5/A'), [[(7 * HOUR) / 1000]]);
  assert.deepEqual(await scene.rows('hng-sidecar-health/2/A'), [[0]]);
});

test('how long a sensor is silent or behind is told though its clock, or that of the database, was years ahead', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const ahead = { skewMs: AHEAD - NOW, started: AHEAD - HOUR, syncedUntil: AHEAD - 700_000 };
  await scene.set({ sensors: [sensor(ahead), sensor({ sensor: 'attic', heartbeat: NOW + 2 * DAY })] });
  assert.deepEqual(await scene.rows('hng-sidecar-health/6/A'), [[700]]);
  assert.deepEqual(await scene.rows('hng-network-overview/6/A'), [[(2 * DAY) / 1000]]);
  assert.deepEqual(await scene.firing('hng-heartbeat'), ['attic']);
});

test('a second opinion, which is one engine, changes nothing that is said of VirusTotal', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const times = Array.from({ length: 20 }, (_, at) => NOW - HOUR - at * MINUTE);
  const flagged = times.map((at, index) => scan(at, { positives: index % 2 === 0 ? 9 : 0 }));
  const others = times.map((at) => scan(at + 1000, { source: 'quad9', positives: 1, total: 1 }));
  const asked = lookup(NOW - HOUR, { source: 'quad9', tookMs: 9000 });
  await scene.set({ scans: flagged });
  const ids = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12];
  const panels = () => Promise.all(ids.map((id) => scene.rows(`hng-virus-total/${id}/A`)));
  const alone = await panels();
  assert.deepEqual(alone[0], [[0.5]]);
  await scene.set({ scans: [...flagged, ...others], lookups: [asked] });
  assert.deepEqual(await panels(), alone);
  for (const id of [13, 14]) assert.deepEqual(await scene.rows(`hng-sidecar-health/${id}/A`), []);
});

test('hng-ratio-jump tells of several findings, and not of one among few answers', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const week = Array.from({ length: 600 }, (_, at) =>
    scan(NOW - 3 * HOUR - at * 10 * MINUTE, { positives: at === 9 ? 9 : 0 }),
  );
  const recent = (flagged: number) =>
    Array.from({ length: 20 }, (_, at) => scan(NOW - at * MINUTE, { positives: at < flagged ? 9 : 0 }));
  for (const [flagged, told] of [
    [1, []],
    [4, []],
    [5, ['']],
  ] as const) {
    await scene.set({ scans: [...week, ...recent(flagged)] });
    assert.deepEqual(await scene.firing('hng-ratio-jump'), told, `${flagged} of 20`);
  }
});

test('hng-blocking-off tells what Pi-hole says of itself, in a house of few questions too', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const said = (states: readonly (0 | 1 | null)[]) =>
    scene.set({ pihole: states.map((blocking, at) => pihole(NOW - at * MINUTE, { queries: 1, blocking })) });
  await said([0, null, 0, 0]);
  assert.deepEqual(await scene.firing('hng-blocking-off'), ['gateway']);
  for (const states of [
    [0, 1, 0],
    [1, 1],
    [null, null],
  ] as const) {
    await said(states);
    assert.deepEqual(await scene.firing('hng-blocking-off'), [], JSON.stringify(states));
  }
});

test('hng-blocked-share compares with what the house refuses usually, once that is known and where there is enough to compare', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const minutes = (from: number, count: number, queries: number, share: number, blocking: 0 | 1 = 1) =>
    Array.from({ length: count }, (_, at) => {
      // Whole questions a minute, and the share over many.
      const blocked = Math.floor((at + 1) * queries * share) - Math.floor(at * queries * share);
      return pihole(from - at * MINUTE, { queries, blocked, blocking });
    });
  const firing = async (now: Parameters<typeof minutes>, usual: Parameters<typeof minutes>) => {
    await scene.set({ pihole: [...minutes(...now), ...minutes(...usual)] });
    return scene.firing('hng-blocked-share');
  };
  const [hour, before, days] = [NOW, NOW - 61 * MINUTE, 2000];
  assert.deepEqual(await firing([hour, 60, 10, 0.005], [before, days, 10, 0.005]), [], 'few names are listed');
  assert.deepEqual(await firing([hour, 60, 10, 0.45], [before, days, 10, 0.2]), [], 'an evening of advertisements');
  assert.deepEqual(await firing([hour, 60, 10, 0], [before, days, 10, 0.2]), ['gateway'], 'the lists are lost');
  assert.deepEqual(
    await firing([hour, 60, 100, 0.8], [before, days, 10, 0.2]),
    ['gateway'],
    'something asks in a loop',
  );
  assert.deepEqual(await firing([hour, 60, 100, 0.95], [before, days, 10, 0.5]), ['gateway'], 'where half is usual');
  assert.deepEqual(await firing([hour, 60, 1, 0], [before, days, 1, 0.2]), [], 'too few questions to say');
  assert.deepEqual(await firing([hour, 60, 10, 0], [before, 600, 10, 0.2]), [], 'the first day');
  assert.deepEqual(
    await firing([hour, 60, 10, 0, 0], [before, days, 10, 0.2]),
    [],
    'switched off: another rule says so',
  );
  assert.deepEqual(await firing([hour, 60, 10, 0], [before, days, 0, 0]), [], 'nobody ever asked');
});

test('hng-dns-volume compares a device with the hours in which it is used, over all sensors', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const used = (hoursAgo: readonly number[], count: number, sensors = ['gateway']) =>
    sensors.flatMap((name) => hoursAgo.map((ago) => sighting(NOW - ago * HOUR, { count, sensor: name })));
  const everyEvening = [1, 2, 3, 4, 5, 6].flatMap((day) => [0, 1, 2].map((hour) => 24 * day + hour));
  const firing = async (sightings: World['sightings']) => {
    await scene.set({ sightings });
    return scene.firing('hng-dns-volume');
  };
  const both = ['attic', 'gateway'];
  assert.deepEqual(await firing([...used(everyEvening, 400), ...used([0], 700)]), [], 'used three hours a day');
  assert.deepEqual(await firing([...used([2, 3], 400), ...used([0], 4000)]), [], 'a new device');
  assert.deepEqual(await firing([...used(everyEvening, 2), ...used([0], 80)]), [], 'a bulb that updates itself');
  assert.deepEqual(await firing([...used(everyEvening, 400), ...used([0], 2100)]), ['laptop']);
  assert.deepEqual(
    await firing([...used(everyEvening, 200, both), ...used([0], 1100, both)]),
    ['laptop'],
    'in two halves',
  );
  assert.deepEqual(await firing([...used(everyEvening, 200, both), ...used([0], 900, both)]), [], 'in two halves');
});

test('hng-scans-stale tells of each sensor whose questions wait without an answer, also where there never was one', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const waits = (name: string, hours: number, queue = 5) =>
    [0, 1, 2].map((at) => minute(NOW - at * MINUTE, { sensor: name, queue, oldest: hours * 3600 }));
  const firing = async (world: Partial<World>) => {
    await scene.set(world);
    return scene.firing('hng-scans-stale');
  };
  assert.deepEqual(await firing({ minutes: waits('gateway', 7) }), ['gateway'], 'never an answer');
  assert.deepEqual(await firing({ minutes: waits('gateway', 5) }), [], 'set up five hours ago');
  assert.deepEqual(await firing({ minutes: waits('gateway', 7, 0) }), [], 'nothing waits');
  const answered = lookup(NOW - HOUR, { outcome: 'not_found' });
  assert.deepEqual(await firing({ minutes: waits('gateway', 90), lookups: [answered] }), []);
  assert.deepEqual(
    await firing({ minutes: [...waits('gateway', 90), ...waits('attic', 90)], lookups: [answered] }),
    ['attic'],
    'another sensor gets its answers',
  );
  for (const rest of [{ outcome: 'credentials' }, { outcome: 'quota' }, { source: 'quad9' }])
    assert.deepEqual(
      await firing({ minutes: waits('gateway', 90), lookups: [lookup(NOW - HOUR, rest)] }),
      ['gateway'],
      JSON.stringify(rest),
    );
  assert.deepEqual(
    await firing({ minutes: waits('gateway', 90), lookups: [lookup(AHEAD)] }),
    ['gateway'],
    'years ahead',
  );
  const old = lookup(NOW - 10 * HOUR);
  assert.deepEqual(await firing({ minutes: waits('gateway', 8), lookups: [old] }), ['gateway']);
  assert.deepEqual(await firing({ minutes: waits('gateway', 1), lookups: [old] }), [], 'nothing was asked for hours');
});

test('a sensor that was not heard for a week is retired, and told of no longer', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const silentFor = (days: number) => sensor({ sensor: `${days}d`, heartbeat: NOW - days * DAY, setAside: 1 });
  await scene.set({ sensors: [sensor(), silentFor(6), silentFor(8)] });
  assert.deepEqual(await scene.firing('hng-heartbeat'), ['6d']);
  assert.deepEqual(await scene.firing('hng-database'), ['6d']);
});

test('hng-quota adds up what sensors of one key spent, and not what those of different keys did', async (t) => {
  const scene = await Scene.open(t);
  if (scene === undefined) return;
  const spent = (name: string) => ({
    ...{ source: 'virustotal', startsAt: NOW - (NOW % DAY), sensor: name, used: 300, allowed: 500 },
  });
  const member = (name: string, key: string, seen = NOW) => ({ account: key.repeat(64), sensor: name, seen });
  const quotas = [spent('attic'), spent('gateway')];
  const told = async (members: World['members']) => {
    await scene.set({ quotas, members });
    const [[share]] = (await scene.rows('hng-sidecar-health/1/A')) as [[number]];
    return [share, await scene.firing('hng-quota')];
  };
  assert.deepEqual(await told([member('attic', 'a'), member('gateway', 'b')]), [0.6, []]);
  assert.deepEqual(await told([member('attic', 'a'), member('gateway', 'a')]), [1.2, ['virustotal attic, gateway']]);
  // A key that was changed today, and sensors that tell each other nothing.
  const changed = [member('attic', 'a'), member('gateway', 'a', NOW - HOUR), member('gateway', 'b')];
  assert.deepEqual(await told(changed), [0.6, []]);
  assert.deepEqual(await told([]), [0.6, []]);
});
