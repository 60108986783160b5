import { CredentialsError, RefusedError, UnavailableError } from '../../core/errors.ts';
import type { ApiAnswer } from './virustotal-api.ts';

/** One object is not there yet; the service itself is well. */
export class NotReadyError extends UnavailableError {}

/** The service asked to be left alone for a while. */
export class BusyError extends UnavailableError {
  readonly waitMs: number;

  constructor(message: string, waitMs: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** What an answer means that is not the object that was asked for. */
export type AnswerFailure =
  | { readonly kind: 'not_found' }
  /** 429. Which allowance it was stands elsewhere. */
  | { readonly kind: 'quota' }
  | { readonly kind: 'error'; readonly error: CredentialsError | RefusedError | UnavailableError };

/** Codes that speak about one object and not about the service. */
const NOT_READY = new Set(['NotAvailableYet', 'FailedDependencyError']);

/**
 * Reads the error table of docs.virustotal.com/reference/errors; `undefined` when the answer is an object to parse.
 * `what` completes "Cannot ...". Whatever is not in the table, is not JSON, or is an error under status 200 becomes
 * an `UnavailableError`: nothing is taken for "not found", let alone for "clean", that VirusTotal did not say itself.
 */
export function failureOf(answer: ApiAnswer, what: string): AnswerFailure | undefined {
  if (answer.status === 429) return { kind: 'quota' };
  if (answer.status === 200 && answer.error === undefined && answer.json !== undefined) return undefined;
  if (answer.status === 404 && answer.error?.code === 'NotFoundError') return { kind: 'not_found' };
  return { kind: 'error', error: errorOf(answer, what) };
}

function errorOf(answer: ApiAnswer, what: string): CredentialsError | RefusedError | UnavailableError {
  const message = messageOf(answer, what);
  const unavailable =
    answer.retryAfterMs === undefined ? new UnavailableError(message) : new BusyError(message, answer.retryAfterMs);
  // Without its envelope a status is not VirusTotal's word but that of a proxy or a captive portal.
  if (answer.error === undefined) return unavailable;
  if (NOT_READY.has(answer.error.code)) return new NotReadyError(message);
  switch (answer.status) {
    case 401:
      return badCredentials(answer, what);
    case 400:
    case 403:
    case 409:
      return new RefusedError(message);
    default:
      return unavailable;
  }
}

function badCredentials(answer: ApiAnswer, what: string): CredentialsError {
  return new CredentialsError(messageOf(answer, what), {
    hint:
      answer.error?.code === 'UserNotActiveError'
        ? 'Activate the account by the mail VirusTotal sent, then reload guardian.'
        : 'Put the key of https://www.virustotal.com/gui/my-apikey into the file of virustotal.api_key_file, then reload guardian.',
  });
}

function messageOf(answer: ApiAnswer, what: string): string {
  const said = answer.error === undefined ? bodyOf(answer) : `${answer.error.code} "${answer.error.message}"`;
  return `Cannot ${what}: VirusTotal answered ${answer.status} with ${said}, want 200 with an object`;
}

function bodyOf(answer: ApiAnswer): string {
  return answer.json === undefined ? 'a body that is no JSON' : 'a body that is no error envelope';
}
