import { OperatorError, QuotaError, UnavailableError } from '../../core/errors.ts';
import type { PiholeReply } from './pihole-http.ts';

/** There is no API of version 6: it is an older Pi-hole, or something else. Only a list file can reach it. */
export class NoApiError extends OperatorError {}

/** What FTL says of an error: `{"error":{"key","message","hint"}}`. */
export interface PiholeProblem {
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}

const MAX_TEXT = 200;

/** The error in an answer; a body of another shape gives empty texts. Texts are printable and bounded. */
export function problemOf(reply: PiholeReply): PiholeProblem {
  const error = record(record(reply.body)?.error);
  return { key: shown(error?.key), message: shown(error?.message), hint: shown(error?.hint) };
}

/** Whether the same request may succeed in a moment: FTL is restarting, or its database is held by another process. */
export function isPassing(reply: PiholeReply): boolean {
  const { key, message, hint } = problemOf(reply);
  return reply.status === 503 || (key === 'database_error' && /locked|busy/i.test(`${message} ${hint}`));
}

/** The error to throw for an answer that is none of those the caller expects. */
export function unexpected(reply: PiholeReply, verb: string): UnavailableError {
  const { key, message, hint } = problemOf(reply);
  const words = [key, message, hint].filter((word) => word !== '').join(', ');
  return new UnavailableError(
    `Cannot ${verb} at Pi-hole: it answered ${reply.status}${words === '' ? '' : ` (${words})`}`,
    {
      hint: 'Look at /var/log/pihole/FTL.log on the Pi-hole.',
    },
  );
}

/** The error to throw for 429. */
export function tooMany(problem: PiholeProblem, retryAt: number): QuotaError {
  const seats = problem.key === 'api_seats_exceeded';
  return new QuotaError(
    seats
      ? 'Cannot log in to Pi-hole: all its API seats are taken by other programs'
      : 'Cannot log in to Pi-hole: too many log-ins at once',
    {
      retryAt,
      window: 'unknown',
      hint: seats
        ? 'Delete sessions that leaked under Settings > Web interface / API, or raise webserver.api.max_sessions in Pi-hole.'
        : 'It is tried again by itself.',
    },
  );
}

/** An object, or undefined. */
export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** An array, or an empty one. */
export function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text from outside, printable ASCII and bounded; `''` for anything else. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT).replace(/[^\x20-\x7e]/g, '?') : '';
}
