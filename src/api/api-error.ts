import {
  CredentialsError,
  GuardError,
  OperatorError,
  QuotaError,
  RefusedError,
  UnavailableError,
  UsageError,
} from '../core/errors.ts';
import { isoTime } from './document.ts';

/** The body of every answer that is no success. `code` is stable, for programs. */
export interface ErrorDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly retry_at?: string;
  };
}

/** A failed request: its HTTP status, and the body that says why. */
export interface FailedRequest {
  readonly status: number;
  readonly document: ErrorDocument;
}

/** An error that already knows how it is answered. */
export class ApiError extends OperatorError {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, hint: string) {
    super(message, { hint });
    this.status = status;
    this.code = code;
  }
}

/** How fastify's own refusals are answered: by its code, our status, code and hint. */
const FRAMEWORK: Readonly<Record<string, readonly [number, string, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'too_large', 'Send one observable or pattern at a time.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'bad_media_type', 'Add the header "content-type: application/json".'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'bad_request', 'Send a JSON body, or leave the content-type out.'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'bad_request', 'Send one JSON object.'],
  FST_ERR_BAD_URL: [400, 'bad_request', 'Percent-encode the observable in the path.'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'too_long', 'A URL of more than 2048 characters cannot be asked about.'],
  FST_ERR_HANDLER_TIMEOUT: [504, 'timeout', 'The work may still be under way: run "guardian status".'],
};

/** How an error is answered. What was not foreseen says nothing of its insides. */
export function failedRequestOf(error: unknown): FailedRequest {
  if (error instanceof ApiError) return failed(error.status, error.code, error.message, error.hint);
  if (error instanceof QuotaError) {
    const { status, document } = failed(429, 'quota', error.message, error.hint ?? HINT_QUOTA);
    return { status, document: { error: { ...document.error, retry_at: isoTime(error.retryAt) } } };
  }
  for (const [type, status, code, hint] of OPERATOR_ERRORS) {
    if (error instanceof type) return failed(status, code, error.message, error.hint ?? hint);
  }
  return frameworkFailure(error) ?? failed(500, 'internal', 'Cannot answer: guardian failed', HINT_INTERNAL);
}

const HINT_QUOTA = 'Wait until retry_at; "guardian status" shows the allowance.';
const HINT_INTERNAL = "The daemon's log says why; please report it.";

const OPERATOR_ERRORS: readonly (readonly [new (...args: never[]) => OperatorError, number, string, string])[] = [
  [UsageError, 400, 'bad_request', 'Run "guardian help".'],
  [GuardError, 422, 'guarded', 'No word and no policy overrides a hard guard.'],
  [UnavailableError, 503, 'unavailable', 'Try again later; "guardian status" shows what is away.'],
  [CredentialsError, 502, 'credentials', 'Run "guardian check".'],
  [RefusedError, 422, 'refused', 'The source does not answer about this one.'],
  [OperatorError, 500, 'failed', 'Run "guardian check".'],
];

function frameworkFailure(error: unknown): FailedRequest | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'TimeoutError')
    return failed(504, 'timeout', 'Cannot answer: no answer in time', 'Try again later.');
  const { code, statusCode, validation } = error as Error &
    Partial<Record<'code' | 'statusCode' | 'validation', unknown>>;
  const known = FRAMEWORK[String(code)];
  if (known !== undefined) return failed(known[0], known[1], `Cannot read the request: ${error.message}`, known[2]);
  if (validation !== undefined)
    return failed(
      400,
      'bad_request',
      `Cannot read the request: ${error.message}`,
      'See the control API in the README.',
    );
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return failed(
      statusCode,
      'bad_request',
      `Cannot read the request: ${error.message}`,
      'See the control API in the README.',
    );
  return undefined;
}

function failed(status: number, code: string, message: string, hint = ''): FailedRequest {
  return { status, document: { error: { code, message, hint } } };
}
