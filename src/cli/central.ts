import type { Command } from 'commander';
import { CentralError } from '../central/central-error.ts';
import { CentralMigrations } from '../central/central-migrations.ts';
import type { CentralPool } from '../central/central-pool.ts';
import { type CentralSensor, type CentralStatus, readCentralStatus } from '../central/central-status.ts';
import { poolOfConfig } from '../central/pool-of-config.ts';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load-config.ts';
import { readSecret } from '../config/secrets.ts';
import { ConfigError } from '../core/errors.ts';
import { SILENT } from '../lib/log.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { FailedCommand } from './failure.ts';
import { Printer } from './printer.ts';

interface CentralOptions {
  readonly config: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly json?: boolean;
}

/** A sensor beats every 10 seconds; one that missed several is away. */
const AWAY_MS = 60_000;

/** `guardian central migrate|status`. */
export function registerCentral(program: Command, io: CliIo): void {
  const central = program
    .command('central')
    .summary('the database that several sensors share')
    .description(
      'Creates or upgrades the schema of the central MySQL or MariaDB, and shows how it and its sensors are.',
    );
  withHelp(central, {
    examples: [
      ['guardian central migrate', 'create or upgrade the schema'],
      ['guardian central status', 'lag, backlog, and every sensor'],
    ],
  });
  registerMigrate(central, io);
  registerCentralStatus(central, io);
}

function registerMigrate(central: Command, io: CliIo): void {
  const command = central
    .command('migrate')
    .summary('create or upgrade the central schema')
    .description(
      'Brings the schema up to what this version needs, under a lock, so that several may try at once. Forward only. A sensor does the same at its start where its user may; name another user here where it may not.',
    )
    .option('-c, --config <file>', 'configuration', DEFAULT_CONFIG_PATH)
    .option('-u, --user <name>', 'a user who may change the schema, instead of central.user')
    .option('-p, --password-file <file>', 'that holds the password of that user');
  withHelp(command, {
    exit: { 1: 'it cannot be reached, refuses, or was made by a newer guardian' },
    examples: [
      ['guardian central migrate', 'as the user of the configuration'],
      ['guardian central migrate --user root --password-file /root/db.password', 'as somebody who may create tables'],
    ],
  }).action(async (options: CentralOptions) => {
    await withPool(options, io, async (pool) => {
      new Printer(io).line(await migrate(new CentralMigrations(pool)).catch(withUserHint));
    });
  });
}

/** Brings the schema up to date, and says what was done. @throws CentralError; also where a newer guardian made the schema */
async function migrate(migrations: CentralMigrations): Promise<string> {
  const { version, applied } = await migrations.run();
  if (version > migrations.wanted)
    throw new CentralError(
      `Cannot migrate: the central schema is version ${version}, want at most ${migrations.wanted}; it was made by a newer guardian`,
      { failure: 'schema', hint: 'Upgrade this guardian; nothing was changed.' },
    );
  if (applied.length > 0) return `The central schema is now version ${version}: ${applied.join(', ')}.`;
  const missing = await migrations.missing();
  if (missing.length === 0) return `The central schema is up to date: version ${version}.`;
  await migrations.repair();
  return `The central schema, version ${version}, is whole again: ${missing.join(', ')} had gone.`;
}

/** Whoever is refused here is most often the user of the sensors, who may not change the schema and need not. */
function withUserHint(error: unknown): never {
  if (!(error instanceof CentralError) || error.failure !== 'denied') throw error;
  const hint =
    'Name who may change the schema: --user guardian_schema --password-file F, a user that native-config/mysql/grants.sql makes.';
  throw new CentralError(error.message, { failure: 'denied', cause: error, hint });
}

function registerCentralStatus(central: Command, io: CliIo): void {
  const command = central
    .command('status')
    .summary('lag, backlog, rows set aside, schema version, heartbeats')
    .description(
      'Asks the central database itself: its schema, and for each sensor its heartbeat, how far its rows are behind, what waits to be sent and what was refused.',
    )
    .option('-c, --config <file>', 'configuration', DEFAULT_CONFIG_PATH)
    .option('--json', 'print one JSON document');
  withHelp(command, {
    exit: { 1: 'it cannot be reached, or its schema does not fit' },
    examples: [
      ['guardian central status', 'once, as a table'],
      ["guardian central status --json | jq '.sensors[] | select(.lag_ms > 60000)'", 'who is behind, for a script'],
    ],
  }).action(async (options: CentralOptions) => {
    const status = await withPool(options, io, (pool) => readCentralStatus(pool, new CentralMigrations(pool)));
    if (options.json === true) new Printer(io).json(documentOf(status));
    else show(status, new Printer(io));
    if (status.schema.present !== status.schema.wanted) throw new FailedCommand();
  });
}

async function withPool<T>(options: CentralOptions, io: CliIo, work: (pool: CentralPool) => Promise<T>): Promise<T> {
  const { central } = loadConfig({ path: options.config });
  if (central === null)
    throw new ConfigError(`Cannot find the central database: "${options.config}" has no "central:"`, {
      hint: 'See guardian.example.yaml for its keys.',
    });
  const passwordFile = options.passwordFile ?? (options.user === undefined ? central.passwordFile : null);
  const pool = poolOfConfig(
    { ...central, user: options.user ?? central.user },
    {
      password: () => (passwordFile === null ? '' : readSecret(passwordFile, io.env, SILENT).reveal()),
      random: Math.random,
    },
  );
  try {
    return await work(pool);
  } finally {
    pool.close();
  }
}

function documentOf({ where, server, schema, sensors }: CentralStatus): unknown {
  return {
    where,
    server,
    schema,
    sensors: sensors.map((one) => ({
      sensor: one.sensor,
      version: one.version,
      silent_ms: one.silentMs,
      lag_ms: one.lagMs ?? null,
      outbox_rows: one.outboxRows,
      set_aside: one.setAside,
      thinned: one.thinned,
      clock_skew_ms: one.clockSkewMs,
    })),
  };
}

function show({ where, server, schema, sensors }: CentralStatus, printer: Printer): void {
  printer.table(
    ['what', 'state'],
    [
      ['server', `${where} (${server})`],
      ['schema', schemaText(schema)],
      ['sensors', String(sensors.length)],
    ],
  );
  if (sensors.length === 0) return;
  printer.line();
  printer.table(['sensor', 'version', 'heartbeat', 'behind', 'to send', 'set aside', 'given up'], sensors.map(rowOf));
}

function schemaText({ present, wanted }: CentralStatus['schema']): string {
  if (present === wanted) return `version ${present}, as wanted`;
  if (present > wanted) return `version ${present}, want at most ${wanted}: made by a newer guardian, upgrade this one`;
  return `${present === 0 ? 'none' : `version ${present}`}, want ${wanted}: run "guardian central migrate"`;
}

function rowOf(one: CentralSensor): readonly string[] {
  const heartbeat = `${seconds(one.silentMs)} ago${one.silentMs > AWAY_MS ? ' (away)' : ''}`;
  return [
    one.sensor,
    one.version,
    heartbeat,
    one.lagMs === undefined ? 'unknown' : seconds(one.lagMs),
    String(one.outboxRows),
    String(one.setAside),
    String(one.thinned),
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
