import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CentralConnection } from './central-connection.ts';
import type { CentralPool } from './central-pool.ts';
import { type SchemaHold, underSchemaLock } from './schema-lock.ts';

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
/** A statement may rebuild a table of millions of rows. */
const STATEMENT_TIMEOUT_MS = 30 * 60_000;
/**
 * What a statement did before a run that was killed: duplicate column, duplicate index, nothing to drop. Neither MySQL nor every
 * MariaDB has IF NOT EXISTS for these, and no server takes a change of the schema back.
 */
const DONE_BEFORE = new Set([1060, 1061, 1091]);

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
    return this.#pool.use(async (connection) => {
      const present = await presentIn(connection);
      // A sensor that only reads and writes rows gets through here, and no two touch the schema for nothing.
      if (present >= this.wanted) return { version: present, applied: [] };
      try {
        await connection.bePatient();
        return await underSchemaLock(connection, (hold) => this.#apply(connection, hold));
      } finally {
        connection.destroy();
      }
    });
  }

  /** Tables and views of the migrations that the database lacks, whatever its version says. @throws CentralError */
  async missing(): Promise<readonly string[]> {
    const made = this.#migrations.flatMap(({ statements }) =>
      statements.flatMap((text) => /^CREATE (?:TABLE IF NOT EXISTS|OR REPLACE .*?VIEW) (\w+)/.exec(text)?.[1] ?? []),
    );
    const dropped = this.#migrations.flatMap(({ statements }) =>
      statements.flatMap((text) => /^DROP TABLE IF EXISTS (\w+)/.exec(text)?.[1] ?? []),
    );
    const rows = await this.#pool.use((connection) =>
      connection.rows('SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()'),
    );
    const present = new Set([...dropped, ...rows.map(({ name }) => String(name))]);
    return [...new Set(made)].filter((name) => !present.has(name));
  }

  /** Runs every migration again, each of which can be. @throws CentralError */
  async repair(): Promise<void> {
    await this.#pool.use(async (connection) => {
      try {
        await connection.bePatient();
        await underSchemaLock(connection, (hold) => this.#applyAll(connection, hold, this.#migrations));
      } finally {
        connection.destroy();
      }
    });
  }

  async #apply(connection: CentralConnection, hold: SchemaHold): Promise<MigrationOutcome> {
    const present = await presentIn(connection);
    const missing = this.#migrations.filter(({ version }) => version > present);
    if (missing.length > 0) await this.#applyAll(connection, hold, missing);
    return { version: Math.max(present, this.wanted), applied: missing.map(({ name }) => name) };
  }

  async #applyAll(connection: CentralConnection, hold: SchemaHold, migrations: readonly Migration[]): Promise<void> {
    await connection.run(BOOK);
    for (const { version, name, statements } of migrations) {
      for (const statement of statements) {
        await hold.renew();
        await changeSchema(connection, statement);
      }
      await connection.run(
        'INSERT IGNORE INTO schema_migrations (version, name, applied) VALUES (?, ?, UTC_TIMESTAMP(3))',
        [version, name],
      );
    }
  }
}

async function changeSchema(connection: CentralConnection, statement: string): Promise<void> {
  try {
    await connection.run(statement, [], STATEMENT_TIMEOUT_MS);
  } catch (error) {
    if (!DONE_BEFORE.has(Number((error as { errno?: unknown }).errno))) throw error;
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
