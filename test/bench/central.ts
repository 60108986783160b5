// npm run bench -- central [--rows 1000000] [--existing 10000000] [--only empty,full,daemon]: the way to the central database, against
// real MariaDB in a temp dir. A bare multi-row insert of the same rows in the same run is the yardstick.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Store } from '../../src/store/store.ts';
import type { Mariadb } from '../support/mariadb.ts';
import { type Drained, STEADY_RATE, STEADY_SECONDS } from './central/drained.ts';
import { measureLiveDrain } from './central/live-daemon.ts';
import { bareInsert, migrate, prefill, startBenchServer } from './central/server.ts';
import { recordSightings } from './central/sightings.ts';
import { machine, printTable } from './support/table.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    existing: { type: 'string', default: '10000000' },
    only: { type: 'string', default: '' },
  },
});
const ROWS = Number(values.rows);
const EXISTING = Number(values.existing);
const BARE_ROWS = 200_000;
const DRAIN = fileURLToPath(new URL('./central/drain.ts', import.meta.url));

const dir = mkdtempSync(join(tmpdir(), 'hng-bench-'));
const cleanups: (() => Promise<void>)[] = [];
try {
  await main();
} finally {
  for (const cleanup of cleanups) await cleanup();
  rmSync(dir, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const wanted = (part: string) => values.only === '' || values.only.split(',').includes(part);
  const serverDir = join(dir, 'm');
  mkdirSync(serverDir);
  const server = await startBenchServer(serverDir, cleanups);
  await migrate(server);
  console.log(`${machine()}, MariaDB with innodb_flush_log_at_trx_commit=2\n`);
  if (wanted('empty') || wanted('full')) await backlogs(server, wanted);
  if (wanted('daemon')) await live(server);
}

async function backlogs(server: Mariadb, wanted: (part: string) => boolean): Promise<void> {
  const path = join(dir, 'sensor.db');
  const store = new Store({ path, sidRange: { first: 1_900_000, last: 1_900_100 } });
  recordSightings(store, 0, ROWS);
  store.close();
  const bare = await bareInsert(server, BARE_ROWS);
  const rows = [[`bare multi-row insert of ${counted(BARE_ROWS)}`, counted(bare), '1.00']];
  if (wanted('empty')) rows.push(row('an empty schema', await drain(server, path, 'empty'), bare));
  if (wanted('full')) {
    await prefill(server, EXISTING);
    rows.push(row(counted(EXISTING), await drain(server, path, 'full'), bare));
  }
  printTable(['', 'rows/s', 'of bare', 'RSS growth MB', 'peak MB', 'loop p99 ms', 'worst ms', 'worst lag ms'], rows);
  console.log(`\nLag: ${STEADY_RATE} new sightings a second for ${STEADY_SECONDS} s after the backlog is gone.\n`);
}

function row(into: string, drained: Drained, bare: number): string[] {
  return [
    `backlog of ${counted(ROWS)} into ${into}`,
    counted(drained.perSecond),
    (drained.perSecond / bare).toFixed(2),
    drained.grownMb.toFixed(0),
    drained.peakMb.toFixed(0),
    drained.delayP99Ms.toFixed(1),
    drained.delayMaxMs.toFixed(1),
    drained.worstLagMs.toFixed(0),
  ];
}

async function drain(server: Mariadb, path: string, sensor: string): Promise<Drained> {
  const argv = ['--expose-gc', '--import', 'tsx', DRAIN, server.socket, path, sensor];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 1024 * 1024 });
  return JSON.parse(stdout) as Drained;
}

async function live(server: Mariadb): Promise<void> {
  execFileSync(process.execPath, ['native-config/bootstrap.mjs', 'build'], { stdio: 'inherit' });
  const folder = join(dir, 'g');
  mkdirSync(folder);
  const one = await measureLiveDrain(server, folder, ROWS);
  printTable(
    ['the whole daemon, 5,000 events a second', 'rows/s', 'events sent', 'no room', 'missing', 'RSS MB', 'growth MB'],
    [
      [
        `backlog of ${counted(one.outboxBefore)}, centre back after it was away`,
        counted(one.perSecond),
        counted(one.sent),
        counted(one.droppedAtSocket),
        counted(one.missing),
        one.calmMb.toFixed(0),
        one.grownMb.toFixed(0),
      ],
    ],
  );
}

function counted(count: number): string {
  return Math.round(count).toLocaleString('en');
}
