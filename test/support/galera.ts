import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endWithUs } from './children.ts';
import { freePort, MARIADB_USER, type Mariadb, sql, withSbin } from './mariadb.ts';
import { requires } from './requirement.ts';
import { until } from './until.ts';

const run = promisify(execFile);

interface TestContext {
  after(fn: () => Promise<void>): void;
  skip(message?: string): void;
}

const PROVIDER = '/usr/lib/galera/libgalera_smm.so';
const STATE_TRANSFER = '/usr/bin/wsrep_sst_rsync';
const PACKAGES = 'mariadb-server galera-4 rsync socat lsof iproute2';
const READY_MS = 150_000;

/** As `requires`: false where `GUARDIAN_TEST_SKIP` names galera or mariadb. @throws where packages are missing. */
export function requiresGalera(t: TestContext): boolean {
  if ((process.env.GUARDIAN_TEST_SKIP ?? '').split(',').includes('galera')) {
    t.skip('GUARDIAN_TEST_SKIP names galera');
    return false;
  }
  if (!requires(t, 'mariadb')) return false;
  for (const path of [PROVIDER, STATE_TRANSFER])
    if (!existsSync(path))
      throw new Error(
        `Cannot run this test: "${path}" is missing, want the Debian packages ${PACKAGES} (apt-get install ${PACKAGES}), or GUARDIAN_TEST_SKIP=galera`,
      );
  return true;
}

/** A node's addresses: all on loopback. */
interface Ports {
  readonly host: string;
  readonly mysql: number;
  readonly group: number;
  readonly transfer: number;
  readonly increments: number;
}

