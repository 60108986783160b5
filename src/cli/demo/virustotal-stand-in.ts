import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keyOf, type Observable, type ObservableKey } from '../../core/observable.ts';
import { FREE_ALLOWANCE, type StandInAllowance, VirusTotalLedger } from './virustotal-ledger.ts';
import { objectJson } from './virustotal-object.ts';
import { type Question, questionOf } from './virustotal-question.ts';
import { type Reply, sendReply } from './virustotal-reply.ts';
import { errorFault, isFault, type StandInAnswer, type StandInFault } from './virustotal-stand-in-answer.ts';

/** How a stand-in is set up. */
export interface VirusTotalStandInOptions {
  /** Keys that are accepted, each with an allowance of its own. */
  readonly keys: readonly string[];
  /** What it knows, by `keyOf(observable)` or as a function. What is not in there is answered by 404. */
  readonly reports: ReadonlyMap<ObservableKey, StandInAnswer> | ((observable: Observable) => StandInAnswer);
  /** Default: a free key's. */
  readonly allowance?: StandInAllowance;
  /** Default: any free port. */
  readonly port?: number;
  /** Epoch milliseconds; default the real time. Also the `Date` header. */
  readonly now?: () => number;
}

/** One request as it came in. A key in a path is shown as `{apikey}`. */
export interface StandInRequest {
  readonly method: string;
  readonly path: string;
  readonly userAgent: string | undefined;
  readonly acceptEncoding: string | undefined;
  readonly hasKey: boolean;
}

/** Something VirusTotal should never have been sent: a private name or address, a query, anything but a GET. */
export interface StandInViolation {
  readonly reason: string;
  readonly path: string;
}

const PREFIX = '/api/v3';
/** A benchmark asks a million questions; the log keeps the last of them. */
const MAX_LOGGED = 10_000;

const RESOURCE_NOT_FOUND = errorFault(404, 'NotFoundError', 'Resource not found.');
/** Outside the API stands a web site, as a wrong base URL finds out. */
const NOT_THE_API: Reply = { fault: 'answer', status: 404, body: '<!doctype html><title>404</title><p>Not here.</p>' };

/**
 * A VirusTotal for demonstrations, tests and benchmarks, on loopback only. It is as strict as the real one: keys,
 * allowances (a 404 costs one; reading users is free), identifiers and error envelopes; and it keeps a list of what
 * should never have been asked. Not the real thing: its engines say what they are told to.
 */
export class VirusTotalStandIn {
  readonly #options: VirusTotalStandInOptions;
  readonly #now: () => number;
  readonly #ledgers = new Map<string, VirusTotalLedger>();
  readonly #urlsBySha256 = new Map<string, string>();
  readonly #requests: StandInRequest[] = [];
  readonly #violations: StandInViolation[] = [];
  #faults: { readonly fault: StandInFault; readonly on: RegExp; left: number }[] = [];
  #server: Server | undefined;
  #baseUrl = '';
  #asked = 0;

