import { isIP } from 'node:net';
import type { Connection, ConnectionOptions, ResultSetHeader, RowDataPacket, SslOptions } from 'mysql2/promise';
import { CentralError } from './central-error.ts';

/** One address of the central database. */
export type CentralAddress = { readonly host: string; readonly port: number } | { readonly socket: string };

/** How a connection is made. */
export interface ConnectionSettings {
  readonly user: string;
  /** Read at every connection, so that a changed password is taken up without a restart. */
  readonly password: () => string;
  readonly database: string;
  /** Certificates to trust, PEM; `undefined` trusts the system's. Absent `tls` means no encryption. */
  readonly tls?: { readonly ca: string | undefined };
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
}

/** A value in a statement; `undefined` is not allowed. */
export type SqlValue = string | number | null;

export type SqlRow = Readonly<Record<string, unknown>>;

/**
 * What every session is told: each statement is committed when it is answered, texts are what we send, and times and strictness mean
 * the same wherever it runs.
 */
const MODE =
  'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION';

const CHARSET = [
  ...['client', 'connection', 'results'].map((name) => `character_set_${name} = utf8mb4`),
  'collation_connection = utf8mb4_unicode_ci',
].join(', ');

/**
 * The server gives a statement up before we do, when locks or a slow disk hold it: one that went on after we lost patience would
 * overwrite what was sent after it. MySQL, which knows no limit for a statement that writes, takes the last part for a comment.
 */
function sessionOf(timeoutMs: number): string {
  const lockS = Math.max(1, Math.floor((timeoutMs * LOCK_SHARE) / 1000));
  return `SET SESSION autocommit = 1, ${CHARSET}, time_zone = '+00:00', sql_mode = '${MODE}', lock_wait_timeout = ${lockS}, innodb_lock_wait_timeout = ${lockS}
    /*M!100101 , max_statement_time = ${(timeoutMs * STATEMENT_SHARE) / 1000} */`;
}

/** Of our own patience: a lock, and a statement with all its locks. */
const LOCK_SHARE = 0.6;
const STATEMENT_SHARE = 0.8;

const FACTS = 'SELECT @@global.read_only AS read_only, @@version AS version, @@max_allowed_packet AS packet';

interface Opened {
  readonly timeoutMs: number;
  readonly password: string;
  readonly facts: SqlRow;
}

/** One session with one server, checked to be able to write. */
export class CentralConnection {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #password: string;
  /** Bytes a statement may have. */
  readonly maxPacketBytes: number;
  readonly serverVersion: string;
  #isBroken = false;
  /** Ends the waiting for an answer: the driver leaves it pending when the connection is destroyed. */
  #interrupt: ((error: CentralError) => void) | undefined;

  private constructor(connection: Connection, { timeoutMs, password, facts }: Opened) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#password = password;
    this.maxPacketBytes = Number(facts.packet);
    this.serverVersion = String(facts.version);
    connection.on('error', () => (this.#isBroken = true));
    connection.on('end', () => (this.#isBroken = true));
  }

  /** @throws what the driver throws, or CentralError `elsewhere` where the server takes no writes. */
  static async open(address: CentralAddress, settings: ConnectionSettings): Promise<CentralConnection> {
    const password = settings.password();
    // Most have no central database, and the driver costs a tenth of the start.
    const { createConnection } = await import('mysql2/promise');
    const connection = await createConnection({ ...optionsOf(address, settings), password });
    try {
      const [[facts]] = await within(settings.queryTimeoutMs, async () => {
        await connection.query(sessionOf(settings.queryTimeoutMs));
        return connection.query<RowDataPacket[]>(FACTS);
      });
      if (Number(facts?.read_only) !== 0)
        throw new CentralError(`Cannot write to central database ${nameOf(address)}: it is read-only`, {
          failure: 'elsewhere',
          hint: 'Name the server that takes writes in central.hosts.',
        });
      return new CentralConnection(connection, { timeoutMs: settings.queryTimeoutMs, password, facts: facts ?? {} });
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Whether it was opened with this password. */
  wasOpenedWith(password: string): boolean {
    return password === this.#password;
  }

  /** Lets statements of this session take as long as they need, for its life. Those of `run` keep the limit they are given. */
  async bePatient(): Promise<void> {
    await this.run('SET SESSION lock_wait_timeout = 3600 /*M!100101 , max_statement_time = 0 */');
  }

  /** Runs a statement that answers with rows. */
  async rows(sql: string, values: readonly SqlValue[] = [], timeoutMs = this.#timeoutMs): Promise<readonly SqlRow[]> {
    const [rows] = await this.#guarded(timeoutMs, () => this.#connection.query<RowDataPacket[]>(sql, [...values]));
    return rows;
  }

  /** Runs a statement that changes rows. Returns how many it matched (an upsert that changes a row counts it twice). */
  async run(sql: string, values: readonly SqlValue[] = [], timeoutMs = this.#timeoutMs): Promise<number> {
    const [header] = await this.#guarded(timeoutMs, () => this.#connection.query<ResultSetHeader>(sql, [...values]));
    return header.affectedRows;
  }

  /** A value as it is written in a statement of ours, quotes and all. */
  escape(value: SqlValue): string {
    return this.#connection.escape(value);
  }

  /** Ends it at once, also where nobody answers. */
  destroy(): void {
    this.#isBroken = true;
    this.#connection.destroy();
    this.#interrupt?.(new CentralError('Cannot use central database: the connection was ended', { failure: 'lost' }));
  }

  async #guarded<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
    const interrupted = new Promise<never>((_, reject) => {
      this.#interrupt = reject;
    });
    try {
      return await Promise.race([within(timeoutMs, work), interrupted]);
    } catch (error) {
      // After a timeout the answer may still come and would be taken for that of the next statement.
      if (error instanceof CentralError || (error as { fatal?: boolean }).fatal === true) this.destroy();
      throw error;
    } finally {
      this.#interrupt = undefined;
    }
  }
}

/** As `work`, or `lost` when nobody answers in time. The driver's own timers outlive a connection that is destroyed, and keep the process alive. */
async function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(noAnswer(timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function noAnswer(timeoutMs: number): CentralError {
  return new CentralError(`Cannot use central database: no answer within ${timeoutMs / 1000} s`, {
    failure: 'lost',
    hint: 'Check that it runs and can be reached; the sensor goes on without it.',
  });
}

/** An address as people write it. */
export function nameOf(address: CentralAddress): string {
  if ('socket' in address) return address.socket;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function optionsOf(address: CentralAddress, settings: ConnectionSettings): ConnectionOptions {
  const { user, database, tls, connectTimeoutMs } = settings;
  return {
    ...('socket' in address ? { socketPath: address.socket } : { host: address.host, port: address.port }),
    user,
    database,
    connectTimeout: connectTimeoutMs,
    charset: 'utf8mb4_unicode_ci',
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    multipleStatements: false,
    // A server must not be able to ask for files of this machine.
    flags: ['-LOCAL_FILES'],
    ...(tls === undefined ? {} : { ssl: tlsOptions(address, tls.ca) }),
  };
}

// The driver compares the certificate with a name only; of a server that is named by its address the chain alone is checked.
function tlsOptions(address: CentralAddress, ca: string | undefined): SslOptions {
  const verifyIdentity = 'host' in address && isIP(address.host) === 0;
  return { ...(ca === undefined ? {} : { ca }), rejectUnauthorized: true, verifyIdentity };
}
