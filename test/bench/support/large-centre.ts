import { CentralMigrations } from '../../../src/central/central-migrations.ts';
import { type DueSummary, SummaryKeeper } from '../../../src/central/summary-keeper.ts';
import { poolOf } from '../../central/central-fixture.ts';
import { DAY, floorTo, HOUR, NOW } from '../../grafana/world.ts';
import type { Mariadb } from '../../support/mariadb.ts';

/** How much the central database holds. */
export interface Size {
  readonly scans: number;
  readonly sightings: number;
  readonly alerts: number;
  readonly names: number;
  readonly clients: number;
  readonly days: number;
}

const SENSORS = ['gateway', 'attic'];
const STEP = 250_000;

/** `NOW`, and steps back from it, as the server writes them. */
const now = `TIMESTAMP('${new Date(NOW).toISOString().slice(0, 19)}')`;
const SENSOR = `IF(seq % 5 = 0, 'attic', 'gateway')`;

/**
 * Name number n: mostly domains, some addresses, links and files. Every 20th is flagged by some engine, every 100th is at least
 * suspicious by its verdict, and all are used alike: far more than a household sees.
 */
const kindOf = (n: string): string =>
  `CASE ${n} % 20 WHEN 7 THEN 'ip' WHEN 8 THEN 'ip' WHEN 9 THEN 'url' WHEN 19 THEN 'file' ELSE 'domain' END`;
const nameOf = (n: string): string =>
  `CASE ${n} % 20 WHEN 7 THEN INET_NTOA(3221225472 + ${n}) WHEN 8 THEN CONCAT('2001:db8::', HEX(${n} DIV 65536), ':', HEX(${n} % 65536))
    WHEN 9 THEN CONCAT('http://host-', ${n}, '.example.org/path') WHEN 19 THEN SHA2(${n}, 256)
    ELSE CONCAT('host-', ${n}, '.some-example-', ${n} % 997, '.example.com') END`;

