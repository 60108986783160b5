import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { UnavailableError } from '../../core/errors.ts';
import type { Log } from '../../lib/log.ts';
import { LIST_FORMATS } from './list-format.ts';

/** Where the lists lie and where they are served. */
export interface ListServerOptions {
  /** `lists.dir`: the folder that `ListFilesTarget` writes. */
  readonly dir: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly log: Log;
}

interface Served {
  /** Tells one state of the file from another: inode, size and time. Each change is a new file by rename. */
  readonly state: string;
  readonly etag: string;
  readonly content: Buffer;
  readonly modified: string;
}

/** By its path: the lists of the house and nothing else, so no path ever reaches the file system. */
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map(
  [...LIST_FORMATS.values()].flatMap(({ file, mediaType }) =>
    file === undefined ? [] : [[`/${file}`, mediaType] as const],
  ),
);

/** A reader that is slower than that is not reading. */
const REQUEST_TIMEOUT_MS = 30_000;
const DRAIN_MS = 1500;
const MAX_CONNECTIONS = 64;

/**
 * Serves the list files over HTTP, for resolvers on other machines: `domains.txt hosts.txt adblock.txt rpz.zone ips.txt`, with a
 * strong ETag, so that who asks again is told in one line that nothing changed.
 */
export class ListServer {
  readonly #options: ListServerOptions;
  readonly #served = new Map<string, Served>();
  #server: Server | undefined;
  #port: number | undefined;

  constructor(options: ListServerOptions) {
    this.#options = options;
  }

  /** The port in use; differs from the configured one only for 0. */
  get port(): number | undefined {
    return this.#port;
  }

  /** @throws UnavailableError when the address cannot be bound. */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    const server = createServer((request, response) => this.#receive(request, response));
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (socket) => socket.setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy()));
    try {
      server.listen(port, host);
      await once(server, 'listening');
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      throw new UnavailableError(`Cannot serve lists on "${host}:${port}": ${code}`, {
        cause,
        hint: 'Check lists.http in the config, and whether another process listens there.',
      });
    }
    this.#server = server;
    const address = server.address();
    this.#port = typeof address === 'object' ? address?.port : undefined;
  }

  /** Takes no more requests, lets those under way end within 1.5 s, then closes every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#served.clear();
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(force);
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('x-content-type-options', 'nosniff');
    try {
      this.#answer(request, response);
    } catch (error) {
      this.#options.log.warn('cannot serve list', { path: this.#options.dir, err: error });
      end(response, 500, 'This list cannot be read at the moment.\n');
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // A query is allowed and ignored: some readers add one to get around caches.
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const mediaType = MEDIA_TYPES.get(path);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      end(response, 405, 'Lists can only be read.\n');
    } else if (mediaType === undefined) {
      end(response, 404, `Here are ${[...MEDIA_TYPES.keys()].join(' ')}\n`);
    } else {
      const list = this.#read(path);
      if (list === undefined) end(response, 503, 'This list is not written yet.\n');
      else sendList(request, response, list, mediaType);
    }
  }

  // Content and state come from one open file, so a rename in between cannot mix two lists.
  #read(path: string): Served | undefined {
    const file = open(join(this.#options.dir, path));
    if (file === undefined) return undefined;
    try {
      const { ino, size, mtimeMs, mtime } = fstatSync(file);
      const state = `${ino} ${size} ${mtimeMs}`;
      const known = this.#served.get(path);
      if (known?.state === state) return known;
      const content = readFileSync(file);
      const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`;
      const served: Served = { state, etag, content, modified: mtime.toUTCString() };
      this.#served.set(path, served);
      return served;
    } finally {
      closeSync(file);
    }
  }
}

function sendList(request: IncomingMessage, response: ServerResponse, list: Served, mediaType: string): void {
  response.setHeader('etag', list.etag);
  response.setHeader('last-modified', list.modified);
  response.setHeader('cache-control', 'no-cache');
  if (isKnown(request.headers['if-none-match'], list.etag)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  response.setHeader('content-type', `${mediaType}; charset=utf-8`);
  response.setHeader('content-length', list.content.length);
  response.end(request.method === 'HEAD' ? undefined : list.content);
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

// RFC 9110 13.1.2: a list of tags or `*`, compared weakly.
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}

function end(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(text);
}
