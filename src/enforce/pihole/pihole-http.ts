import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { UnavailableError } from '../../core/errors.ts';

/** Where a Pi-hole's API answers, and who asks. */
export interface PiholeHttpOptions {
  /** `http://host[:port]` or `https://...`, without the `/api`. */
  readonly url: string;
  readonly userAgent: string;
  /** PEM of the authority that signed its certificate; Pi-hole makes its own (`/etc/pihole/tls_ca.crt`). */
  readonly ca?: string;
}

/** One question to the API. */
export interface PiholeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api`, with its query: `/lists?type=block`. */
  readonly path: string;
  readonly body?: unknown;
  readonly sid?: string;
  /** Default: 10 s. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** What came back. `body` is `undefined` where it is no JSON. */
export interface PiholeReply {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

/**
 * FTL silently discards a body of 64 KiB and then complains that there is none (measured: 65,534 bytes pass, 65,535 do
 * not); this stays well below.
 */
export const MAX_BODY_BYTES = 60_000;

const DEFAULT_TIMEOUT_MS = 10_000;
/** A list of 2,000 rows takes 600 KB. What is beyond is cut off unread. */
const MAX_REPLY_BYTES = 4 * 1024 * 1024;

/**
 * Asks a Pi-hole over HTTP, each time on a connection of its own: FTL closes idle ones after 5 s, answers slower on reused
 * ones (40 ms against 2-5 ms), and writes stray bytes after the answer of a gravity run.
 */
export class PiholeHttp {
  readonly #options: PiholeHttpOptions;

  constructor(options: PiholeHttpOptions) {
    this.#options = options;
  }

  /**
   * Resolves with whatever status came back.
   * @throws UnavailableError when nothing came back in time, or too much.
   */
  async ask(asked: PiholeRequest): Promise<PiholeReply> {
    const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
    if (body !== undefined && Buffer.byteLength(body) >= MAX_BODY_BYTES) {
      throw new UnavailableError(
        `Cannot ask Pi-hole: the request has ${Buffer.byteLength(body)} bytes, want under ${MAX_BODY_BYTES}`,
      );
    }
    const timeout = AbortSignal.timeout(asked.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    try {
      const { status, text } = await this.#exchange(asked, body, AbortSignal.any([asked.signal, timeout]));
      return { status, text, body: jsonOf(text) };
    } catch (cause) {
      if (cause instanceof UnavailableError) throw cause;
      const why = timeout.aborted ? 'it did not answer in time' : reasonOf(cause);
      throw new UnavailableError(`Cannot reach Pi-hole at ${this.#options.url}: ${why}`, {
        cause,
        hint: hintOf(cause),
      });
    }
  }

  #exchange(
    asked: PiholeRequest,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const url = `${this.#options.url.replace(/\/+$/, '')}/api${asked.path}`;
    const options: RequestOptions = {
      method: asked.method,
      agent: false,
      signal,
      headers: {
        'user-agent': this.#options.userAgent,
        accept: 'application/json',
        connection: 'close',
        ...(asked.sid === undefined ? {} : { 'x-ftl-sid': asked.sid }),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
      },
    };
    return new Promise((resolve, reject) => {
      let response: IncomingMessage | undefined;
      const request: ClientRequest = url.startsWith('https:')
        ? httpsRequest(url, { ...options, ...(this.#options.ca === undefined ? {} : { ca: this.#options.ca }) })
        : httpRequest(url, options);
      request.once('response', (arrived) => {
        response = arrived;
        readText(arrived).then((text) => resolve({ status: arrived.statusCode ?? 0, text }), reject);
      });
      // Stray bytes after a complete answer are an error of the connection, and no concern of the answer.
      request.on('error', (error) => {
        if (response?.complete !== true) reject(error);
      });
      request.end(body);
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REPLY_BYTES) {
      response.destroy();
      throw new UnavailableError(`Cannot read the answer of Pi-hole: it is longer than ${MAX_REPLY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? (cause instanceof Error ? cause.message : String(cause));
}

function hintOf(cause: unknown): string {
  return /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(reasonOf(cause))
    ? "Set pihole.ca_file to a copy of Pi-hole's /etc/pihole/tls_ca.crt and name it as its certificate does, or use http."
    : 'Check that Pi-hole runs and that pihole.url is where its web page answers.';
}
