import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import {
  drained,
  HOUR,
  observable,
  openSensor,
  report,
  type Sensor,
  sightings,
  T0,
  verdict,
} from './central-fixture.ts';

const LAPTOP = '10.0.0.1';
const BULB = 'fd00::7';

function alert(sensor: Sensor, at: number, client: string, severity: number, name?: string): void {
  sensor.store.alerts.keep({
    at,
    sid: 2_000_000 + severity,
    signature: `Severity ${severity}`,
    category: 'Test',
    severity,
    action: severity === 1 ? 'blocked' : 'allowed',
    client,
    peer: `192.0.2.${severity}`,
    ...(name === undefined ? {} : { observable: observable(name) }),
  });
}

test('summaries say of each device and hour what its rows say, follow what comes later, and are not counted twice', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const sensor = openSensor(t, 'gateway', dir);
  const { store } = sensor;
  store.transact(() => {
    store.sightings.record(sightings(['a.example.com', 'b.example.com'], T0, LAPTOP, 3));
    store.sightings.record(sightings(['a.example.com'], T0 + HOUR, LAPTOP));
    store.sightings.record(sightings(['a.example.com'], T0, BULB, 5));
    for (const severity of [1, 2, 3]) alert(sensor, T0 + severity, LAPTOP, severity, 'a.example.com');
    alert(sensor, T0 + 61_000, LAPTOP, 3);
  });
  const other = openSensor(t, 'attic', dir);
  other.store.transact(() => other.store.sightings.record(sightings(['a.example.com'], T0, LAPTOP, 100)));
  for (const one of [sensor, other]) one.sync({ addresses: [{ socket: server.socket }] });
  for (const one of [sensor, other]) await drained(one);
  const hours = () =>
    server.sql(
      'USE virus_total',
      `SELECT CONCAT_WS(' ', TIMESTAMPDIFF(HOUR, '${new Date(T0).toISOString().slice(0, 19)}', hour), sensor, client, queries, contacts, names,
         alerts_1, alerts_2, alerts_3) AS line FROM client_hours ORDER BY line`,
    );
  const wanted = [
    '0 attic 10.0.0.1 100 0 1 0 0 0',
    '0 gateway 10.0.0.1 6 0 2 1 1 2',
    '0 gateway fd00::7 5 0 1 0 0 0',
    '1 gateway 10.0.0.1 1 0 1 0 0 0',
  ];
  assert.deepEqual(
    (await hours()).map(({ line }) => line),
    wanted,
  );
  sensor.outbox.markAll();
  store.transact(() => store.sightings.record(sightings(['c.example.com'], T0 + 10, BULB, 2)));
  await drained(sensor);
  assert.deepEqual(
    (await hours()).map(({ line }) => line),
    wanted.map((line) => line.replace('fd00::7 5 0 1', 'fd00::7 7 0 2')),
  );
  const alerts = await server.sql(
    'USE virus_total',
    `SELECT CONCAT_WS(' ', sid, client, severity, signature, count, blocked, peers) AS line FROM alert_hours ORDER BY sid`,
  );
  assert.deepEqual(
    alerts.map(({ line }) => line),
    [
      '2000001 10.0.0.1 1 Severity 1 1 1 1',
      '2000002 10.0.0.1 2 Severity 2 1 0 1',
      '2000003 10.0.0.1 3 Severity 3 2 0 1',
    ],
  );
});

