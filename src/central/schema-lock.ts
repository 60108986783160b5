import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { CentralConnection } from './central-connection.ts';
import { CentralError, failureOf } from './central-error.ts';
import { SET_BACK_S } from './server-clock.ts';

/** The right to change the schema, held by one guardian at a time. */
export interface SchemaHold {
  /** Makes sure that it is still held; before every statement. @throws CentralError where another one has taken it. */
  renew(): Promise<void>;
}

const LOCK = 'guardian_schema';
/** Named locks are the server's, not a database's. MySQL allows a name 64 characters. */
const NAMED = 'CONCAT(?, MD5(DATABASE()))';
/** How long to wait for another guardian that is at it. */
const LOCK_WAIT_S = 30;
/** A lease ends by itself when its holder died. Longer than any statement but the rebuilding of a huge table. */
const LEASE_S = 120;
const POLL_MS = 300;

/** ER_NOT_SUPPORTED_YET, ER_SP_DOES_NOT_EXIST, ER_UNKNOWN_ERROR (TiDB's answer): there are no named locks. */
const NO_NAMED_LOCKS = new Set([1235, 1305, 1105]);
const ER_NO_SUCH_TABLE = 1146;

const LEASES = `CREATE TABLE IF NOT EXISTS schema_leases (
  name   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  holder CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  until  DATETIME(3) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`;

/**
 * Runs `work` while no other guardian does the same, anywhere. A single server has named locks, which end with their session. In a
 * cluster a named lock is the node's own (or there are none): there the lock is a row, which only one node can get certified. It matters:
 * two nodes of Galera that replace the same view at the same time stop the whole cluster (MariaDB 10.11).
 * @throws CentralError where another guardian is at it for too long.
 */
export async function underSchemaLock<T>(
  connection: CentralConnection,
  work: (hold: SchemaHold) => Promise<T>,
): Promise<T> {
  if (!(await isCluster(connection)) && (await takeNamed(connection))) {
    try {
      return await work({ renew: async () => undefined });
    } finally {
      if (!connection.isBroken) await connection.rows(`SELECT RELEASE_LOCK(${NAMED})`, [LOCK]).catch(() => undefined);
    }
  }
  return underLease(connection, work);
}

/** Galera, or MySQL's group replication. */
async function isCluster(connection: CentralConnection): Promise<boolean> {
  const rows = await connection.rows(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'group_replication_group_name')`,
  );
  return rows.some(({ Value }) => !['', 'OFF', '0'].includes(String(Value)));
}

async function takeNamed(connection: CentralConnection): Promise<boolean> {
  try {
    const [row] = await connection.rows(
      `SELECT GET_LOCK(${NAMED}, ?) AS got`,
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

async function underLease<T>(connection: CentralConnection, work: (hold: SchemaHold) => Promise<T>): Promise<T> {
  const holder = randomUUID();
  const deadline = performance.now() + LOCK_WAIT_S * 1000;
  while (!(await takeLease(connection, holder))) {
    if (performance.now() > deadline) throw lockHeld();
    await pause(POLL_MS);
  }
  try {
    return await work({
      renew: async () => {
        if (!(await takeLease(connection, holder))) throw lockHeld();
      },
    });
  } finally {
    if (!connection.isBroken)
      await connection
        .run('DELETE FROM schema_leases WHERE name = ? AND holder = ?', [LOCK, holder])
        .catch(() => undefined);
  }
}

/** Takes the lease, or goes on with it. */
async function takeLease(connection: CentralConnection, holder: string): Promise<boolean> {
  try {
    const matched = await connection.run(
      `UPDATE schema_leases SET holder = ?, until = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_S} SECOND
       WHERE name = ? AND (holder = ? OR until < UTC_TIMESTAMP(3) OR until > UTC_TIMESTAMP(3) + INTERVAL ${SET_BACK_S} SECOND)`,
      [holder, LOCK, holder],
    );
    if (matched > 0) return true;
    const inserted = await connection.run(
      `INSERT IGNORE INTO schema_leases (name, holder, until)
       VALUES (?, ?, UTC_TIMESTAMP(3) + INTERVAL ${LEASE_S} SECOND)`,
      [LOCK, holder],
    );
    return inserted > 0;
  } catch (error) {
    // Somebody else was certified first.
    if (failureOf(error) === 'retry') return false;
    if ((error as { errno?: unknown }).errno !== ER_NO_SUCH_TABLE) throw error;
    await connection.run(LEASES);
    return false;
  }
}

function lockHeld(): CentralError {
  return new CentralError(
    `Cannot migrate the central schema: another guardian has been doing so for ${LOCK_WAIT_S} s, want only one at a time`,
    {
      failure: 'else',
      hint: `Try again: the lock of one that died ends by itself within ${LEASE_S / 60} minutes. "SHOW PROCESSLIST" shows what it does.`,
    },
  );
}
