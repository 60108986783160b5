import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CentralMigrations } from '../../src/central/central-migrations.ts';
import type { CentralPool } from '../../src/central/central-pool.ts';
import type { FleetPulse } from '../../src/central/fleet-pulse.ts';
import { accountOf, type LeaseOutcome, QuotaLeases } from '../../src/central/quota-leases.ts';
import type { Draw, DrawLane, Spent } from '../../src/central/shared-allowance.ts';
import { SharedReports } from '../../src/central/shared-reports.ts';
import type { Report } from '../../src/core/report.ts';
import { type Mariadb, startMariadb } from '../support/mariadb.ts';
import { tempDir } from '../support/temp-dir.ts';
import { observable, poolOf } from './central-fixture.ts';

export const DAY = 86_400_000;
/** No test depends on how quick a busy machine is. */
export const LONG_MS = 30_000;
export const ALWAYS_WELL = { isWell: true, isKnown: true, doubt: () => undefined };

/** The users that `native-config/mysql/grants.sql` makes. */
export const WRITER = { user: 'guardian', password: 'change-me-1' } as const;
const SCHEMA_USER = { user: 'guardian_schema', password: 'change-me-2' } as const;

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

/** A server with the schema in it, and what a sensor may do there: no more than the grants we ship. */
export interface FleetServer extends Mariadb {
  readonly dir: string;
  readonly pool: () => CentralPool;
}

/** Starts a server, runs the grants as its administrator, and migrates as the user who may. */
export async function startFleetServer(t: Parameters<typeof tempDir>[0] & TestContext): Promise<FleetServer> {
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  await server.sql("DROP USER guardian@'%'");
  await runGrants(server, 'grants.sql');
  const addresses = [{ host: '127.0.0.1', port: server.port }];
  const owner = poolOf({
    addresses,
    user: SCHEMA_USER.user,
    password: () => SCHEMA_USER.password,
    queryTimeoutMs: LONG_MS,
  });
  await new CentralMigrations(owner).run();
  owner.close();
  const pool = () => {
    const made = poolOf({ addresses, user: WRITER.user, password: () => WRITER.password, queryTimeoutMs: LONG_MS });
    t.after(() => made.close());
    return made;
  };
  return { ...server, dir, pool };
}

/** Runs a file of `native-config/mysql` as an administrator does. */
export async function runGrants(server: Mariadb, name: string): Promise<void> {
  const text = readFileSync(join(import.meta.dirname, '../../native-config/mysql', name), 'utf8').replace(
    /^--.*$/gm,
    '',
  );
  const statements = text.split(';').map((one) => one.trim());
  await server.sql(...statements.filter((one) => one !== ''));
}

/** A memory of one test. */
export function memoryOf(values: Record<string, string> = {}): {
  recall(name: string): string | undefined;
  remember(name: string, value: string): void;
} {
  const kept = new Map(Object.entries(values));
  return { recall: (name) => kept.get(name), remember: (name, value) => void kept.set(name, value) };
}

/** A pool whose server has the time that `now` tells at each use. */
export function poolAt(pool: CentralPool, now: () => number): Pick<CentralPool, 'use'> {
  return {
    use: (work) =>
      pool.use(async (connection) => {
        await connection.run(`SET timestamp = ${now() / 1000}`);
        return work(connection);
      }),
  };
}

export interface LeasesOptions {
  readonly pool: Pick<CentralPool, 'use'>;
  readonly sensor: string;
  readonly now?: () => number;
  readonly memory?: ReturnType<typeof memoryOf>;
  readonly pulse?: Pick<FleetPulse, 'isWell' | 'isKnown' | 'doubt'>;
  readonly key?: string | (() => string);
  readonly budgetMs?: number;
  readonly atLeast?: () => number;
}

/** The leases of one sensor, over a centre that is well. */
export function leasesOf(options: LeasesOptions): QuotaLeases {
  const { pool, sensor, now = Date.now, pulse = ALWAYS_WELL, key = 'a-key' } = options;
  const reports = new SharedReports({ pool, pulse, source: 'virustotal', maxAgeMs: 90 * DAY, now, budgetMs: LONG_MS });
  return new QuotaLeases({
    pool,
    pulse,
    reports,
    sensor,
    account: () => accountOf('virustotal', typeof key === 'string' ? key : key()),
    memory: options.memory ?? memoryOf(),
    now,
    budgetMs: options.budgetMs ?? LONG_MS,
    ...(options.atLeast === undefined ? {} : { atLeast: options.atLeast }),
  });
}

/** A draw that nothing but `day` bounds. */
export function drawOf(day: number, changes: Partial<Draw> & { readonly minute?: number } = {}): Draw {
  const { minute = 10_000, ...rest } = changes;
  return { lane: 'alert', urgent: false, limits: { minute, day }, spentHere: 0, ...rest };
}

/** What came of asking for a turn, in a word. */
export async function turnOf(
  leases: QuotaLeases,
  name: string,
  draw: Draw,
  serves: (report: Report) => boolean = () => true,
): Promise<string> {
  return wordOf(await leases.take(observable(name), { ...draw, serves }));
}

export function wordOf(outcome: LeaseOutcome): string {
  if (outcome.granted) return outcome.alone ? 'alone' : 'granted';
  return outcome.why;
}

/** What a sensor spent today by its own book. */
export function spentOf(byLane: Partial<Record<DrawLane, number>> = {}, now = Date.now()): Spent {
  const date = new Date(now);
  const counts = new Map(Object.entries(byLane));
  const inMonth = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    dayStartsAt: Math.floor(now / DAY) * DAY,
    byLane: counts,
    monthStartsAt: Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1),
    inMonth,
  };
}

/** The count in a row that must be there. */
export async function countIn(server: Mariadb, sql: string): Promise<number> {
  const [row] = await server.sql(sql);
  assert.ok(row, sql);
  return Number(Object.values(row)[0]);
}
