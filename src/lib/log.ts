/** Fields of a log line. One closed type, so that the same thing always has the same name. */
export interface LogFields {
  readonly err?: unknown;
  readonly observable?: string;
  readonly source?: string;
  readonly target?: string;
  readonly client?: string;
  readonly path?: string;
  readonly reason?: string;
  readonly hint?: string;
  readonly state?: string;
  readonly outcome?: string;
  readonly count?: number;
  readonly added?: number;
  readonly removed?: number;
  readonly took_ms?: number;
  readonly retry_at?: string;
  readonly window?: string;
  readonly version?: string;
  readonly signal?: string;
  readonly event_type?: string;
  readonly keys?: readonly string[];
}

/** Where log lines go. A message is fixed text in lower case; what varies stands in the fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A log that says nothing, for commands that print a table instead. */
export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
