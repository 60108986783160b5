import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { CentralAddress } from '../../src/central/central-connection.ts';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import { CentralPool } from '../../src/central/central-pool.ts';
import { CentralSync, type SyncLimits } from '../../src/central/central-sync.ts';
import type { Indicator } from '../../src/core/indicator.ts';
import { keyOf, type Observable, parseObservable } from '../../src/core/observable.ts';
import { parsePattern } from '../../src/core/pattern.ts';
import type { Report } from '../../src/core/report.ts';
import type { SightingBatch } from '../../src/core/sighting-batch.ts';
import type { Verdict, VerdictState } from '../../src/core/verdict.ts';
import type { Log } from '../../src/lib/log.ts';
import { OutboxStore } from '../../src/store/outbox-store.ts';
import { openSqliteFile, type Sqlite } from '../../src/store/sqlite-file.ts';
import { type SensorMinute, StatsStore } from '../../src/store/stats-store.ts';
import { Store } from '../../src/store/store.ts';
import { MARIADB_USER } from '../support/mariadb.ts';
import { until } from '../support/until.ts';

export const HOUR = 3_600_000;
export const T0 = 1_700_000_000_000 - (1_700_000_000_000 % HOUR);

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

export function observable(text: string): Observable {
  const parsed = parseObservable(text);
  if (!parsed.ok) throw new Error(`${text} is no observable`);
  return parsed.value;
}

/** A sensor as far as the centre is concerned: its store, and its sync. */
export interface Sensor {
  readonly name: string;
  readonly store: Store;
  readonly outbox: OutboxStore;
  readonly db: Sqlite;
  readonly logged: string[];
  /** Begins to sync; a second call begins anew, as after a restart. */
  readonly sync: (options: SyncOptions) => CentralSync;
}

export interface SyncOptions {
  readonly addresses: readonly CentralAddress[];
  /** Its name in the centre, where that is not the one of its file. */
  readonly sensor?: string;
  readonly user?: string;
  readonly tls?: { readonly ca: string };
  readonly password?: () => string;
  readonly limits?: Partial<SyncLimits>;
  readonly queryTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** The clock of the sensor's machine. */
  readonly now?: () => number;
}

export const FAST: Partial<SyncLimits> = { intervalMs: 20, heartbeatMs: 50, summaryMs: 50, maxBackOffMs: 200 };

export function openSensor(t: TestContext, name: string, dir: string): Sensor {
  const path = join(dir, `${name}.db`);
  const store = new Store({ path, sidRange: { first: 1_900_000, last: 1_950_000 } });
  const db = openSqliteFile(path);
  const outbox = new OutboxStore(db);
  outbox.enable();
  const syncs: CentralSync[] = [];
  const logged: string[] = [];
  t.after(async () => {
    for (const sync of syncs) await sync.stop();
    db.close();
    store.close();
  });
  return {
    name,
    store,
    outbox,
    db,
    logged,
    sync: (options) => {
      const pool = poolOf(options);
      const sync = new CentralSync({
        pool,
        migrations: new CentralMigrations(pool),
        outbox,
        sensor: options.sensor ?? name,
        version: '0.0.0-test',
        counters: () => ({ eve_dropped: 3 }),
        log: logInto(logged),
        now: options.now ?? Date.now,
        random: Math.random,
        limits: { ...FAST, ...options.limits },
      });
      syncs.push(sync);
      sync.start();
      return sync;
    },
  };
}

export function poolOf({
  addresses,
  user = MARIADB_USER.user,
  password,
  tls,
  queryTimeoutMs = 5_000,
  connectTimeoutMs = 1_000,
}: SyncOptions): CentralPool {
  return new CentralPool({
    addresses,
    user,
    password: password ?? (() => MARIADB_USER.password),
    database: MARIADB_USER.database,
    random: Math.random,
    connectTimeoutMs,
    passwordCheckMs: 0,
    ...(tls === undefined ? {} : { tls }),
    queryTimeoutMs,
  });
}

