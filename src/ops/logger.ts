import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { OperatorError } from '../core/errors.ts';
import type { Log, LogFields } from '../lib/log.ts';
import { printable } from '../lib/printable.ts';

/** From which level on lines are written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** An error has a cause, which has a cause; beyond this nobody reads on. */
const MAX_CAUSES = 5;

/** What is logged of an error. A stack only for bugs: a foreseen error is explained by its message and hint. */
interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
  readonly stack?: readonly string[];
  readonly cause?: LoggedError;
}

/**
 * A log that writes one JSON object a line: `level` (a word), `time` (epoch milliseconds), `msg`, then the fields.
 * No control, invisible or direction-changing character reaches a line, so it can be shown on a terminal as it is.
 * Written synchronously, so that the last line before an exit is there.
 */
export function createLog(options: { readonly level: LogLevel; readonly destination: DestinationStream }): Log {
  const logger = pino(
    {
      level: options.level,
      base: null,
      // Ours are serialised below; pino's own would print a stack for every error.
      serializers: { err: (err: unknown) => err },
      timestamp: stdTimeFunctions.epochTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination,
  );
  return {
    debug: (message, fields) => write(logger, 'debug', message, fields),
    info: (message, fields) => write(logger, 'info', message, fields),
    warn: (message, fields) => write(logger, 'warn', message, fields),
    error: (message, fields) => write(logger, 'error', message, fields),
  };
}

/** The log of the daemon: on standard output. */
export function createStdoutLog(level: LogLevel): Log {
  return createLog({ level, destination: pino.destination({ fd: 1, sync: true }) });
}

function write(logger: Logger, level: LogLevel, message: string, fields: LogFields | undefined): void {
  if (!logger.isLevelEnabled(level)) return;
  logger[level](fields === undefined ? {} : sanitised(fields), printable(message));
}

function sanitised(fields: LogFields): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'err') clean.err = loggedError(value, 0);
    else if (typeof value === 'string') clean[name] = printable(value);
    else if (Array.isArray(value)) clean[name] = value.map((item) => printable(String(item)));
    else clean[name] = value;
  }
  return clean;
}

function loggedError(error: unknown, depth: number): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: printable(String(error)) };
  const isForeseen = error instanceof OperatorError;
  return {
    type: printable(error.name),
    message: printable(error.message),
    ...('code' in error && typeof error.code === 'string' ? { code: printable(error.code) } : {}),
    ...(isForeseen && error.hint !== undefined ? { hint: printable(error.hint) } : {}),
    ...(isForeseen || depth > 0 ? {} : { stack: stackOf(error) }),
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: loggedError(error.cause, depth + 1) }),
  };
}

/** The frames only: the message before them stands in its own field. */
function stackOf(error: Error): string[] {
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return lines.filter((line) => line.startsWith('at ')).map((line) => printable(line));
}
