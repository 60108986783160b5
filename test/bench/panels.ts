import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { asGrafana, ask, grants } from '../grafana/ask.ts';
import { type Shipped, shipped } from '../grafana/dashboard-file.ts';
import { intervalFor, lengthOf } from '../grafana/macros.ts';
import { momentOf, type Question } from '../grafana/question.ts';
import { DAY, EMPTY, NOW } from '../grafana/world.ts';
import { type Mariadb, startMariadb } from '../support/mariadb.ts';
import { fillLarge, type Size, summariseLarge } from './support/large-centre.ts';
import { machine, median, printTable } from './support/table.ts';

/**
 * Every query of the dashboards and alert rules on a large central database, as the read-only user: 1,000,000 scans and 5,000,000
 * hourly sightings over 90 days. The yardstick is a bare count of the rows that the dashboard is about, over the same period in the
 * same run. `--scans N`, `--sightings N`, `--alerts N`, `--names N` and `--days N` make it smaller.
 */
const numberOf = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};

const SIZE: Size = {
  scans: numberOf('--scans', 1_000_000),
  sightings: numberOf('--sightings', 5_000_000),
  alerts: numberOf('--alerts', 200_000),
  names: numberOf('--names', 300_000),
  clients: 40,
  days: numberOf('--days', 90),
};
/** A person waits for a dashboard of fifteen panels: the default period, and the longest. */
const BOUNDS_MS: ReadonlyMap<number, number> = new Map([
  [7, 300],
  [90, 1000],
]);
const RUNS = 5;
const POINTS = 1000;

/** What a dashboard is about: its rows are counted for the yardstick. */
const RAW: Readonly<Record<string, readonly [table: string, column: string]>> = {
  'hng-virus-total': ['scans', 'scan_date'],
  'hng-network-overview': ['sightings_hourly', 'hour'],
  'hng-sidecar-health': ['sensor_stats', 'minute'],
  alert: ['sightings_hourly', 'hour'],
};

interface Measured {
  readonly query: Shipped;
  readonly ms: ReadonlyMap<number, number>;
  /** Of the server's processor: what it would take were it alone. */
  readonly cpuMs: ReadonlyMap<number, number>;
  readonly ratio: ReadonlyMap<number, number>;
  readonly rows: number;
}

const dir = mkdtempSync(join(tmpdir(), 'hng-bench-'));
const cleanups: (() => Promise<void>)[] = [];
try {
  const args = [
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=2G',
    '--innodb-log-file-size=1G',
    '--innodb-doublewrite=0',
  ];
  const server = await startMariadb({ after: (fn) => cleanups.push(fn) }, { dir, args });
  await fillLarge(server, SIZE);
  await summariseLarge(server, SIZE.days);
  await server.sql(...grants());
  await checkNumbers(server);
  const connection = await asGrafana(server);
  const bare = await bareCounts(server);
  const measured: Measured[] = [];
  for (const query of shipped()) measured.push(await measure(connection, query, { bare, pid: server.pid() }));
  connection.destroy();
  report(measured, bare);
} finally {
  for (const cleanup of cleanups) await cleanup();
  rmSync(dir, { recursive: true, force: true });
}

function questionOf(query: Shipped, days: number): Question {
  const bucketMs = intervalFor(days * DAY, POINTS, lengthOf(query.interval));
  return {
    world: EMPTY,
    from: NOW - days * DAY,
    to: NOW,
    bucketMs,
    choice: { minPositives: 5, shownFrom: 1, search: '' },
  };
}

async function measure(
  connection: Connection,
  query: Shipped,
  { bare, pid }: { readonly bare: ReadonlyMap<string, number>; readonly pid: number },
): Promise<Measured> {
  const ms = new Map<number, number>();
  const cpuMs = new Map<number, number>();
  const ratio = new Map<number, number>();
  let rows = 0;
  for (const days of BOUNDS_MS.keys()) {
    const moment = momentOf(questionOf(query, days));
    const took: number[] = [];
    let cpuAt = 0;
    for (let run = 0; run <= RUNS; run++) {
      if (run === 1) cpuAt = cpuMsOf(pid);
      const startedAt = performance.now();
      ({ length: rows } = (await ask(connection, query, moment)).rows);
      // The first one finds pages on the disk.
      if (run > 0) took.push(performance.now() - startedAt);
    }
    ms.set(days, median(took));
    cpuMs.set(days, (cpuMsOf(pid) - cpuAt) / RUNS);
    ratio.set(days, median(took) / (bare.get(`${dashboardOf(query)} ${days}`) ?? Number.NaN));
  }
  return { query, ms, cpuMs, ratio, rows };
}

