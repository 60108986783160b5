import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { type Mariadb, startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type Answer, asGrafana, ask, grants } from './ask.ts';
import { assertSame, assertUsable, isSame } from './compare.ts';
import { type Shipped, shipped } from './dashboard-file.ts';
import { fillWorld, makeSchema } from './fill-world.ts';
import { intervalFor, lengthOf } from './macros.ts';
import { makeWorld } from './made-world.ts';
import { NETWORK_REFERENCE } from './network-reference.ts';
import { OTHER_REFERENCE } from './other-reference.ts';
import { type Choice, isVirusTotal, momentOf, type Question, type Reference } from './question.ts';
import { SIDECAR_REFERENCE } from './sidecar-reference.ts';
import { VIRUS_TOTAL_REFERENCE } from './virus-total-reference.ts';
import { DAY, EMPTY, NOW, type World } from './world.ts';

const REFERENCES: Readonly<Record<string, Reference>> = {
  ...VIRUS_TOTAL_REFERENCE,
  ...NETWORK_REFERENCE,
  ...SIDECAR_REFERENCE,
  ...OTHER_REFERENCE,
};

const ALL: Choice = { minPositives: 5, shownFrom: 1, search: '' };
const SOME: Choice = {
  minPositives: 3,
  shownFrom: 0,
  vector: ['domain', 'ipv6'],
  sensor: ["o'attic <b>"],
  client: [`%' OR '1'='1`, 'fd00::7', '10.0.0.2', '10.0.0.3'],
  severity: ['1', '3'],
  search: 'bad',
};
const OTHERS: Choice = {
  minPositives: 1,
  shownFrom: 1,
  vector: ['ipv4', 'file'],
  sensor: ['gateway'],
  client: ['10.0.0.0', '10.0.0.1'],
  severity: ['2'],
  search: '',
};
/** Widths of a graph on a wide screen. */
const POINTS = 1000;

interface TestContext {
  after(fn: () => Promise<void> | void): void;
  skip(message?: string): void;
}

async function grafanaOn(
  t: TestContext,
  world: World,
): Promise<{ readonly server: Mariadb; readonly connection: Connection } | undefined> {
  if (!requires(t, 'mariadb')) return undefined;
  const server = await startMariadb(t, { dir: tempDir(t) });
  await makeSchema(server, grants());
  const writer = await createConnection({ socketPath: server.socket, user: 'root', charset: 'utf8mb4_unicode_ci' });
  await fillWorld(server, writer, world);
  await writer.end();
  const connection = await asGrafana(server);
  t.after(() => connection.destroy());
  return { server, connection };
}

function questionOf(query: Shipped, world: World, days: number, choice: Choice): Question {
  const bucketMs = intervalFor(days * DAY, POINTS, lengthOf(query.interval));
  return { world, from: NOW - days * DAY, to: NOW, bucketMs, choice };
}

async function assertAll(
  connection: Connection,
  world: World,
  days: number,
  choice: Choice,
): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>();
  for (const query of shipped()) {
    const question = questionOf(query, world, days, choice);
    const reference = REFERENCES[query.name];
    assert.ok(reference !== undefined, `${query.name} is counted by nobody`);
    const answer = await ask(connection, query, momentOf(question));
    assertUsable(query, answer);
    assertSame(query, answer, reference(question));
    answers.set(query.name, answer);
  }
  return answers;
}

test('every query of the dashboards and alert rules is counted independently, and nothing else is', () => {
  assert.deepEqual(
    Object.keys(REFERENCES).toSorted(),
    shipped()
      .map(({ name }) => name)
      .toSorted(),
  );
});

test('on an empty database every query answers, with no row or a number that stands for nothing', async (t) => {
  const grafana = await grafanaOn(t, EMPTY);
  if (grafana === undefined) return;
  await assertAll(grafana.connection, EMPTY, 7, ALL);
  await assertAll(grafana.connection, EMPTY, 90, SOME);
});

test('on a small network with hostile names every query gives the numbers that are counted from the rows', async (t) => {
  const world = makeWorld({
    days: 10,
    scans: 400,
    sightings: 1500,
    alerts: 600,
    names: 60,
    clients: 6,
    everyMinutes: 4,
  });
  const grafana = await grafanaOn(t, world);
  if (grafana === undefined) return;
  const answers = await assertAll(grafana.connection, world, 7, ALL);
  // Else the test would agree with itself about nothing.
  for (const query of shipped().filter(({ kind }) => kind === 'panel'))
    assert.ok((answers.get(query.name)?.rows.length ?? 0) > 0, `${query.name} has rows`);
  const texts = JSON.stringify([...answers.values()].map(({ rows }) => rows));
  for (const hostile of ['<img src=x', 'DROP TABLE', '100%_bad', '🐟']) assert.ok(texts.includes(hostile), hostile);
  assert.ok(!JSON.stringify(answers.get('hng-virus-total/12/A')).includes('javascript:'), 'only https: becomes a link');
  await assertAll(grafana.connection, world, 1, ALL);
  await assertAll(grafana.connection, world, 7, OTHERS);
  const chosen = await assertAll(grafana.connection, world, 7, SOME);
  for (const name of [
    'hng-virus-total/12/A',
    'hng-network-overview/10/A',
    'hng-network-overview/11/A',
    'hng-network-overview/14/A',
  ])
    assert.ok((chosen.get(name)?.rows.length ?? 0) > 0, `${name} has rows of what was chosen`);
});

