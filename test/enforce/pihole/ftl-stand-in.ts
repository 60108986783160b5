import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { FtlAuth, type FtlReply, ftlError, noBody, ok } from './ftl-auth.ts';
import { FtlDns } from './ftl-dns.ts';
import { FtlDomains, type FtlRow } from './ftl-domains.ts';
import { FtlQueries } from './ftl-queries.ts';
import { shownList, shownRow, shownSearch } from './ftl-shapes.ts';

/** How a stand-in behaves where the real one differs between machines. */
export interface FtlStandInOptions {
  /** DNS is frozen that long for each added row. Measured: 3.4. */
  readonly rowMs?: number;
  /** How long earlier decisions of the DNS outlive a change. Measured: 60-180. */
  readonly pickupMs?: number;
  readonly gravityMs?: number;
  /** An older Pi-hole: nothing below /api. */
  readonly version?: 5 | 6;
}

/** One request as it came in. */
export interface FtlRequest {
  readonly method: string;
  readonly path: string;
  readonly userAgent: string;
  readonly items: number;
}

/** FTL discards bodies from this size on and says there was none (measured). */
const BODY_LIMIT = 65_535;
const NO_GROUPS_FACTOR = 1;
/** With `groups` every row is three commits. */
const GROUPS_FACTOR = 3;
const DELETE_ROW_MS = 0.05;

/**
 * A Pi-hole 6 for tests and benchmarks, on loopback only: the API of FTL 6.4.1 as far as it was measured, with its oddities, and
 * a DNS that answers by it and stands still while the database is written. It keeps a list of what a good guest never does.
 */
export class FtlStandIn {
  readonly auth = new FtlAuth();
  readonly domains = new FtlDomains();
  readonly queries = new FtlQueries(this.domains, () => this.now());
  readonly dns: FtlDns;
  readonly requests: FtlRequest[] = [];
  /** What should never have been asked; empty when all is well. */
  readonly violations: string[] = [];
  /** How long each write held DNS up, milliseconds. */
  readonly stalls: number[] = [];
  /** So many of the next requests find the database held by another process. */
  lockedRequests = 0;
  /** Answers 503 to so many of the next requests. */
  unavailableRequests = 0;
  gravityRuns = 0;
  /** A run goes on until this resolves. */
  gravityHeld: Promise<void> = Promise.resolve();
  /** The clock of the Pi-hole, epoch milliseconds. */
  now: () => number = Date.now;
  #lastGravityAt = 0;
  readonly #options: Required<FtlStandInOptions>;
  #lock: Promise<void> = Promise.resolve();
  #isGravityRunning = false;
  #server: Server | undefined;
  #port = 0;