/** Starts three real Galera nodes in a folder and resolves when they are one cluster. Ended by their process ids when the test ends. */
export async function startGalera(t: TestContext, dir: string): Promise<readonly Mariadb[]> {
  const ports: Ports[] = [];
  for (const host of ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
    ports.push({
      host,
      mysql: await freePort(),
      group: await freePort(),
      transfer: await freePort(),
      increments: await freePort(),
    });
  const owner = await databaseOwner();
  // rsync as root drops to nobody, who may not read the folder: an unprivileged user owns and runs all of it.
  chmodSync(dir, 0o755);
  const nodes: Mariadb[] = [];
  for (const [index, one] of ports.entries()) {
    const group = ports.map(({ host, group: port }) => `${host}:${port}`).join(',');
    const node = new GaleraNode(join(dir, `n${index + 1}`), one, owner);
    t.after(() => node.kill('SIGKILL'));
    await node.install();
    await node.launch(index === 0 ? 'gcomm://' : `gcomm://${group}`);
    node.rejoin = `gcomm://${group}`;
    if (index === 0) await node.sql(...DATABASE);
    nodes.push(node);
  }
  await until('the cluster has three nodes', () => clusterSize(nodes).then((size) => size === 3), READY_MS);
  return nodes;
}

async function clusterSize(nodes: readonly Mariadb[]): Promise<number> {
  const sizes = await Promise.all(nodes.map((node) => node.sql("SHOW STATUS LIKE 'wsrep_cluster_size'")));
  return Math.min(...sizes.map(([row]) => Number(row?.Value)));
}

const DATABASE = [
  `CREATE DATABASE ${MARIADB_USER.database}`,
  `CREATE USER ${MARIADB_USER.user}@'%' IDENTIFIED BY '${MARIADB_USER.password}'`,
  `GRANT ALL ON ${MARIADB_USER.database}.* TO ${MARIADB_USER.user}@'%'`,
];

interface Owner {
  readonly uid: number;
  readonly gid: number;
  /** What stands before a command to run it as this user. */
  readonly prefix: readonly string[];
}

async function databaseOwner(): Promise<Owner> {
  const { uid, gid } = userInfo();
  if (uid !== 0) return { uid, gid, prefix: [] };
  const id = async (flag: string) => Number((await run('id', [flag, 'mysql'])).stdout);
  return {
    uid: await id('-u'),
    gid: await id('-g'),
    prefix: ['setpriv', '--reuid=mysql', '--regid=mysql', '--clear-groups'],
  };
}

class GaleraNode implements Mariadb {
  readonly #dir: string;
  readonly #ports: Ports;
  readonly #owner: Owner;
  #child: ChildProcess | undefined;
  #said = '';
  rejoin = '';

  constructor(dir: string, ports: Ports, owner: Owner) {
    this.#dir = dir;
    this.#ports = ports;
    this.#owner = owner;
  }

  get socket(): string {
    return join(this.#dir, 'db.sock');
  }

  get port(): number {
    return this.#ports.mysql;
  }

  get host(): string {
    return this.#ports.host;
  }

  readonly pid = (): number => this.#child?.pid ?? 0;

  readonly sql = (...statements: readonly string[]) => sql(this.socket, statements);

  readonly start = (): Promise<void> => this.launch(this.rejoin);

  readonly kill = async (signal: NodeJS.Signals): Promise<void> => {
    const running = this.#child;
    if (running === undefined) return;
    running.kill(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
    this.#child = undefined;
    await until('the node has ended', () => running.exitCode !== null || running.signalCode !== null, READY_MS);
  };

  async install(): Promise<void> {
    mkdirSync(this.#dir);
    chownSync(this.#dir, this.#owner.uid, this.#owner.gid);
    const [command = '', ...args] = [
      ...this.#owner.prefix,
      'mariadb-install-db',
      '--no-defaults',
      `--datadir=${join(this.#dir, 'data')}`,
      `--tmpdir=${this.#dir}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ];
    await run(command, args, { env: withSbin(), cwd: this.#dir });
  }

  async launch(cluster: string): Promise<void> {
    const [command = '', ...args] = [...this.#owner.prefix, 'mariadbd', ...this.#arguments(cluster)];
    const started = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: withSbin(), cwd: this.#dir });
    this.#child = started;
    endWithUs(started);
    started.stderr.on('data', (text) => (this.#said = (this.#said + String(text)).slice(-6000)));
    await until(
      'the node is ready',
      async () => {
        if (started.exitCode !== null) throw new Error(`The node ended with ${started.exitCode}: ${this.#said}`);
        return this.sql("SHOW STATUS LIKE 'wsrep_ready'").then(
          ([row]) => row?.Value === 'ON',
          () => false,
        );
      },
      READY_MS,
    );
  }

  #arguments(cluster: string): readonly string[] {
    const { host, mysql, group, transfer, increments } = this.#ports;
    const provider = [
      `gmcast.listen_addr=tcp://${host}:${group}`,
      `ist.recv_addr=${host}:${increments}`,
      'gcache.size=32M',
      // A silent node is given up a bit sooner than by default, but not one that waits for a core of a busy machine.
      'evs.suspect_timeout=PT4S',
      'evs.inactive_timeout=PT10S',
    ];
    return [
      '--no-defaults',
      `--datadir=${join(this.#dir, 'data')}`,
      // A server that starts removes every temporary table it finds in its folder, also those of others.
      `--tmpdir=${this.#dir}`,
      `--socket=${this.socket}`,
      `--port=${mysql}`,
      `--bind-address=${host}`,
      `--pid-file=${join(this.#dir, 'db.pid')}`,
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=64M',
      '--innodb-flush-log-at-trx-commit=2',
      '--binlog-format=ROW',
      '--innodb-autoinc-lock-mode=2',
      '--wsrep-on=ON',
      `--wsrep-provider=${PROVIDER}`,
      `--wsrep-cluster-address=${cluster}`,
      '--wsrep-cluster-name=guardian-test',
      `--wsrep-node-name=${host}`,
      `--wsrep-node-address=${host}`,
      '--wsrep-sst-method=rsync',
      `--wsrep-sst-receive-address=${host}:${transfer}`,
      `--wsrep-provider-options=${provider.join(';')}`,
    ];
  }
}
