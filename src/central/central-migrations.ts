import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CentralConnection } from './central-connection.ts';
import { CentralError, failureOf } from './central-error.ts';
import type { CentralPool } from './central-pool.ts';

/** One numbered file of `migrations/`. */
interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/** What a run of the migrations came to. */
export interface MigrationOutcome {
  readonly version: number;
  readonly applied: readonly string[];
}

const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));
const LOCK = 'guardian_schema';
const LOCK_WAIT_S = 30;
/** A statement may rebuild a table of millions of rows. */
const STATEMENT_TIMEOUT_MS = 30 * 60_000;
/** ER_NOT_SUPPORTED_YET: a Galera cluster has no named locks (MariaDB 10.11.11 and later say so). ER_SP_DOES_NOT_EXIST: nor have others. */
const NO_NAMED_LOCKS = new Set([1235, 1305, 1105]);

const BOOK = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version INT NOT NULL,
  name    VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  applied DATETIME(3) NOT NULL,
  PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`;

/** The central schema: numbered files, forward only, one at a time over all sensors. */
export class CentralMigrations {
  readonly #pool: CentralPool;
  readonly #migrations: readonly Migration[];

  constructor(pool: CentralPool, folder: string = FOLDER) {
    this.#pool = pool;
    this.#migrations = readMigrations(folder);
  }

  /** The version this guardian works with. */
  get wanted(): number {
    return this.#migrations.at(-1)?.version ?? 0;
  }

  /** The version the database has; 0 where it has none. @throws CentralError */
  async present(): Promise<number> {
    return this.#pool.use((connection) => presentIn(connection));
  }

  /**
   * Brings the database up to `wanted`. Safe to call from several sensors at once. A newer schema is left as it is.
   * @throws CentralError `denied` where the user may not change the schema.
   */
  async run(): Promise<MigrationOutcome> {
    return this.#pool.use((connection) => underLock(connection, () => this.#apply(connection)));
  }

  async #apply(connection: CentralConnection): Promise<MigrationOutcome> {
    await connection.run(BOOK);
    const present = await presentIn(connection);
    const applied: string[] = [];
    for (const { version, name, statements } of this.#migrations.filter((one) => one.version > present)) {
      for (const statement of statements) await runOnce(connection, statement);
      await connection.run(
        'INSERT IGNORE INTO schema_migrations (version, name, applied) VALUES (?, ?, UTC_TIMESTAMP(3))',
        [version, name],
      );
      applied.push(name);
    }
    return { version: Math.max(present, this.wanted), applied };
  }
}

async function presentIn(connection: CentralConnection): Promise<number> {
  try {
    const [row] = await connection.rows('SELECT max(version) AS version FROM schema_migrations');
    return Number(row?.version ?? 0);
  } catch (error) {
    if ((error as { errno?: unknown }).errno === ER_NO_SUCH_TABLE) return 0;
    throw error;
  }
}

const ER_NO_SUCH_TABLE = 1146;
/** MySQL has no ADD INDEX IF NOT EXISTS. */
const ER_DUP_KEYNAME = 1061;

/** An index that is there already was made by another sensor, or by a run that ended halfway. */
async function runOnce(connection: CentralConnection, statement: string): Promise<void> {
  try {
    await connection.run(statement, [], STATEMENT_TIMEOUT_MS);
  } catch (error) {
    if ((error as { errno?: unknown }).errno !== ER_DUP_KEYNAME) throw error;
  }
}

/** Where there are no named locks, every statement can be run twice at once, and is. */
async function underLock<T>(connection: CentralConnection, work: () => Promise<T>): Promise<T> {
  if (!(await takeLock(connection))) return work();
  try {
    return await work();
  } finally {
    if (!connection.isBroken)
      await connection.rows(`SELECT RELEASE_LOCK(CONCAT(?, DATABASE()))`, [LOCK]).catch(() => undefined);
  }
}

async function takeLock(connection: CentralConnection): Promise<boolean> {
  try {
    const [row] = await connection.rows(
      `SELECT GET_LOCK(CONCAT(?, DATABASE()), ?) AS got`,
      [LOCK, LOCK_WAIT_S],
      (LOCK_WAIT_S + 5) * 1000,
    );
    if (Number(row?.got) === 1) return true;
  } catch (error) {
    if (NO_NAMED_LOCKS.has(Number((error as { errno?: unknown }).errno))) return false;
    throw failureOf(error) === 'retry' ? lockHeld() : error;
  }
  throw lockHeld();
}

function lockHeld(): CentralError {
  return new CentralError(
    `Cannot migrate the central schema: another guardian has been doing so for ${LOCK_WAIT_S} s`,
    {
      failure: 'else',
      hint: 'Try again; "SHOW PROCESSLIST" shows what it does.',
    },
  );
}

function readMigrations(folder: string): readonly Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}_\w+\.sql$/.test(file))
    .sort()
    .map((file) => ({
      version: Number(file.slice(0, 4)),
      name: file.slice(0, -4),
      statements: statementsOf(folder + file),
    }));
}

// Our own files: no statement holds a semicolon in a text, and comments stand on lines of their own.
function statementsOf(path: string): readonly string[] {
  return readFileSync(path, 'utf8')
    .replace(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
