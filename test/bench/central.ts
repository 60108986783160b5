import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import { CentralPool } from '../../src/central/central-pool.ts';
import { CentralSync } from '../../src/central/central-sync.ts';
import { SILENT } from '../../src/lib/log.ts';
import { OutboxStore } from '../../src/store/outbox-store.ts';
import { openSqliteFile } from '../../src/store/sqlite-file.ts';
import { Store } from '../../src/store/store.ts';
import { MARIADB_USER, type Mariadb, startMariadb } from '../support/mariadb.ts';
import { until } from '../support/until.ts';
import { machine, printTable } from './support/table.ts';

/**
 * The way to the central database, against real MariaDB in a temp dir: a bare multi-row insert of the same rows in the same run is
 * the yardstick. `--rows N` sets the backlog (1,000,000 by default), `--existing N` how many sightings the centre holds already.
 */
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const NAMES = 20_000;
const CLIENTS = 10;
const BARE_ROWS = 200_000;
const BARE_BATCH = 1_000;
const STEADY_SECONDS = 10;
const PREFILL_STEP = 200_000;

const argument = process.argv.indexOf('--rows');
const ROWS = argument === -1 ? 1_000_000 : Number(process.argv[argument + 1]);
const existingAt = process.argv.indexOf('--existing');
const EXISTING = existingAt === -1 ? 0 : Number(process.argv[existingAt + 1]);

const dir = process.argv.includes('--drain') ? '' : mkdtempSync(join(tmpdir(), 'hng-bench-'));
const draining = process.argv.indexOf('--drain');
if (draining === -1) await main();
else console.log(JSON.stringify(await drain(process.argv[draining + 1] ?? '', process.argv[draining + 2] ?? '')));