export function logInto(lines: string[]): Log {
  const at = (level: string) => (message: string, fields?: object) => {
    const err = (fields as { err?: unknown } | undefined)?.err;
    lines.push(`${level} ${message}${err instanceof Error ? `: ${err.message}` : ''}`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Resolves when nothing of a sensor is left to be told or summed up. */
export async function drained(sensor: Sensor, deadlineMs = 120_000): Promise<void> {
  const left = sensor.db.prepare<[], { n: number }>(
    'SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM summaries_due) AS n',
  );
  await until(
    `${sensor.name} is drained (${sensor.logged.at(-1) ?? 'nothing said'})`,
    () => left.get()?.n === 0,
    deadlineMs,
  );
}

/** Sightings of `names` by one client each, `at` in ms. */
export function sightings(names: readonly string[], at: number, client = '10.0.0.1', count = 1): SightingBatch {
  return {
    observables: names.map((name) => keyOf(observable(name))),
    clients: [client],
    rows: Float64Array.from(names.flatMap((_, index) => [index, 0, 0, count, 0, at, at + 5])),
  };
}

export function report(name: string, askedAt: number, malicious: number): Report {
  const about = observable(name);
  return {
    observable: about,
    source: 'virustotal',
    outcome: 'found',
    askedAt,
    lastAnalysisAt: askedAt - 1000,
    stats: { malicious, suspicious: 1, harmless: 60, undetected: 30, timeout: 0 },
    flagged: [{ engine: `It's "quoted"; \\ DROP`, category: 'malicious', result: 'phishing 🐟' }],
    reputation: -3,
    votes: { harmless: 1, malicious: 2 },
    categories: ['malware sites'],
    remarks: [],
    permalink: `https://www.virustotal.com/gui/domain/${about.value}`,
  };
}

export function verdict(name: string, state: VerdictState, at: number): Verdict {
  return {
    observable: observable(name),
    state,
    strong: false,
    block: state === 'malicious',
    held: false,
    ratio: '7/92',
    policyLine: `${state}: because`,
    reasons: [{ code: 'engines', text: "7 engines; it's said" }],
    since: at,
    judgedAt: at,
    recheckAt: at + HOUR,
  };
}

function indicator(name: string, at: number): Indicator {
  return {
    observable: observable(name),
    subdomains: true,
    source: 'virustotal',
    ratio: '7/92',
    strong: false,
    engines: 7,
    permalink: '',
    since: at,
    expiresAt: at + 10 * HOUR,
  };
}

const MINUTE_OF_SENSOR: SensorMinute = {
  ...{ events: 500, dropped: 4, malformed: 3, truncated: 2, lost: 1, isBlind: false, queueLength: 7, queueOldestS: 60 },
  ...{ quotaUsed: 120, quotaAllowed: undefined, coverage: 0.125, proofAgeS: 30, syncLagS: undefined },
  ...{ outboxRows: 9, memoryBytes: 3_000_000_000 },
};

/** A bit of everything that a sensor keeps. */
export function fill(sensor: Sensor, names: readonly string[], at: number): void {
  const { store, db } = sensor;
  const stats = new StatsStore(db);
  // On the connection of the outbox, so not within the transaction of the other one.
  for (const later of [0, 1000, 61_000]) {
    stats.addSuricata(at + later, { packets: 1000, drops: 1, alerts: 2 });
    stats.addPihole(at + later, { queries: 9, blocked: 2, cached: 3, forwarded: 4, blocking: true });
  }
  stats.addSensor(at, MINUTE_OF_SENSOR);
  store.transact(() => {
    store.sightings.record(sightings(names, at));
    for (const [index, name] of names.entries()) {
      store.reports.keep(report(name, at + index, index % 8));
      store.verdicts.keep(verdict(name, index % 2 === 0 ? 'malicious' : 'clean', at + index));
      store.lookups.keep({
        at: at + index,
        source: 'virustotal',
        observable: observable(name),
        lane: 'new',
        outcome: 'found',
        tookMs: 12,
        error: undefined,
      });
      store.alerts.keep({
        at: at + (index % 3),
        sid: 1_900_000,
        signature: `Bad name "${name}"`,
        category: 'A Network Trojan',
        severity: 1,
        action: 'allowed',
        client: '10.0.0.1',
        peer: '192.0.2.1',
        observable: observable(name),
      });
    }
    store.piholeHits.add(at, [{ name: names[0] ?? '', client: '10.0.0.9', count: 3 }]);
    store.indicators.want(indicator(names[0] ?? '', at));
    store.publications.record({
      target: 'lists',
      proved: true,
      failed: new Map(),
      unsupported: new Set(),
      at: at + 1,
      asOf: at + 1,
    });
    store.quota.add('virustotal', 'day', T0, 'new', names.length);
    store.quota.allow('virustotal', { window: 'day', allowed: 500, foreignUsed: 2, readAt: at });
    const pattern = parsePattern(`*.${names[0] ?? 'example.com'}`);
    if (pattern.ok)
      store.overrides.keep({
        action: 'allow',
        pattern: pattern.value,
        reason: 'ours',
        origin: 'operator',
        createdAt: at,
      });
  });
}

/** For reading what a test's sensor wrote, apart from the code under test. */
export function openForReading(path: string): Database.Database {
  return new Database(path, { readonly: true });
}