test('what turns bad later is found in the hours before, with the alerts of who used it, and what is cleared is shown no more', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const sensor = openSensor(t, 'gateway', dir);
  const { store } = sensor;
  store.transact(() => {
    store.sightings.record(sightings(['bad.example.com', 'good.example.com'], T0, LAPTOP, 3));
    store.sightings.record(sightings(['bad.example.com'], T0 + 5 * HOUR, BULB, 2));
    alert(sensor, T0 + 1, LAPTOP, 1, 'bad.example.com');
    alert(sensor, T0 + 2, LAPTOP, 2);
  });
  sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  const flagged = async () => {
    const rows = await server.sql(
      'USE virus_total',
      `SELECT CONCAT_WS(' ', client, value, count, alerts, client_alerts, COALESCE(worst_severity, '-'), state) AS line
       FROM panel_flagged ORDER BY line`,
    );
    return rows.map(({ line }) => line);
  };
  assert.deepEqual(await flagged(), []);
  store.transact(() => store.verdicts.keep(verdict('bad.example.com', 'malicious', T0 + 9 * HOUR)));
  await drained(sensor);
  assert.deepEqual(await flagged(), [
    '10.0.0.1 bad.example.com 3 1 2 1 malicious',
    'fd00::7 bad.example.com 2 0 0 - malicious',
  ]);
  store.transact(() => store.sightings.record(sightings(['bad.example.com'], T0 + 10 * HOUR, LAPTOP)));
  await drained(sensor);
  assert.equal((await flagged()).length, 3);
  store.transact(() => store.verdicts.keep(verdict('bad.example.com', 'clean', T0 + 11 * HOUR)));
  await drained(sensor);
  assert.deepEqual(await flagged(), []);
});

test('reports are summed up by what was asked about, how many engines flagged it, what they call it, and how old the analysis was', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const sensor = openSensor(t, 'gateway', dir);
  const { store } = sensor;
  const DAY = 24 * HOUR;
  const engines = (...results: string[]) =>
    results.map((result, index) => ({
      engine: `"result":"phishing" ${index}`,
      category: 'malicious' as const,
      result,
    }));
  store.transact(() => {
    const keep = (name: string, malicious: number, results: string[], ageMs: number | undefined) => {
      const { lastAnalysisAt: _, ...rest } = report(name, T0 + malicious, malicious);
      const age = ageMs === undefined ? {} : { lastAnalysisAt: T0 + malicious - ageMs };
      store.reports.keep({ ...rest, ...age, stats: { ...rest.stats, suspicious: 0 }, flagged: engines(...results) });
    };
    keep('clean.example.com', 0, [], DAY / 2);
    keep('fish.example.com', 3, ['phishing', 'malware', 'Phishing'], 3 * DAY);
    keep('192.0.2.7', 2, ['malware', 'malware'], 20 * DAY);
    keep('2001:db8::7', 1, ['suspicious'], 90 * DAY);
    keep(`${'a'.repeat(64)}`, 4, ['Trojan.Gen'], undefined);
    keep('http://odd.example.com/x', 1, [`it's "odd" \\ % <b>`], HOUR);
  });
  sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  const rows = await server.sql(
    'USE virus_total',
    `SELECT CONCAT_WS(' ', vector, positives, threat_class, analysis_age, scans, analysis_age_s) AS line FROM scan_hours ORDER BY line`,
  );
  assert.deepEqual(
    rows.map(({ line }) => line),
    [
      'domain 0  0 1 43200',
      'domain 3 phishing 1 1 259200',
      'file 4 malware 9 1 0',
      'ipv4 2 malware 2 1 1728000',
      'ipv6 1 suspicious 3 1 7776000',
      'url 1 other 0 1 3600',
    ],
  );
});

test('summaries that cannot be made hold up no others, are said once, and are made when they can be', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const sensor = openSensor(t, 'gateway', dir);
  const { store } = sensor;
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await until('the schema is made', () => sync.figures().state.kind === 'syncing');
  await server.sql('USE virus_total', 'RENAME TABLE alert_hours TO elsewhere');
  store.transact(() => {
    for (let hour = 1; hour <= 8; hour++)
      store.sightings.record(sightings(['a.example.com'], T0 + hour * HOUR, LAPTOP, hour));
    store.reports.keep(report('a.example.com', T0, 0));
  });
  const sums = async () => (await server.sql('SELECT SUM(scans) AS n FROM virus_total.scan_hours'))[0]?.n;
  await until('what does not need the table is made', async () => Number(await sums()) === 1);
  const said = () => sensor.logged.filter((line) => line.startsWith('warn summaries not made anew'));
  await until('it is said', () => said().length > 0);
  assert.equal(said().length, 1, said().join(', '));
  await server.sql('USE virus_total', 'RENAME TABLE elsewhere TO alert_hours');
  await drained(sensor);
  const [row] = await server.sql('SELECT COUNT(*) AS n, SUM(queries) AS queries FROM virus_total.client_hours');
  assert.deepEqual([Number(row?.n), Number(row?.queries)], [8, 36]);
});