async function main(): Promise<void> {
  const cleanups: (() => Promise<void>)[] = [];
  try {
    const server = await startMariadb(
      { after: (fn) => cleanups.push(fn) },
      { dir, args: ['--innodb-flush-log-at-trx-commit=2', '--innodb-buffer-pool-size=512M'] },
    );
    const bare = await measureBare(server);
    await prefill(server);
    const backlog = await measureBacklog(server);
    console.log(`\n${machine()}, MariaDB with innodb_flush_log_at_trx_commit=2\n`);
    printTable(
      ['', 'rows/s', 'of bare', 'RSS growth MB', 'peak MB', 'loop delay p99 ms', 'worst ms'],
      [
        [`bare multi-row insert of ${BARE_ROWS.toLocaleString('en')}`, ...cells(bare.perSecond, 1)],
        [
          `backlog of ${ROWS.toLocaleString('en')} into ${EXISTING.toLocaleString('en')}`,
          ...cells(backlog.perSecond, backlog.perSecond / bare.perSecond),
          backlog.grownMb.toFixed(0),
          backlog.peakMb.toFixed(0),
          backlog.delayP99Ms.toFixed(1),
          backlog.delayMaxMs.toFixed(1),
        ],
      ],
    );
    console.log(
      `\nlag with 200 new sightings a second: ${backlog.worstLagMs.toFixed(0)} ms at most over ${STEADY_SECONDS} s`,
    );
  } finally {
    for (const cleanup of cleanups) await cleanup();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Sightings of the year before, of the same names, by another sensor. */
async function prefill(server: Mariadb): Promise<void> {
  for (let from = 0; from < EXISTING; from += PREFILL_STEP)
    await server.sql(
      'USE virus_total',
      `INSERT IGNORE INTO sightings_hourly SELECT TIMESTAMP('2025-01-01') + INTERVAL (${from} + seq) DIV ${NAMES} HOUR, 'domain',
         CONCAT('host-', (${from} + seq) MOD ${NAMES}, '.some-example-', ((${from} + seq) MOD ${NAMES}) MOD 997, '.example.com'),
         '10.0.0.1', 'dns', 'other', 1, 0, TIMESTAMP('2025-01-01'), TIMESTAMP('2025-01-01') FROM seq_1_to_${PREFILL_STEP}`,
    );
}

function cells(perSecond: number, ratio: number): readonly string[] {
  return [Math.round(perSecond).toLocaleString('en'), ratio.toFixed(2)];
}

async function measureBare(server: Mariadb): Promise<{ readonly perSecond: number }> {
  const connection = await createConnection({ socketPath: server.socket, ...MARIADB_USER });
  const pool = poolOf(server.socket);
  await new CentralMigrations(pool).run();
  await connection.query('CREATE TABLE bare LIKE sightings_hourly');
  const startedAt = performance.now();
  for (let at = 0; at < BARE_ROWS; at += BARE_BATCH) {
    const rows = Array.from({ length: BARE_BATCH }, (_, index) => bareRow(at + index));
    await connection.query('INSERT INTO bare VALUES ?', [rows]);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await connection.query('DROP TABLE bare');
  await connection.end();
  pool.close();
  return { perSecond: BARE_ROWS / seconds };
}

function bareRow(index: number): readonly (string | number)[] {
  const { name, client, hour } = sighting(index);
  const text = (ms: number) => new Date(ms).toISOString().slice(0, -1).replace('T', ' ');
  return [text(hour), 'domain', name, client, 'dns', 'bench', 1, 0, text(hour + 1), text(hour + 2)];
}

function sighting(index: number): { readonly name: string; readonly client: string; readonly hour: number } {
  return {
    name: `host-${index % NAMES}.some-example-${index % 997}.example.com`,
    client: `10.0.0.${Math.floor(index / NAMES) % CLIENTS}`,
    hour: START + HOUR * Math.floor(index / (NAMES * CLIENTS)),
  };
}

interface Backlog {
  readonly perSecond: number;
  readonly grownMb: number;
  readonly peakMb: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  readonly worstLagMs: number;
}

/** Fills a sensor's store here and drains it in a process of its own, whose memory is that of the sync and nothing else. */
async function measureBacklog(server: Mariadb): Promise<Backlog> {
  const path = join(dir, 'sensor.db');
  const store = new Store({ path, sidRange: { first: 1_900_000, last: 1_900_100 } });
  const db = openSqliteFile(path);
  new OutboxStore(db).enable();
  db.close();
  for (let at = 0; at < ROWS; at += 20_000) recordSightings(store, at, Math.min(20_000, ROWS - at));
  store.close();
  const argv = [
    '--expose-gc',
    '--import',
    'tsx',
    import.meta.filename,
    '--rows',
    String(ROWS),
    '--drain',
    server.socket,
    path,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 1024 * 1024 });
  return JSON.parse(stdout) as Backlog;
}

/** In the process of its own. */
async function drain(socket: string, path: string): Promise<Backlog> {
  const store = new Store({ path, sidRange: { first: 1_900_000, last: 1_900_100 } });
  const db = openSqliteFile(path);
  const outbox = new OutboxStore(db);
  const pool = poolOf(socket);
  const sync = new CentralSync({
    pool,
    migrations: new CentralMigrations(pool),
    outbox,
    sensor: 'bench',
    version: 'bench',
    counters: () => ({}),
    log: SILENT,
    now: Date.now,
    random: Math.random,
  });
  const left = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM (SELECT 1 FROM outbox LIMIT 1)');
  const marked = Number(db.prepare('SELECT count(*) FROM outbox').pluck().get());
  globalThis.gc?.();
  const rssBefore = process.memoryUsage().rss;
  let rssPeak = rssBefore;
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const startedAt = performance.now();
  sync.start();
  await until(
    'the backlog is drained',
    () => {
      rssPeak = Math.max(rssPeak, process.memoryUsage().rss);
      return left.get()?.n === 0;
    },
    30 * 60_000,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  delay.disable();
  const worstLagMs = await measureSteady(store, sync);
  await sync.stop();
  db.close();
  store.close();
  return {
    perSecond: marked / seconds,
    grownMb: (rssPeak - rssBefore) / 1e6,
    peakMb: rssPeak / 1e6,
    delayP99Ms: delay.percentile(99) / 1e6,
    delayMaxMs: delay.max / 1e6,
    worstLagMs,
  };
}

function recordSightings(store: Store, from: number, count: number): void {
  const all = Array.from({ length: count }, (_, index) => sighting(from + index));
  const names = [...new Set(all.map(({ name }) => name))];
  const clients = [...new Set(all.map(({ client }) => client))];
  const nameAt = new Map(names.map((name, index) => [name, index]));
  const rows = all.flatMap(({ name, client, hour }) => [
    nameAt.get(name) ?? 0,
    clients.indexOf(client),
    0,
    1,
    0,
    hour + 1,
    hour + 2,
  ]);
  store.transact(() =>
    store.sightings.record({
      observables: names.map((name) => `domain:${name}`),
      clients,
      rows: Float64Array.from(rows),
    }),
  );
}

/** The longest lag while 200 new sightings come a second. */
async function measureSteady(store: Store, sync: CentralSync): Promise<number> {
  let worstLagMs = 0;
  for (let tick = 0; tick < STEADY_SECONDS * 10; tick++) {
    recordSightings(store, ROWS + tick * 20, 20);
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (tick > 20) worstLagMs = Math.max(worstLagMs, sync.figures().lagMs ?? Number.POSITIVE_INFINITY);
  }
  return worstLagMs;
}

function poolOf(socket: string): CentralPool {
  return new CentralPool({
    addresses: [{ socket }],
    user: MARIADB_USER.user,
    password: () => MARIADB_USER.password,
    database: MARIADB_USER.database,
    random: Math.random,
  });
}