/** Processor time of a process so far, from proc(5): user and system, in hundredths of a second. */
function cpuMsOf(pid: number): number {
  const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = after.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function dashboardOf({ name }: Shipped): string {
  return name.slice(0, name.indexOf('/'));
}

/** Milliseconds of `SELECT COUNT(*)` by dashboard and days. */
async function bareCounts(server: Mariadb): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const [dashboard, [table, column]] of Object.entries(RAW))
    for (const days of BOUNDS_MS.keys()) {
      const from = new Date(NOW - days * DAY).toISOString().slice(0, 19);
      const took: number[] = [];
      for (let run = 0; run < 3; run++) {
        const startedAt = performance.now();
        await server.sql('USE virus_total', `SELECT COUNT(*) FROM ${table} WHERE ${column} >= '${from}'`);
        took.push(performance.now() - startedAt);
      }
      counts.set(`${dashboard} ${days}`, median(took));
    }
  return counts;
}

/** Summaries against the raw rows, counted by the plainest SQL there is. */
async function checkNumbers(server: Mariadb): Promise<void> {
  const [row] = await server.sql(
    'USE virus_total',
    `SELECT (SELECT SUM(scans) FROM scan_hours) AS scans, (SELECT COUNT(*) FROM scans) AS raw_scans,
       (SELECT SUM(scans) FROM scan_hours WHERE positives >= 5) AS bad, (SELECT COUNT(*) FROM scans WHERE positives >= 5) AS raw_bad,
       (SELECT SUM(queries) FROM client_hours) AS queries, (SELECT SUM(count) FROM sightings_hourly WHERE via = 'dns') AS raw_queries,
       (SELECT SUM(count) FROM alert_hours) AS alerts, (SELECT SUM(count) FROM suricata_alerts) AS raw_alerts,
       (SELECT SUM(count) FROM flagged_hours) AS flagged, (SELECT SUM(s.count) FROM sightings_hourly AS s JOIN verdicts AS v
          ON v.kind = s.kind AND v.value = s.value AND v.sensor = s.sensor WHERE v.state IN ('malicious', 'suspicious')) AS raw_flagged,
       (SELECT SUM(questions) FROM lookup_hours) AS questions, (SELECT COUNT(*) FROM lookups) AS raw_questions`,
  );
  for (const [name, value] of Object.entries(row ?? {})) {
    const raw = row?.[`raw_${name}`];
    if (raw !== undefined && Number(raw) !== Number(value))
      throw new Error(`${name} is ${String(value)} in the summaries, want ${String(raw)}`);
  }
  console.log('the summaries agree with the rows:', JSON.stringify(row));
}

function report(measured: readonly Measured[], bare: ReadonlyMap<string, number>): void {
  const worst = ({ ms }: Measured) => Math.max(...[...BOUNDS_MS].map(([days, bound]) => (ms.get(days) ?? 0) / bound));
  const rows = measured
    .toSorted((a, b) => worst(b) - worst(a))
    .map((one) => [
      `${one.query.name}  ${one.query.title}`,
      ...[...BOUNDS_MS.keys()].flatMap((days) => [
        (one.ms.get(days) ?? 0).toFixed(0),
        (one.cpuMs.get(days) ?? 0).toFixed(0),
        (one.ratio.get(days) ?? 0).toFixed(2),
      ]),
      String(one.rows),
      worst(one) > 1 ? 'OVER' : 'ok',
    ]);
  console.log(`\n${machine()}; medians of ${RUNS}\n`);
  printTable(['query', '7 d ms', 'CPU', 'of bare', '90 d ms', 'CPU', 'of bare', 'rows', ''], rows);
  console.log(`\nbare counts, ms: ${[...bare].map(([name, ms]) => `${name} d ${ms.toFixed(0)}`).join(', ')}`);
  const over = measured.filter((one) => worst(one) > 1);
  console.log(
    `\n${over.length} of ${measured.length} queries over ${[...BOUNDS_MS].map(([days, ms]) => `${ms} ms at ${days} days`).join(' or ')}`,
  );
}