test('on a larger network over more than a week every query gives the numbers that are counted from the rows', async (t) => {
  const world = makeWorld({
    days: 8,
    scans: 8_000,
    sightings: 30_000,
    alerts: 8_000,
    names: 3_000,
    clients: 300,
    everyMinutes: 60,
  });
  const grafana = await grafanaOn(t, world);
  if (grafana === undefined) return;
  await assertAll(grafana.connection, world, 90, ALL);
  // Signs that mean something to LIKE mean nothing here.
  await assertAll(grafana.connection, world, 7, { ...SOME, search: '%_bad' });
});

test("the public project's three dashboard queries run as they are on our views", async (t) => {
  const world = makeWorld({
    days: 10,
    scans: 300,
    sightings: 200,
    alerts: 10,
    names: 40,
    clients: 3,
    everyMinutes: 600,
  });
  const grafana = await grafanaOn(t, world);
  if (grafana === undefined) return;
  const found = world.scans.filter(
    (row) =>
      isVirusTotal(row) && row.kind !== 'file' && row.outcome === 'found' && row.at >= NOW - 7 * DAY && row.at <= NOW,
  );
  const moment = momentOf({ world, from: NOW - 7 * DAY, to: NOW, bucketMs: 60_000, choice: ALL });
  const run = (select: string, tail: string) =>
    ask(
      grafana.connection,
      {
        name: 'public',
        sql: `SELECT\n  ${select}\nFROM\n  virus_total.url_scans\nWHERE\n  $__timeFilter(scan_date)${tail};`,
      },
      moment,
    );
  const total = await run(
    `COUNT(id) AS total_scans, SUM(CASE WHEN positives > 0 THEN 1 ELSE 0 END) AS total_malicious_scans,
     (SUM(CASE WHEN positives > 0 THEN 1 ELSE 0 END) / COUNT(id)) * 100 AS malicious_percentage`,
    '',
  );
  const bad = found.filter(({ positives }) => positives > 0).length;
  assert.deepEqual(total.rows[0]?.slice(0, 2), [found.length, bad]);
  assert.ok(isSame(total.rows[0]?.[2] ?? null, (100 * bad) / found.length));
  const byDay = new Map<number, { scans: number; positives: number }>();
  for (const { at, positives } of found) {
    const day = (at - (at % DAY)) / 1000;
    const known = byDay.get(day) ?? { scans: 0, positives: 0 };
    byDay.set(day, { scans: known.scans + 1, positives: known.positives + positives });
  }
  const days = [...byDay].toSorted(([a], [b]) => a - b);
  const DAILY = '\nGROUP BY\n  time_sec\nORDER BY\n  time_sec ASC';
  const flags = await run('UNIX_TIMESTAMP(DATE(scan_date)) AS time_sec, SUM(positives) AS total_positive', DAILY);
  assert.deepEqual(
    flags.rows,
    days.map(([day, { positives }]) => [day, positives]),
  );
  const scans = await run(
    'UNIX_TIMESTAMP(DATE(scan_date)) AS time_sec, COUNT(id) AS total_scans_per_day, SUM(positives) AS total_positives_per_day',
    DAILY,
  );
  assert.deepEqual(
    scans.rows,
    days.map(([day, one]) => [day, one.scans, one.positives]),
  );
});

test('a server in another time zone changes nothing, since the session is told +00:00, and without that it would', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const world = makeWorld({ days: 2, scans: 200, sightings: 10, alerts: 10, names: 20, clients: 2, everyMinutes: 600 });
  const server = await startMariadb(t, { dir: tempDir(t), args: ['--default-time-zone=+02:00'] });
  await makeSchema(server, grants());
  const writer = await createConnection({ socketPath: server.socket, user: 'root' });
  await fillWorld(server, writer, world);
  await writer.end();
  const connection = await asGrafana(server);
  t.after(() => connection.destroy());
  const query = shipped().find(({ name }) => name === 'hng-virus-total/12/A');
  assert.ok(query !== undefined);
  const question: Question = { ...questionOf(query, world, 1, { ...ALL, shownFrom: 0 }), from: NOW - 60 * 60_000 };
  const wanted = VIRUS_TOTAL_REFERENCE[query.name]?.(question);
  assert.ok(wanted !== undefined && wanted.rows.length > 0);
  assertSame(query, await ask(connection, query, momentOf(question)), wanted);
  await connection.query("SET time_zone = '+02:00'");
  assert.equal((await ask(connection, query, momentOf(question))).rows.length, 0);
});

test('Grafana’s user cannot read a table, change anything, or look beyond its views', async (t) => {
  const grafana = await grafanaOn(t, EMPTY);
  if (grafana === undefined) return;
  const tables = await grafana.server.sql(
    "SELECT table_name AS name, table_type AS type FROM information_schema.tables WHERE table_schema = 'virus_total'",
  );
  for (const { name, type } of tables) {
    const reading = grafana.connection.query(`SELECT * FROM ${String(name)} LIMIT 1`);
    if (type === 'BASE TABLE') await assert.rejects(reading, /denied/, String(name));
    else await reading;
    await assert.rejects(grafana.connection.query(`DELETE FROM ${String(name)}`), /denied/);
  }
  const [views] = await grafana.connection.query<RowDataPacket[]>('SHOW TABLES');
  assert.equal(views.length, tables.filter(({ type }) => type === 'VIEW').length);
  const definers = await grafana.server.sql(
    "SELECT DISTINCT security_type AS s FROM information_schema.views WHERE table_schema = 'virus_total'",
  );
  assert.deepEqual(
    definers.map(({ s }) => s),
    ['DEFINER'],
  );
  for (const statement of [
    'DROP VIEW panel_scans',
    'CREATE TABLE x (a INT)',
    "SELECT * FROM panel_scans INTO OUTFILE '/tmp/x'",
    'SET GLOBAL read_only = 1',
    'SELECT * FROM mysql.user',
  ])
    await assert.rejects(grafana.connection.query(statement), /denied/, statement);
});
