import { QuotaError, RefusedError, UnavailableError } from '../core/errors.ts';

/** One GET whose answer is a small JSON document. */
export interface JsonQuestion {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Completes "Cannot ...": `ask quad9 about example.com`. */
  readonly what: string;
  /** For the whole answer, body included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** What came back under a status that is no failure of the service: 200 or another below 500, but for 408 and 429. */
export interface JsonAnswer {
  readonly status: number;
  /** `undefined` when the body is no JSON. */
  readonly json: unknown;
}

/** No answer of these services comes near it. */
const MAX_BYTES = 64 * 1024;

/** The wait after a 429 that names none, and the longest that is believed. */
const DEFAULT_WAIT_MS = 60_000;
const MAX_WAIT_MS = 24 * 3_600_000;

/**
 * Asks once. Redirects are not followed, since they would carry the question (and a key) elsewhere.
 * @throws QuotaError for 429, UnavailableError for 408, 5xx and whatever is no complete answer; the reason of `signal`.
 */
export async function askJson(question: JsonQuestion): Promise<JsonAnswer> {
  const { url, headers, what, timeoutMs, signal, now } = question;
  signal.throwIfAborted();
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: bounded });
    const json = parsed(await boundedText(response, what));
    const { status } = response;
    if (status === 429) throw spent(what, waitOf(response.headers.get('retry-after'), now()) + now());
    if (status >= 500 || status === 408 || (status >= 300 && status < 400)) throw unavailable(what, `status ${status}`);
    return { status, json };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof QuotaError || error instanceof UnavailableError) throw error;
    const is = bounded.aborted ? `no complete answer within ${timeoutMs} ms` : reasonOf(error);
    throw new UnavailableError(`Cannot ${what}: ${is}, want an answer`, { cause: error });
  }
}

/** A question the service refuses for good. */
export function refusal(what: string, is: string): RefusedError {
  return new RefusedError(`Cannot ${what}: it answered ${is}, want 200`);
}

/** A question of a kind the service knows nothing about. */
export function wrongKind(what: string, is: string, want: string): RefusedError {
  return new RefusedError(`Cannot ${what}: it is a ${is}, want a ${want}`);
}

/** An answer that cannot be used. */
export function unavailable(what: string, is: string): UnavailableError {
  return new UnavailableError(`Cannot ${what}: it answered ${is}, want 200 with a report`);
}

async function boundedText(response: Response, what: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw unavailable(what, `more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 9110 10.2.3: seconds, or a date. */
function waitOf(header: string | null, now: number): number {
  if (header === null) return DEFAULT_WAIT_MS;
  const wait = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return wait > 0 ? Math.min(wait, MAX_WAIT_MS) : DEFAULT_WAIT_MS;
}

function spent(what: string, retryAt: number): QuotaError {
  return new QuotaError(`Cannot ${what}: its allowance is spent, want fewer questions`, { retryAt, window: 'unknown' });
}

function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = inner instanceof Error ? inner.message : String(inner);
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