/** Fills the database with rows made by the server itself, in steps; says how long each table took. */
export async function fillLarge(server: Mariadb, size: Size): Promise<void> {
  const pool = poolOf({ addresses: [{ socket: server.socket }], queryTimeoutMs: 600_000 });
  await new CentralMigrations(pool).run();
  pool.close();
  for (const [table, rows, select] of tablesOf(size)) {
    const startedAt = performance.now();
    for (let from = 1; from <= rows; from += STEP) {
      const to = Math.min(rows, from + STEP - 1);
      await server.sql(
        'USE virus_total',
        `SET unique_checks = 0`,
        `INSERT IGNORE INTO ${table} ${select} FROM seq_${from}_to_${to}`,
      );
    }
    console.log(
      `${table}: ${rows.toLocaleString('en')} rows in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
    );
  }
  await server.sql(
    'USE virus_total',
    ...standing(),
    'ANALYZE TABLE scans, sightings_hourly, verdicts, suricata_alerts',
  );
}

type Table = readonly [table: string, rows: number, select: string];

function tablesOf({ scans, sightings, alerts, names, clients, days }: Size): readonly Table[] {
  const perHour = Math.ceil(sightings / (days * 24));
  const name = `((seq * 7919) % ${names})`;
  const hour = `(${now} - INTERVAL MINUTE(${now}) MINUTE - INTERVAL SECOND(${now}) SECOND - INTERVAL seq DIV ${perHour} HOUR)`;
  const client = `CONCAT('10.0.0.', (seq * 31) % ${clients})`;
  const scanned = `(${now} - INTERVAL FLOOR(seq * ${(days * DAY) / 1000} / ${scans}) SECOND)`;
  const bad = `IF(${name} % 40 = 0, 5 + seq % 20, IF(${name} % 20 = 0, 1 + seq % 4, 0))`;
  const alerted = `(${now} - INTERVAL FLOOR(seq * ${days * 1440} / ${alerts}) MINUTE - INTERVAL SECOND(${now}) SECOND)`;
  const minutes = days * 1440 * SENSORS.length;
  const minute = `(${now} - INTERVAL SECOND(${now}) SECOND - INTERVAL seq DIV 2 MINUTE), IF(seq % 2 = 0, 'attic', 'gateway')`;
  return [
    [
      'scans',
      scans,
      `SELECT ${kindOf(name)}, ${nameOf(name)}, 'virustotal', ${scanned}, ${SENSOR}, IF(seq % 9 = 0, 'not_found', 'found'),
       ${scanned} - INTERVAL seq % 60 DAY, IF(seq % 9 = 0, 0, ${bad}), 0, 60, 30, 92, 0, CONCAT('https://www.virustotal.com/gui/search/', seq), '[]',
       IF(${bad} > 0, REPEAT(CONCAT('{"engine":"E","category":"malicious","result":"', IF(seq % 3 = 0, 'phishing', 'malware'), '"}'), ${bad}), '[]'),
       '{}', ${scanned}`,
    ],
    [
      'verdicts',
      names,
      `SELECT ${kindOf('seq')}, ${nameOf('seq')}, IF(seq % 800 = 0, 'attic', 'gateway'),
       IF(seq % 200 = 0, 'malicious', IF(seq % 100 = 0, 'suspicious', 'clean')), 0, 0, 0, '7/92', 'because', '[]',
       ${now} - INTERVAL seq % ${days * 1440} MINUTE, ${now} - INTERVAL seq % 60 DAY, NULL, NULL`,
    ],
    [
      'verdict_history',
      names,
      `SELECT ${kindOf('seq')}, ${nameOf('seq')}, 'gateway', ${now} - INTERVAL seq % ${days * 1440} MINUTE, 'unasked',
       IF(seq % 200 = 0, 'malicious', 'clean'), '7/92', 'because'`,
    ],
    [
      'sightings_hourly',
      sightings,
      `SELECT ${hour}, ${kindOf(name)}, ${nameOf(name)}, ${client}, 'dns', ${SENSOR}, 1 + seq % 30, IF(seq % 50 = 0, 1, 0), ${hour}, ${hour} + INTERVAL 59 MINUTE`,
    ],
    [
      'suricata_alerts',
      alerts,
      `SELECT ${alerted}, ${SENSOR}, 2000000 + seq % 40, ${client}, '192.0.2.1', ${kindOf(name)}, ${nameOf(name)}, CONCAT('Signature ', seq % 40),
       'Category', 1 + seq % 3, 'allowed', 1 + seq % 3, ${alerted}, ${alerted}`,
    ],
    [
      'lookups',
      scans,
      `SELECT ${scanned}, ${SENSOR}, 'virustotal', ${kindOf(name)}, ${nameOf(name)}, 'new', IF(seq % 9 = 0, 'not_found', 'found'), 100 + seq % 900, NULL`,
    ],
    [
      'indicators',
      Math.ceil(names / 40),
      `SELECT ${kindOf('seq * 40')}, ${nameOf('seq * 40')}, 'gateway', 'suricata', 'proved', 1, NULL, ${now} - INTERVAL seq MINUTE, ${now}, NULL`,
    ],
    [
      'sensor_stats',
      minutes,
      `SELECT ${minute}, 500, 0, 0, 0, 0, 0, seq % 4000, 3600, seq % 500, 500, 0.5, 60, 2, 10, 90000000`,
    ],
    ['pihole_stats', minutes, `SELECT ${minute}, 60, 10, 30, 20, 1`],
    ['suricata_stats', minutes, `SELECT ${minute}, 90000, 0, 3`],
  ];
}

function standing(): readonly string[] {
  const start = `TIMESTAMP('${new Date(floorTo(NOW, DAY)).toISOString().slice(0, 19)}')`;
  return SENSORS.flatMap((sensor) => [
    `INSERT INTO sensors (sensor, instance, version, started, heartbeat, synced_until) VALUES ('${sensor}', 'x', '1', ${now}, ${now}, ${now})`,
    `INSERT INTO quota VALUES (${start}, '${sensor}', 'virustotal', 'day', 200, '{}', 500, 0)`,
  ]);
}

/** Has the code of the sensors make every summary of the days, each sensor its own. */
export async function summariseLarge(server: Mariadb, days: number): Promise<void> {
  const startedAt = performance.now();
  const hours = Array.from({ length: days * 24 + 1 }, (_, at) => String(floorTo(NOW, HOUR) - at * HOUR));
  await Promise.all(SENSORS.map((sensor) => summarise(server, sensor, hours)));
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`summaries of ${hours.length} hours by ${SENSORS.length} sensors in ${seconds.toFixed(0)} s`);
}

async function summarise(server: Mariadb, sensor: string, hours: readonly string[]): Promise<void> {
  const pool = poolOf({ addresses: [{ socket: server.socket }], queryTimeoutMs: 600_000 });
  const due = hours.flatMap((key): DueSummary[] => [
    { scope: 'seen', key },
    { scope: 'reports', key },
  ]);
  const book = {
    note: () => undefined,
    next: (limit: number) => due.slice(0, limit),
    done: () => void due.shift(),
  };
  for await (const _ of new SummaryKeeper({ pool, book, sensor }).refresh());
  pool.close();
}
