import { ConfigError, OperatorError } from '../core/errors.ts';

/**
 * What a failure of the central database means for whoever talks to it: `retry` the statement, the connection is `lost`, try
 * `elsewhere` (this server takes no writes now), it is `denied` until a person acts, the `schema` does not fit, the `data` of a row
 * is refused, another sensor has our `name`, or it is something `else`.
 */
export type CentralFailure = 'retry' | 'lost' | 'elsewhere' | 'denied' | 'schema' | 'data' | 'name' | 'else';

/** Something the central database refused or did not answer. Nothing of the sensor depends on it. */
export class CentralError extends OperatorError {
  readonly failure: CentralFailure;

  constructor(message: string, options: { failure: CentralFailure; cause?: unknown; hint?: string }) {
    super(message, options);
    this.failure = options.failure;
  }
}

/** Error numbers of MySQL and MariaDB, https://mariadb.com/kb/en/mariadb-error-code-reference/. */
const BY_NUMBER = new Map<number, CentralFailure>([
  [1205, 'retry'], // lock wait timeout
  [1213, 'retry'], // deadlock; Galera's certification failure too
  [1020, 'retry'], // record has changed since last read (MariaDB's snapshot isolation)
  [3101, 'retry'], // group replication rolled back
  [8002, 'retry'], // TiDB write conflicts
  [9007, 'retry'],
  [1040, 'elsewhere'], // too many connections
  [1203, 'elsewhere'],
  [1226, 'elsewhere'],
  [1047, 'elsewhere'], // WSREP has not yet prepared node: a minority of a cluster, or one that joins
  [1290, 'elsewhere'], // --read-only
  [1792, 'elsewhere'],
  [1836, 'elsewhere'], // read-only mode
  [1969, 'elsewhere'], // max_statement_time exceeded: locks, or a server in trouble
  [3024, 'elsewhere'],
  [1021, 'elsewhere'], // disk full
  [1026, 'elsewhere'], // error writing file
  [1114, 'elsewhere'], // table is full
  [1053, 'lost'], // server shutdown in progress
  [1152, 'lost'],
  [1927, 'lost'], // connection was killed
  [1044, 'denied'],
  [1045, 'denied'],
  [1130, 'denied'],
  [1142, 'denied'],
  [1143, 'denied'],
  [1227, 'denied'],
  [1698, 'denied'],
  [1820, 'denied'],
  [1862, 'denied'],
  [1049, 'schema'],
  [1054, 'schema'],
  [1136, 'schema'],
  [1146, 'schema'],
  [1048, 'data'],
  [1118, 'data'],
  [1153, 'data'], // a single row beyond max_allowed_packet
  [1264, 'data'],
  [1265, 'data'],
  [1292, 'data'],
  [1300, 'data'],
  [1366, 'data'],
  [1406, 'data'],
  [4025, 'data'],
]);

const LOST_CODES = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** What an error of the driver means. */
export function failureOf(error: unknown): CentralFailure {
  if (error instanceof CentralError) return error.failure;
  if (isTlsError(error)) return 'denied';
  const { errno, code, sqlState, fatal } = (error ?? {}) as Record<string, unknown>;
  const known = typeof errno === 'number' ? BY_NUMBER.get(errno) : undefined;
  if (known !== undefined) return known;
  if (LOST_CODES.has(String(code)) || fatal === true) return 'lost';
  // SQL's own classes: 22 is a data exception, 23 a broken constraint.
  return /^2[23]/.test(String(sqlState ?? '')) ? 'data' : 'else';
}

/** The error to show a person, with where it happened. */
export function centralError(error: unknown, where: string): CentralError {
  if (error instanceof CentralError) return error;
  // A password file that cannot be read.
  if (error instanceof ConfigError)
    return new CentralError(error.message, {
      failure: 'denied',
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  const failure = failureOf(error);
  const why = error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error);
  const hint = isTlsError(error) ? TLS_HINT : HINTS[failure];
  return new CentralError(`Cannot use central database ${where}: ${why}`, {
    failure,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

function isTlsError(error: unknown): boolean {
  return /^(?:HANDSHAKE_|ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/.test(
    String((error as { code?: unknown } | null)?.code),
  );
}

const TLS_HINT = 'Check central.tls.ca_file, and that the certificate of the server names the host of central.hosts.';

const HINTS: Partial<Record<CentralFailure, string>> = {
  denied: 'Check central.user and central.password_file, and the grants of native-config/mysql/grants.sql.',
  schema: 'Run "guardian central migrate".',
  lost: 'Check that it runs and can be reached; the sensor goes on without it.',
  elsewhere: 'The sensor goes on without it and tries again.',
};