  constructor(options: FtlStandInOptions = {}) {
    this.#options = { rowMs: 3.4, pickupMs: 70, gravityMs: 30, version: 6, ...options };
    this.dns = new FtlDns({
      blocks: (name) => this.domains.blocks(name),
      unlocked: () => this.#lock,
      pickupMs: this.#options.pickupMs,
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Begins to listen; the same ports again after a `stop`. Sessions outlive it, as FTL's do. */
  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#receive(request, response));
    server.keepAliveTimeout = 5000;
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    await this.dns.start();
  }

  async stop(): Promise<void> {
    await this.dns.stop();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(request);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = url.pathname.replace(/^\/api/, '');
    const userAgent = request.headers['user-agent'] ?? '';
    const body = text.length >= BODY_LIMIT ? undefined : jsonOf(text);
    this.requests.push({ method: request.method ?? '', path, userAgent, items: itemsIn(body) });
    if (userAgent === '') this.violations.push(`no User-Agent at ${path}`);
    if (this.#options.version === 5 || !url.pathname.startsWith('/api/')) return send(response, { status: 404 });
    const reply = await this.#reply(request, path, url.searchParams, body, text.length);
    if (reply === 'gravity') return this.#streamGravity(response);
    send(response, reply);
  }

  async #reply(
    request: IncomingMessage,
    path: string,
    query: URLSearchParams,
    body: unknown,
    length: number,
  ): Promise<FtlReply | 'gravity'> {
    const method = request.method ?? '';
    const sid = request.headers['x-ftl-sid'] as string | undefined;
    if (this.unavailableRequests > 0) {
      this.unavailableRequests--;
      return { status: 503 };
    }
    if (path === '/auth') {
      if (method === 'GET') return this.auth.check(sid);
      if (method === 'DELETE') return this.auth.logOut(sid);
      return length >= BODY_LIMIT ? noBody() : this.auth.logIn(body, request.headers['user-agent'] ?? '');
    }
    if (!this.auth.admits(sid)) return ftlError(401, 'unauthorized', 'Unauthorized');
    if (this.lockedRequests > 0) {
      this.lockedRequests--;
      return ftlError(400, 'database_error', 'Could not use gravity database', 'database is locked');
    }
    if (method === 'POST' && body === undefined && path !== '/action/gravity') return noBody();
    return this.#route(method, path, query, body);
  }

  async #route(method: string, path: string, query: URLSearchParams, body: unknown): Promise<FtlReply | 'gravity'> {
    const [, first = '', type = '', kind = '', item = ''] = path.split('/').map(decodeURIComponent);
    const verb = `${method} ${first}`;
    if (verb === 'GET dns') return ok({ blocking: this.domains.isBlocking ? 'enabled' : 'disabled', timer: null });
    const figures = method === 'GET' ? this.queries.answer(path, query) : undefined;
    if (figures !== undefined) return this.#withDatabase(figures);
    if (verb === 'GET search') return ok({ search: shownSearch(this.domains.search(type)) });
    if (verb === 'GET domains') return ok({ domains: this.#rows(type, kind, item).map(shownRow) });
    if (verb === 'POST domains') return this.#add(type, kind, body);
    if (verb === 'POST domains:batchDelete') return this.#batchDelete(body);
    if (verb === 'PUT domains') {
      this.violations.push(`PUT ${path} overwrites comments`);
      return ftlError(400, 'bad_request', 'not played here');
    }
    if (first === 'lists') return this.#lists(method, type, query, body);
    if (verb === 'POST action') return 'gravity';
    return ftlError(404, 'not_found', 'Not found');
  }

  // What stands in the database beside what is counted.
  #withDatabase({ status, body }: FtlReply): FtlReply {
    const { ftl, gravity } = body as { ftl?: { database: object }; gravity?: object };
    if (ftl !== undefined) Object.assign(ftl.database, { domains: this.#totals() });
    if (gravity !== undefined) Object.assign(gravity, { last_update: Math.floor(this.#lastGravityAt / 1000) });
    return { status, body };
  }

  #rows(type: string, kind: string, item: string): readonly FtlRow[] {
    return this.domains.rows.filter(
      (row) => row.type === type && row.kind === kind && (item === '' || row.domain === item),
    );
  }

  #totals() {
    const total = (type: string) => {
      const rows = this.#rows(type, 'exact', '');
      return { total: rows.length, enabled: rows.filter((row) => row.enabled).length };
    };
    return { allowed: total('allow'), denied: total('deny') };
  }

  async #add(type: string, kind: string, body: unknown): Promise<FtlReply> {
    const asked = body as { domain?: unknown; comment?: string | null; enabled?: boolean; groups?: unknown };
    const items = (Array.isArray(asked.domain) ? asked.domain : [asked.domain]).map(String);
    if (items.length > 10) this.violations.push(`${items.length} rows in one request`);
    if (asked.groups !== undefined) this.violations.push('groups given');
    const bad = items.find((name) => (kind === 'exact' ? !/^[a-z0-9_.-]+$/i.test(name) : !isRegex(name)));
    if (bad !== undefined) {
      return kind === 'exact'
        ? ftlError(400, 'bad_request', 'Invalid domain', bad)
        : ftlError(400, 'regex_error', 'Regex validation failed', "Missing ')'");
    }
    await this.#hold(
      items.length * this.#options.rowMs * (asked.groups === undefined ? NO_GROUPS_FACTOR : GROUPS_FACTOR),
    );
    const errors: { item: string; error: string }[] = [];
    const success: { item: string }[] = [];
    for (const item of items) {
      const error = this.domains.insert(type, kind, item, asked.comment ?? null, asked.enabled ?? true);
      if (error === undefined) success.push({ item });
      else errors.push({ item, error });
    }
    this.dns.changed();
    const last = this.domains.row(type, kind, items.at(-1) ?? '');
    return {
      status: 201,
      body: { domains: last === undefined ? [] : [shownRow(last)], processed: { success, errors }, took: 0.01 },
    };
  }

  async #batchDelete(body: unknown): Promise<FtlReply> {
    const asked = body as readonly { item: string; type: string; kind: string }[];
    await this.#hold(asked.length * DELETE_ROW_MS);
    const deleted = asked.filter(({ item, type, kind }) => this.domains.remove(type, kind, item));
    this.dns.changed();
    return deleted.length === 0 ? { status: 404, body: { took: 0.001 } } : { status: 204 };
  }

  #lists(method: string, address: string, query: URLSearchParams, body: unknown): FtlReply {
    const type = query.get('type');
    if (method === 'GET')
      return ok({ lists: this.domains.lists.filter((list) => type === null || list.type === type).map(shownList) });
    if (type === null) return ftlError(400, 'bad_request', 'Invalid request: Specify list type');
    if (method === 'DELETE') {
      const before = this.domains.lists.length;
      this.domains.lists = this.domains.lists.filter((list) => list.address !== address || list.type !== type);
      this.dns.changed();
      return this.domains.lists.length < before ? { status: 204 } : { status: 404, body: { took: 0.001 } };
    }
    if (method !== 'POST') return ftlError(400, 'bad_request', 'not played here');
    const asked = body as { address: string; comment?: string };
    const error = this.domains.subscribe(asked.address, type, asked.comment ?? null);
    const processed =
      error === undefined
        ? { success: [{ item: asked.address }], errors: [] }
        : { success: [], errors: [{ item: asked.address, error }] };
    return { status: 201, body: { lists: [], processed, took: 0.001 } };
  }

  // Chunked text, then JSON that belongs to no answer any more: FTL does that.
  async #streamGravity(response: ServerResponse): Promise<void> {
    const { socket } = response;
    if (socket === null) return;
    response.detachSocket(socket);
    this.gravityRuns++;
    if (this.#isGravityRunning) this.violations.push('two gravity runs at once');
    this.#isGravityRunning = true;
    const chunk = (text: string) => socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n');
    chunk('  [i] Neutrino emissions detected...\r\u001b[K\n');
    const copy = structuredClone(this.domains.rows);
    await pause(this.#options.gravityMs);
    await this.gravityHeld;
    const done = await this.domains.gravity();
    // The new database takes the place of the old one, with the entries of when it was begun.
    this.domains.rows = copy;
    this.#lastGravityAt = this.now();
    chunk(`${done}\n  [✓] Done.\n`);
    this.#isGravityRunning = false;
    this.dns.changed();
    socket.end('0\r\n\r\n{"status":"success","took":1.2}');
  }

  // One writer at a time, and no DNS meanwhile.
  async #hold(ms: number): Promise<void> {
    this.stalls.push(ms);
    const held = this.#lock.then(() => pause(ms));
    this.#lock = held.then(() => undefined);
    await held;
  }
}

function isRegex(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

function itemsIn(body: unknown): number {
  if (Array.isArray(body)) return body.length;
  const domain = (body as { domain?: unknown } | undefined)?.domain;
  return Array.isArray(domain) ? domain.length : 0;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, { status, body }: FtlReply): void {
  response.statusCode = status;
  if (body === undefined) return void response.end();
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
