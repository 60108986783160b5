import { chmodSync, closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { OperatorError } from '../core/errors.ts';
import { makeFolder } from '../lib/make-folder.ts';

export type Sqlite = Database.Database;

/** SQLite's name for a database that is no file. */
const IN_MEMORY = ':memory:';

const MIGRATIONS = fileURLToPath(new URL('./migrations/', import.meta.url));

/** Pages of SQLite's own cache, in KiB. Enough for the hot part of a household's tables, small on a Raspberry Pi. */
const CACHE_KIB = 4_096;

/** How long another process (a backup, `sqlite3` in a shell) may hold the file before a write fails. */
const BUSY_TIMEOUT_MS = 5_000;

/** Size to which the write-ahead log is cut back after a checkpoint. */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Opens the SQLite file at `path` (its folder is made), in write-ahead mode, and brings its schema up to date.
 * @throws OperatorError when it cannot be opened, is no database, or was written by a newer guardian.
 */
export function openSqliteFile(path: string): Sqlite {
  try {
    if (path !== IN_MEMORY) claimFile(path);
    const db = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    db.pragma('temp_store = MEMORY');
    migrate(db, path);
    return db;
  } catch (error) {
    throw asOperatorError(error, path, 'Check that data_dir exists, is writable and has room.');
  }
}

/**
 * Opens the SQLite file at `path` to read it only: nothing is made, changed or brought up to date, so it may be another process's.
 * @throws OperatorError when it cannot be opened, is no database, or its schema is that of another version.
 */
export function readSqliteFile(path: string): Sqlite {
  let db: Sqlite | undefined;
  try {
    db = new Database(path, { timeout: BUSY_TIMEOUT_MS, readonly: true });
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma('temp_store = MEMORY');
    const wanted = migrationFiles().length;
    const found = versionOf(db, path, wanted);
    if (found === wanted) return db;
    throw new OperatorError(`Cannot read store "${path}": its schema is version ${found}, want ${wanted}`, {
      hint: 'The daemon of this version brings it up to date when it starts.',
    });
  } catch (error) {
    db?.close();
    throw asOperatorError(error, path, 'Check that this user may read data_dir.');
  }
}

function asOperatorError(error: unknown, path: string, hint: string): OperatorError {
  if (error instanceof OperatorError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new OperatorError(`Cannot open store "${path}": ${why}`, { cause: error, hint });
}

/**
 * Runs `work` in a transaction that is on the disk, not only in the operating system's cache, when this returns.
 * For what cost quota and what a person decided; the rest commits with the cheaper default.
 */
export function transactDurably<T>(db: Sqlite, work: () => T): T {
  if (db.inTransaction) return work();
  db.pragma('synchronous = FULL');
  try {
    return db.transaction(work)();
  } finally {
    db.pragma('synchronous = NORMAL');
  }
}

/**
 * Makes the folder and the file. Others may pass through the folder, since list files for other programs lie below it; the file
 * holds who talked to what, and is for its owner alone. SQLite gives its `-wal` and `-shm` the mode of the file.
 */
function claimFile(path: string): void {
  makeFolder(dirname(path), 0o711);
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function migrate(db: Sqlite, path: string): void {
  const files = migrationFiles();
  const done = versionOf(db, path, files.length);
  for (const [index, file] of files.entries()) {
    if (index < done) continue;
    db.transaction(() => {
      db.exec(readFileSync(`${MIGRATIONS}${file}`, 'utf8'));
      db.pragma(`user_version = ${index + 1}`);
    })();
  }
}

function migrationFiles(): readonly string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort();
}

function versionOf(db: Sqlite, path: string, newest: number): number {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version <= newest) return version;
  throw new OperatorError(`Cannot use store "${path}": its schema is version ${version}, want at most ${newest}`, {
    hint: 'It was written by a newer guardian: install that version again.',
  });
}
