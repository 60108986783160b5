// Drains the backlog of a sensor's store in a process of its own, whose memory is that of the sync and nothing else.
// Arguments: socket, store, sensor. Prints figures as JSON.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { CentralMigrations } from '../../../src/central/central-migrations.ts';
import { CentralSync } from '../../../src/central/central-sync.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { OutboxStore } from '../../../src/store/outbox-store.ts';
import { openSqliteFile } from '../../../src/store/sqlite-file.ts';
import { Store } from '../../../src/store/store.ts';
import { until } from '../../support/until.ts';
import { type Drained, STEADY_RATE, STEADY_SECONDS } from './drained.ts';
import { benchPool } from './server.ts';
import { recordSightings } from './sightings.ts';

const TICK_MS = 100;
/** Ticks until the first pass with new sightings is over. */
const WARM_TICKS = 20;

const [socket = '', path = '', sensor = ''] = process.argv.slice(2);
console.log(JSON.stringify(await drain()));

async function drain(): Promise<Drained> {
  const store = new Store({ path, sidRange: { first: 1_900_000, last: 1_900_100 } });
  const db = openSqliteFile(path);
  const outbox = new OutboxStore(db);
  const pool = benchPool(socket);
  const sync = new CentralSync({
    pool,
    migrations: new CentralMigrations(pool),
    outbox,
    sensor,
    version: 'bench',
    counters: () => ({}),
    log: SILENT,
    now: Date.now,
    random: Math.random,
  });
  outbox.enable();
  outbox.markAll();
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
  const worstLagMs = await steadyLag(store, sync, marked);
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

/** The longest lag while new sightings come. */
async function steadyLag(store: Store, sync: CentralSync, from: number): Promise<number> {
  const aTick = (STEADY_RATE * TICK_MS) / 1000;
  let worst = 0;
  for (let tick = 0; tick < (STEADY_SECONDS * 1000) / TICK_MS; tick++) {
    recordSightings(store, from + tick * aTick, aTick);
    await pause(TICK_MS);
    if (tick > WARM_TICKS) worst = Math.max(worst, sync.figures().lagMs ?? Number.POSITIVE_INFINITY);
  }
  return worst;
}