  constructor(options: VirusTotalStandInOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The last requests, oldest first. */
  get requests(): readonly StandInRequest[] {
    return this.#requests;
  }

  /** All requests ever. */
  get requestCount(): number {
    return this.#asked;
  }

  /** What should never have been asked; empty when all is well. */
  get violations(): readonly StandInViolation[] {
    return this.#violations;
  }

  /** Begins to listen on 127.0.0.1. */
  async start(): Promise<{ readonly baseUrl: string }> {
    const server = createServer((request, response) => this.#receive(request, response));
    this.#server = server;
    server.listen(this.#options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    this.#baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}${PREFIX}`;
    return { baseUrl: this.#baseUrl };
  }

  /** Stops listening and ends every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /**
   * Plays a fault instead of the next `times` answers (default 1, `Infinity` until `heal`) to paths that match `on`
   * (default: all of them). Faults are played before keys and allowances are looked at.
   */
  fail(fault: StandInFault, { times = 1, on = /^/ }: { readonly times?: number; readonly on?: RegExp } = {}): void {
    this.#faults.push({ fault, on, left: times });
  }

  /** Forgets every fault. */
  heal(): void {
    this.#faults = [];
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const target = request.url ?? '/';
    this.#log(request, target);
    response.sendDate = false;
    response.setHeader('date', new Date(this.#now()).toUTCString());
    sendReply(this.#nextFault(target) ?? this.#replyTo(request, target), request, response);
  }

  #replyTo(request: IncomingMessage, target: string): Reply {
    if (!target.startsWith(`${PREFIX}/`)) return NOT_THE_API;
    const key = request.headers['x-apikey'];
    if (typeof key !== 'string' || key === '') {
      return errorFault(401, 'AuthenticationRequiredError', 'X-Apikey header is missing');
    }
    if (!this.#options.keys.includes(key)) return errorFault(401, 'WrongCredentialsError', 'Wrong API key');
    if (request.method !== 'GET') {
      this.#violations.push({ reason: `${request.method} request`, path: target });
      return errorFault(400, 'BadRequestError', `${request.method} is not for reading`);
    }
    const path = target.slice(PREFIX.length);
    return path.startsWith('/users/') ? this.#replyAboutUser(path, key) : this.#replyAboutObject(path, key);
  }

  #log(request: IncomingMessage, target: string): void {
    this.#asked += 1;
    const shown = this.#options.keys.reduce((text, key) => text.replaceAll(key, '{apikey}'), target);
    if (this.#requests.length >= MAX_LOGGED) this.#requests.splice(0, MAX_LOGGED / 2);
    this.#requests.push({
      method: request.method ?? '',
      path: shown,
      userAgent: request.headers['user-agent'],
      acceptEncoding: request.headers['accept-encoding'] as string | undefined,
      hasKey: request.headers['x-apikey'] !== undefined,
    });
  }

  #nextFault(target: string): StandInFault | undefined {
    const next = this.#faults.find(({ on }) => on.test(target));
    if (next === undefined) return undefined;
    next.left -= 1;
    if (next.left <= 0) this.#faults = this.#faults.filter((fault) => fault !== next);
    return next.fault;
  }

  #replyAboutUser(path: string, key: string): Reply {
    const [id = '', ...part] = path.slice('/users/'.length).split('/');
    const userId = userIdOf(key);
    if (id !== encodeURIComponent(key) && id !== userId)
      return errorFault(404, 'NotFoundError', `User "${id}" not found`);
    if (part.join('/') === 'overall_quotas') return asAnswer(this.#ledgerOf(key).overallQuotas(this.#now()));
    if (part.length > 0) return RESOURCE_NOT_FOUND;
    const attributes = { status: 'active', first_name: '', last_name: '', reputation: 1 };
    const links = { self: `${this.#baseUrl}/users/${userId}` };
    return asAnswer({ data: { id: userId, type: 'user', attributes, links } });
  }

  #replyAboutObject(path: string, key: string): Reply {
    const question = questionOf(path);
    if (question === undefined) return RESOURCE_NOT_FOUND;
    if (!this.#ledgerOf(key).take(this.#now())) return errorFault(429, 'QuotaExceededError', 'Quota exceeded');
    if (!question.ok) {
      if (question.privacy !== undefined) this.#violations.push({ reason: question.privacy, path: PREFIX + path });
      return errorFault(400, 'InvalidArgumentError', question.message);
    }
    const observable = this.#observableOf(question);
    const answer = this.#answerTo(observable);
    if (answer === undefined) return errorFault(404, 'NotFoundError', notFoundText(observable));
    return isFault(answer) ? answer : { object: objectJson(observable, answer, this.#now(), this.#baseUrl) };
  }

  #observableOf({ observable, sha256 }: Extract<Question, { ok: true }>): Observable {
    if (observable.kind !== 'url') return observable;
    if (sha256) return { kind: 'url', value: this.#urlsBySha256.get(observable.value) ?? observable.value };
    this.#urlsBySha256.set(createHash('sha256').update(observable.value).digest('hex'), observable.value);
    return observable;
  }

  #answerTo(observable: Observable): StandInAnswer {
    const { reports } = this.#options;
    return typeof reports === 'function' ? reports(observable) : reports.get(keyOf(observable));
  }

  #ledgerOf(key: string): VirusTotalLedger {
    const known = this.#ledgers.get(key);
    if (known !== undefined) return known;
    const made = new VirusTotalLedger(this.#options.allowance ?? FREE_ALLOWANCE);
    this.#ledgers.set(key, made);
    return made;
  }
}

function userIdOf(key: string): string {
  return `user-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
}

function notFoundText({ kind, value }: Observable): string {
  const noun = { domain: 'Domain', ip: 'IP address', url: 'URL', file: 'File' }[kind];
  return `${noun} "${value}" not found`;
}

function asAnswer(body: object): Reply {
  return { fault: 'answer', status: 200, body };
}
