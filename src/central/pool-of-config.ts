import { readFileSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';
import type { CentralAddress } from './central-connection.ts';
import { CentralPool } from './central-pool.ts';

/** Where the central database is: `central:` of the configuration, as far as it is needed here. */
export interface CentralPlace {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly socket: string | null;
  readonly user: string;
  readonly database: string;
  readonly tls: { readonly caFile: string | null } | null;
}

export interface PoolSurroundings {
  /** Reads the password; called at every connection. */
  readonly password: () => string;
  readonly random: () => number;
  /** The pool's own where absent. */
  readonly connectTimeoutMs?: number;
  readonly queryTimeoutMs?: number;
}

/** The pool of a configuration. @throws ConfigError where the CA file cannot be read. */
export function poolOfConfig(place: CentralPlace, surroundings: PoolSurroundings): CentralPool {
  const addresses: readonly CentralAddress[] = place.socket === null ? place.hosts : [{ socket: place.socket }];
  return new CentralPool({
    addresses,
    user: place.user,
    database: place.database,
    ...surroundings,
    ...(place.tls === null ? {} : { tls: { ca: caOf(place.tls.caFile) } }),
  });
}

function caOf(file: string | null): string | undefined {
  if (file === null) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`Cannot read central.tls.ca_file "${file}": ${why}`, {
      cause,
      hint: 'Put the certificates there in PEM, readable by the daemon.',
    });
  }
}
