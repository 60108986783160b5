import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SqlRow } from '../../src/central/central-connection.ts';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import { startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { drained, fill, HOUR, openSensor, poolOf, report, sightings, T0 } from './central-fixture.ts';

const DAY = 24 * HOUR;
/** What Grafana's time filter becomes. */
const IN_RANGE = `scan_date BETWEEN FROM_UNIXTIME(${T0 / 1000 - 60}) AND FROM_UNIXTIME(${(T0 + 3 * DAY) / 1000})`;

test('the three queries of the public dashboard, and views made over ours as that project makes them, give what they should', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const addresses = [{ socket: server.socket }];
  const sensor = openSensor(t, 'gateway', dir);
  const { store } = sensor;
  fill(sensor, ['a.example.com'], T0);
  store.transact(() => {
    store.reports.keep(report('b.example.com', T0 + HOUR, 0));
    store.reports.keep(report('c.example.com', T0 + DAY, 5));
    store.reports.keep({ ...report('d.example.com', T0 + DAY, 0), flagged: [] });
    store.reports.keep(report('http://e.example.com/x', T0 + DAY, 2));
    store.reports.keep(report('a'.repeat(64), T0 + DAY, 3));
    store.reports.keep({ ...report('f.example.com', T0 + DAY, 0), outcome: 'not_found' });
    store.sightings.record(sightings(['never-asked.example.com'], T0));
  });
  sensor.sync({ addresses });
  await drained(sensor);
  const pool = poolOf({ addresses });
  t.after(() => pool.close());
  assert.equal(await new CentralMigrations(pool).present(), new CentralMigrations(pool).wanted);
  // In a session of ours times are UTC and grouping is strict, as MySQL 8 has it by default.
  const rows = (sql: string): Promise<readonly SqlRow[]> => pool.use((connection) => connection.rows(sql));

  const [share] = await rows(
    `SELECT COUNT(id) AS scans, SUM(CASE WHEN positives > 0 THEN 1 ELSE 0 END) AS flagged,
       SUM(CASE WHEN positives > 0 THEN 1 ELSE 0 END) / COUNT(id) * 100 AS percentage
     FROM virus_total.url_scans WHERE ${IN_RANGE}`,
  );
  assert.deepEqual([share?.scans, Number(share?.flagged), Number(share?.percentage)], [5, 2, 40]);

  const day = (T0 - (T0 % DAY)) / 1000;
  const perDay = await rows(
    `SELECT UNIX_TIMESTAMP(DATE(scan_date)) AS time_sec, COUNT(id) AS scans, SUM(positives) AS flags
     FROM virus_total.url_scans WHERE ${IN_RANGE} GROUP BY time_sec ORDER BY time_sec`,
  );
  assert.deepEqual(
    perDay.map((row) => [row.time_sec, row.scans, Number(row.flags)]),
    [
      [day, 2, 0],
      [day + 86_400, 3, 7],
    ],
  );

  const engines = await rows(
    `SELECT url, engine, JSON_UNQUOTE(JSON_EXTRACT(found, '$.category')) AS category, JSON_UNQUOTE(JSON_EXTRACT(found, '$.result')) AS result
     FROM (SELECT s.url, j.engine, JSON_EXTRACT(s.scan_result, CONCAT('$.data.attributes.results.', JSON_QUOTE(j.engine))) AS found
       FROM virus_total.url_scans AS s JOIN JSON_TABLE(JSON_KEYS(JSON_EXTRACT(s.scan_result, '$.data.attributes.results')),
         '$[*]' COLUMNS (engine VARCHAR(255) PATH '$')) AS j WHERE s.positives > 0) AS d ORDER BY url`,
  );
  assert.deepEqual(
    engines.map((row) => [row.url, row.engine, row.category, row.result]),
    ['c.example.com', 'http://e.example.com/x'].map((url) => [
      url,
      `It's "quoted"; \\ DROP`,
      'malicious',
      'phishing 🐟',
    ]),
  );
  const [none] = await rows("SELECT JSON_VALID(scan_result) AS valid FROM url_scans WHERE url = 'd.example.com'");
  assert.equal(none?.valid, 1);

  const [file] = await rows(
    'SELECT id, sha256, scan_date, positives, total_scans, permalink, yara_rules, scan_result FROM file_scans',
  );
  assert.equal(file?.sha256, 'a'.repeat(64));
  const unasked = await rows(
    `SELECT q.id, q.timestamp, q.query_type, q.domain, q.source_ip, q.response_ip FROM dns_queries AS q
     LEFT JOIN url_scans AS u ON q.domain = u.url WHERE u.url IS NULL`,
  );
  assert.deepEqual(
    unasked.map((row) => [row.domain, row.source_ip]),
    [['never-asked.example.com', '10.0.0.1']],
  );
});
