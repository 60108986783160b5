import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { Store } from '../../../src/store/store.ts';
import { MARIADB_USER, type Mariadb } from '../../support/mariadb.ts';
import { databaseOf, startBuiltDaemon } from '../support/built-daemon.ts';
import { writeDnsEvents } from '../support/dns-events.ts';
import type { MeasuredProcess } from '../support/measured-process.ts';
import { withShippedSendBuffer } from '../support/shipped-send-buffer.ts';
import { recordSightings } from './sightings.ts';

/** What came of a daemon that drained its backlog while events came in. */
export interface LiveDrain {
  readonly perSecond: number;
  readonly sent: number;
  /** Lines the socket had no room for, which Suricata would have dropped. */
  readonly droppedAtSocket: number;
  /** Events the daemon counted less than were sent. */
  readonly missing: number;
  /** Memory under intake with the centre away, and how much more at most while it drained. */
  readonly calmMb: number;
  readonly grownMb: number;
  readonly outboxBefore: number;
}

const RATE = 5_000;
const SENDER = fileURLToPath(new URL('../support/send-paced.pl', import.meta.url));
/** Intake alone, until memory has settled. */
const CALM_SECONDS = 20;
/** Longer than the counts of known names wait before the receiver hands them over. */
const HANDED_OVER_MS = 12_000;
/** Events go on until a backlog that is drained at this pace is gone. */
const SLOWEST_ROWS_A_SECOND = 5_000;
/** The rows of the backlog are of this year's first days; what comes in meanwhile is later. */
const BACKLOG_END = Date.UTC(2026, 5, 1);

/** A real daemon whose centre was away: it comes back while events keep coming at 5,000 a second. The server is started anew. */
export async function measureLiveDrain(server: Mariadb, dir: string, rows: number): Promise<LiveDrain> {
  mkdirSync(join(dir, 'data'), { recursive: true });
  const store = new Store({ path: databaseOf(dir), sidRange: { first: 1_900_000, last: 1_999_799 } });
  recordSightings(store, 0, rows);
  store.close();
  const events = join(dir, 'events.json');
  await writeDnsEvents({ path: events, events: 200_000, distinct: 200_000, clients: 20, perSecond: RATE });
  await server.kill('SIGTERM');
  writeFileSync(join(dir, 'password'), MARIADB_USER.password, { mode: 0o600 });
  const central = `central: { socket: ${server.socket}, user: ${MARIADB_USER.user}, password_file: ${join(dir, 'password')} }\n`;
  const daemon = await startBuiltDaemon(dir, 'stream', central);
  try {
    return await drainUnderLoad(daemon, dir, events, () => server.start());
  } finally {
    await daemon.end();
  }
}

async function drainUnderLoad(
  daemon: MeasuredProcess,
  dir: string,
  events: string,
  bringBack: () => Promise<void>,
): Promise<LiveDrain> {
  const db = new Database(databaseOf(dir), { readonly: true });
  const backlog = db.prepare("SELECT count(*) FROM outbox WHERE relation = 'sightings_hourly' AND k1 < ?").pluck();
  const outboxBefore = Number(backlog.get(BACKLOG_END));
  const control = new AbortController();
  const seconds = CALM_SECONDS + Math.ceil(outboxBefore / SLOWEST_ROWS_A_SECOND);
  const sending = await withShippedSendBuffer(async () => {
    const args = [SENDER, join(dir, 'eve.sock'), events, String(RATE), String(seconds)];
    const output = promisify(execFile)('perl', args);
    await pause(CALM_SECONDS * 1000);
    // Within an object, since a promise would be waited for.
    return { output };
  });
  const calm = daemon.memory().now;
  let peak = calm;
  await bringBack();
  const startedAt = performance.now();
  let drainedAt = 0;
  const watch = (async () => {
    while (!control.signal.aborted) {
      peak = Math.max(peak, daemon.memory().now);
      if (drainedAt === 0 && Number(backlog.get(BACKLOG_END)) === 0) drainedAt = performance.now();
      await pause(200);
    }
  })();
  const [sent = 0, dropped = 0] = (await sending.output).stdout.trim().split(' ').map(Number);
  await daemon.idle();
  await pause(HANDED_OVER_MS);
  control.abort();
  await watch;
  db.close();
  const counted = await dnsEvents(join(dir, 'api.sock'));
  return {
    perSecond: drainedAt === 0 ? 0 : outboxBefore / ((drainedAt - startedAt) / 1000),
    sent,
    droppedAtSocket: dropped,
    missing: sent - counted,
    calmMb: calm / 1e6,
    grownMb: (peak - calm) / 1e6,
    outboxBefore,
  };
}

/** DNS events that the daemon counted, by its own metrics. */
async function dnsEvents(socketPath: string): Promise<number> {
  const text = await new Promise<string>((resolve, reject) => {
    const asked = request({ socketPath, path: '/metrics' }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part) => (body += String(part)));
      answer.on('end', () => resolve(body));
    });
    asked.on('error', reject).end();
  });
  return Number(/^guardian_eve_events_total\{event_type="dns"\} (\d+)/m.exec(text)?.[1] ?? Number.NaN);
}
