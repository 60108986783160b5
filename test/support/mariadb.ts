import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Connection, createConnection } from 'mysql2/promise';
import { endWithUs } from './children.ts';
import { until } from './until.ts';

const run = promisify(execFile);

interface TestContext {
  after(fn: () => Promise<void>): void;
}

/** A second, but for a machine on which everything starts at once. */
const START_MS = 120_000;

/** What the sensors of a test log in with. */
export const MARIADB_USER = { user: 'guardian', password: 'secret-1', database: 'virus_total' } as const;

/** A real MariaDB server, private to a test. */
export interface Mariadb {
  readonly socket: string;
  readonly port: number;
  readonly pid: () => number;
  /** Runs statements as the server's root and returns the rows of the last one. */
  readonly sql: (...statements: readonly string[]) => Promise<readonly Record<string, unknown>[]>;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Starts again on the same data after it was killed, perhaps with more arguments. */
  readonly start: (...args: readonly string[]) => Promise<void>;
}

export interface MariadbOptions {
  /** Private to it, short and fresh: data and socket go there. */
  readonly dir: string;
  readonly args?: readonly string[];
}

/**
 * Starts a server in a folder, never a service of the machine, with an empty database and a user who may do everything in it.
 * Ended by its process id when the test ends.
 */
export async function startMariadb(t: TestContext, options: MariadbOptions): Promise<Mariadb> {
  const { dir } = options;
  const at = (name: string) => join(dir, name);
  const asRoot = userInfo().uid === 0 ? ['--user=root'] : [];
  const data = `--datadir=${at('data')}`;
  // A server that starts removes every temporary table it finds in its folder, also those of others.
  const temporary = `--tmpdir=${dir}`;
  await run(
    'mariadb-install-db',
    ['--no-defaults', data, temporary, '--auth-root-authentication-method=normal', '--skip-test-db', ...asRoot],
    {
      env: withSbin(),
    },
  );
  const port = await freePort();
  const socket = at('db.sock');
  let child: ChildProcess | undefined;
  const kill = async (signal: NodeJS.Signals) => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    running.kill(signal);
    await until('MariaDB has ended', () => running.exitCode !== null || running.signalCode !== null);
  };
  const start = async (...args: readonly string[]) => {
    const started = spawn(
      'mariadbd',
      [
        '--no-defaults',
        data,
        `--socket=${socket}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--pid-file=${at('db.pid')}`,
        temporary,
        '--innodb-buffer-pool-size=128M',
        '--skip-name-resolve',
        ...asRoot,
        ...(options.args ?? []),
        ...args,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: withSbin() },
    );
    child = started;
    endWithUs(started);
    let said = '';
    started.stderr.on('data', (text) => (said = (said + String(text)).slice(-4000)));
    await until(
      'MariaDB answers',
      async () => {
        if (started.exitCode !== null) throw new Error(`MariaDB ended with ${started.exitCode}: ${said}`);
        return sql(socket, ['SELECT 1']).then(
          () => true,
          () => false,
        );
      },
      START_MS,
    );
  };
  t.after(() => kill('SIGKILL'));
  await start();
  const { user, password, database } = MARIADB_USER;
  await sql(socket, [
    `CREATE DATABASE ${database} CHARACTER SET latin1`,
    `CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`,
    `GRANT ALL ON ${database}.* TO ${user}@'%'`,
  ]);
  return { socket, port, pid: () => child?.pid ?? 0, sql: (...statements) => sql(socket, statements), kill, start };
}

/** Runs statements as root over a server's socket and returns the rows of the last one. */
export async function sql(socket: string, statements: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  const connection: Connection = await createConnection({ socketPath: socket, user: 'root', dateStrings: true });
  try {
    let rows: readonly Record<string, unknown>[] = [];
    for (const statement of statements) {
      const [result] = await connection.query(statement);
      rows = Array.isArray(result) ? (result as Record<string, unknown>[]) : [];
    }
    return rows;
  } finally {
    await connection.end();
  }
}

/** Daemons live in sbin, which is not on the path of an ordinary user. */
export function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
}

/** A TCP port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
