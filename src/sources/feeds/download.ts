import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { checkLiteralHost, guardedLookup, type Reach } from './address-guard.ts';
import type { Validators } from './feed-book.ts';
import { FeedProblem } from './feed-problem.ts';

/** A list to fetch. */
export interface DownloadRequest {
  readonly url: string;
  /** Whatever must never stand in a message: the key within the URL. */
  readonly secret?: string;
  /** Sent as `Auth-Key` to the first host only. */
  readonly authKey?: string;
  readonly validators: Validators;
  readonly reach: Reach;
  readonly userAgent: string;
  readonly now: () => number;
  /** Ends the body too. */
  readonly signal: AbortSignal;
}

/** What came back: nothing new, or a body to read. */
export type Download =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'body';
      readonly stream: Readable;
      readonly validators: Validators;
      /** `Content-Encoding` says gzip. */
      readonly isGzip: boolean;
    };

const MAX_REDIRECTS = 5;

/** A longer wait than a day is a mistake of somebody's. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/**
 * GETs a list. Redirects are followed by hand: each target is checked like the first, none leads from https to http,
 * and the key goes to nobody but the first host. The built-in fetch is not used since it takes a cut gzip body for a whole
 * one and cannot check the address it connects to.
 * @throws FeedProblem, or the reason of `signal`.
 */
export async function download(request: DownloadRequest): Promise<Download> {
  const first = urlOf(request.url, request);
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await get(url, request, url.host === first.host && url.protocol === first.protocol);
    const next = redirectOf(response, url);
    if (next === undefined) return downloadOf(response, request);
    response.destroy();
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw problem(request, `it redirects from https to ${next.protocol}//${next.host}`, 'want https');
    }
    url = next;
  }
  throw problem(request, `it redirects more than ${MAX_REDIRECTS} times`, 'want a list');
}

function get(url: URL, request: DownloadRequest, isFirstHost: boolean): Promise<IncomingMessage> {
  checkLiteralHost(url, request.reach);
  const options: RequestOptions = {
    method: 'GET',
    agent: false,
    lookup: guardedLookup(request.reach),
    signal: request.signal,
    headers: headersOf(request, isFirstHost),
  };
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options);
    sent.once('response', resolve);
    sent.once('error', (error) => reject(failureOf(error, request)));
    sent.end();
  });
}

function headersOf(request: DownloadRequest, isFirstHost: boolean): Record<string, string> {
  const { etag, lastModified } = request.validators;
  return {
    'user-agent': request.userAgent,
    'accept-encoding': 'gzip',
    accept: '*/*',
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
    ...(request.authKey === undefined || !isFirstHost ? {} : { 'auth-key': request.authKey }),
  };
}

function redirectOf(response: IncomingMessage, from: URL): URL | undefined {
  const { location } = response.headers;
  if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined) return undefined;
  if (!URL.canParse(location, from.href)) return undefined;
  const url = new URL(location, from.href);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

function downloadOf(response: IncomingMessage, request: DownloadRequest): Download {
  const { statusCode: status, headers } = response;
  if (status === 304) {
    response.resume();
    return { kind: 'unchanged' };
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (status !== 200 || !/^(?:identity|x-gzip|gzip|)$/i.test(encoding)) {
    response.destroy();
    if (status === 200) throw problem(request, `its encoding is "${encoding.slice(0, 40)}"`, 'want gzip or none');
    throw problem(request, `its host answered ${status}`, 'want 200 or 304', retryAfterOf(headers, request.now()));
  }
  return {
    kind: 'body',
    stream: response,
    validators: { etag: shortened(headers.etag), lastModified: shortened(headers['last-modified']) },
    isGzip: /gzip/i.test(encoding),
  };
}

/** RFC 9110 10.2.3: seconds, or a date. */
function retryAfterOf(headers: IncomingMessage['headers'], now: number): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const at = /^\d{1,9}$/.test(text) ? now + Number(text) * 1000 : Date.parse(text);
  return at > now ? Math.min(at, now + MAX_RETRY_AFTER_MS) : undefined;
}

// Node has checked the characters; a validator is only sent back to where it came from.
function shortened(validator: string | undefined): string | undefined {
  return validator === undefined || validator.length > 256 ? undefined : validator;
}

function urlOf(text: string, request: DownloadRequest): URL {
  if (!URL.canParse(text)) throw problem(request, 'its address is no URL', 'want http:// or https://');
  return new URL(text);
}

function failureOf(error: Error, request: DownloadRequest): Error {
  if (error instanceof FeedProblem || request.signal.aborted) return error;
  return problem(request, redacted(error.message, request.secret), 'want a list');
}

function problem(request: DownloadRequest, is: string, want: string, retryAt?: number): FeedProblem {
  const address = redacted(request.url, request.secret).slice(0, 200);
  return new FeedProblem(`Cannot fetch "${address}": ${is}, ${want}`, retryAt === undefined ? {} : { retryAt });
}

function redacted(text: string, secret: string | undefined): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '?').slice(0, 400);
  return secret === undefined || secret === ''
    ? plain
    : plain.replaceAll(encodeURIComponent(secret), '[redacted]').replaceAll(secret, '[redacted]');
}
