import { CredentialsError, UnavailableError } from '../../core/errors.ts';
import { plainText } from '../../lib/printable.ts';
import { readBoundedBody } from './bounded-body.ts';

/** How the API is reached. */
export interface VirusTotalApiOptions {
  /** `https://www.virustotal.com/api/v3`, without a final slash. */
  readonly baseUrl: string;
  readonly userAgent: string;
  /** For the whole answer, body included: a slow drip ends with it. */
  readonly timeoutMs: number;
  /** Longest answer read, in bytes after decompression. */
  readonly maxBytes: number;
  readonly clock: () => number;
}

/** What came back, whatever its status. Everything in it is bounded, and its texts hold no key. */
export interface ApiAnswer {
  readonly status: number;
  /** The body as JSON; `undefined` when it is none. */
  readonly json: unknown;
  /** The error envelope `{"error":{"code","message"}}`, where the body is one. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** The `Retry-After` header as a wait from now. VirusTotal is not known to send it; what stands between may. */
  readonly retryAfterMs: number | undefined;
  /** The server's own clock (`Date` header), epoch milliseconds. */
  readonly serverAt: number | undefined;
}

/** A longer `Retry-After` is a mistake of somebody's: no allowance but the month's lasts longer, and that we read. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;
const MAX_CODE = 60;
const MAX_MESSAGE = 200;

/**
 * GET requests to VirusTotal and nothing else: there is no method here that could submit anything.
 * Redirects are not followed, since they would carry the key to another host.
 */
export class VirusTotalApi {
  readonly #options: VirusTotalApiOptions;
  #key: string;

  constructor(key: string, options: VirusTotalApiOptions) {
    this.#key = key;
    this.#options = options;
  }

  /** Uses another key from now on. */
  useKey(key: string): void {
    this.#key = key;
  }

  /** The path of the key's own user. Only this one path may hold the key, and only until the user's id is known. */
  pathOfKey(): string {
    return `/users/${encodeURIComponent(this.#key)}`;
  }

  /**
   * Asks for one path. `what` completes "Cannot ...": `look up domain:example.com`.
   *
   * @throws UnavailableError when no complete answer came; CredentialsError when the key cannot be a key;
   * the reason of `signal` when the caller gave up.
   */
  async get(path: string, what: string, signal: AbortSignal): Promise<ApiAnswer> {
    // Checked here because the platform's own complaint about a bad header quotes the header.
    if (!/^[\x21-\x7e]+$/.test(this.#key)) throw badKey(what);
    signal.throwIfAborted();
    const request = new AbortController();
    const timer = setTimeout(() => request.abort(), this.#options.timeoutMs);
    const giveUp = () => request.abort();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await this.#fetch(path, request.signal);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#transportError(what, error, request.signal.aborted);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #fetch(path: string, signal: AbortSignal): Promise<ApiAnswer> {
    const response = await fetch(this.#options.baseUrl + path, {
      method: 'GET',
      redirect: 'manual',
      signal,
      headers: {
        'x-apikey': this.#key,
        'user-agent': this.#options.userAgent,
        'accept-encoding': 'gzip',
        accept: 'application/json',
      },
    });
    const text = await readBoundedBody(response, this.#options.maxBytes);
    const json = parseJson(text);
    return {
      status: response.status,
      json,
      error: this.#envelopeOf(json),
      retryAfterMs: retryAfterOf(response.headers.get('retry-after'), this.#options.clock()),
      serverAt: timeOf(response.headers.get('date')),
    };
  }

  #envelopeOf(json: unknown): ApiAnswer['error'] {
    const error = fieldOf(json, 'error');
    if (error === undefined) return undefined;
    const code = fieldOf(error, 'code');
    const message = fieldOf(error, 'message');
    return {
      code: plainText(this.#redacted(typeof code === 'string' ? code : 'without a code'), MAX_CODE),
      message: plainText(this.#redacted(typeof message === 'string' ? message : ''), MAX_MESSAGE),
    };
  }

  #transportError(what: string, error: unknown, timedOut: boolean): UnavailableError {
    if (error instanceof UnavailableError) return error;
    const is = timedOut ? `no complete answer within ${this.#options.timeoutMs} ms` : this.#textOf(error);
    // The cause is rebuilt from its text: the platform quotes the whole URL in some errors, and one URL holds the key.
    return new UnavailableError(`Cannot ${what}: ${is}, want an answer of VirusTotal`, {
      cause: new Error(this.#textOf(error)),
      hint: 'Run "guardian check" and look at the Internet connection of this machine.',
    });
  }

  #textOf(error: unknown): string {
    const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return plainText(this.#redacted(inner instanceof Error ? inner.message : String(inner)), MAX_MESSAGE);
  }

  #redacted(text: string): string {
    return text.replaceAll(encodeURIComponent(this.#key), '[redacted]').replaceAll(this.#key, '[redacted]');
  }
}

function badKey(what: string): CredentialsError {
  return new CredentialsError(`Cannot ${what}: the VirusTotal key is empty or has a blank in it, want one word`, {
    hint: 'Put the key of https://www.virustotal.com/gui/my-apikey into the file of virustotal.api_key_file.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: 'error' | 'code' | 'message'): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<typeof name, unknown>)[name];
}

/** RFC 9110 10.2.3: seconds, or a date. */
function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const at = timeOf(header);
  const waitMs = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : at === undefined ? 0 : at - now;
  return waitMs > 0 ? Math.min(waitMs, MAX_RETRY_AFTER_MS) : undefined;
}

function timeOf(header: string | null): number | undefined {
  const at = header === null ? Number.NaN : Date.parse(header);
  return Number.isNaN(at) ? undefined : at;
}
