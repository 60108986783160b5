import { CredentialsError, RefusedError, UnavailableError } from '../../core/errors.ts';
import { keyOf, OBSERVABLE_KINDS, type Observable, type ObservableKey } from '../../core/observable.ts';
import { virusTotalPage } from '../../core/permalink.ts';
import { NO_STATS, type Report } from '../../core/report.ts';
import type { Log } from '../../lib/log.ts';
import type { Source } from '../source.ts';
import { AllowanceReader } from './allowance-reader.ts';
import type { Allowances } from './allowances.ts';
import { Availability, type SourceState } from './availability.ts';
import { objectPath } from './object-path.ts';
import { reportOfObject } from './report-of-object.ts';
import { SharedRequest } from './shared-request.ts';
import { type ApiAnswer, VirusTotalApi } from './virustotal-api.ts';
import { BusyError, failureOf, NotReadyError } from './virustotal-errors.ts';

/** What the source needs, and what it may be told. */
export interface VirusTotalSourceOptions {
  readonly apiKey: string;
  readonly clock: () => number;
  readonly log: Log;
  /** Default: the vendor's. */
  readonly baseUrl?: string;
  /** "gzip" is added when it is not in there: VirusTotal compresses for no stranger who does not say so. */
  readonly userAgent?: string;
  /** For a whole answer; default 15 s. */
  readonly timeoutMs?: number;
  /** Longest answer read; default 2 MiB. */
  readonly maxBytes?: number;
  /** Consecutive failures after which asking stops for a while; default 5. */
  readonly failuresToOpen?: number;
  /** From 0 up to 1, for the jitter. */
  readonly random?: () => number;
}

/** The vendor's address (docs.virustotal.com/reference/overview). */
export const VIRUSTOTAL_BASE_URL = 'https://www.virustotal.com/api/v3';

const USER_AGENT = 'home-network-guardian; gzip';
const TIMEOUT_MS = 15_000;
/** A domain's object is about 20 kB; a file's with every sandbox in it can reach several hundred. */
const MAX_BYTES = 2 * 1024 * 1024;
const FAILURES_TO_OPEN = 5;
const OPEN_FOR = { baseMs: 30_000, capMs: 30 * 60_000 };

/**
 * VirusTotal's API v3, read only. At most one request per observable is under way. It stops by itself when the key is
 * refused (until `reset`), while an allowance is spent, and while the service is down.
 */
export class VirusTotalSource implements Source {
  readonly name = 'virustotal';
  readonly kinds: Source['kinds'] = new Set(OBSERVABLE_KINDS);
  readonly #clock: () => number;
  readonly #api: VirusTotalApi;
  readonly #availability: Availability;
  readonly #allowances: AllowanceReader;
  readonly #inFlight = new Map<ObservableKey, SharedRequest<Report>>();
  #explaining: Promise<Allowances | undefined> | undefined;

  constructor(options: VirusTotalSourceOptions) {
    const { apiKey, clock, log } = options;
    this.#clock = clock;
    this.#api = new VirusTotalApi(apiKey, {
      baseUrl: (options.baseUrl ?? VIRUSTOTAL_BASE_URL).replace(/\/+$/, ''),
      userAgent: withGzip(options.userAgent ?? USER_AGENT),
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      maxBytes: options.maxBytes ?? MAX_BYTES,
      clock,
    });
    const failures = options.failuresToOpen ?? FAILURES_TO_OPEN;
    const breaker = { ...OPEN_FOR, failures, random: options.random ?? Math.random };
    this.#availability = new Availability({ source: this.name, clock, log, breaker });
    this.#allowances = new AllowanceReader(this.#api, clock);
  }

  /** Whether it can be asked now. */
  get state(): SourceState {
    return this.#availability.state;
  }

  /** Until when it is spared after it failed several times in a row, and why. */
  rest(): { readonly until: number; readonly why: string } | undefined {
    return this.#availability.rest;
  }

  /** See `Source.lookUp`. The request is given up when every caller that waits for it has aborted. */
  lookUp(observable: Observable, signal: AbortSignal): Promise<Report> {
    const key = keyOf(observable);
    const running = this.#inFlight.get(key);
    if (running?.join(signal)) return running.promise;
    const request = new SharedRequest(signal, (shared) => this.#ask(observable, shared));
    this.#inFlight.set(key, request);
    const settle = () => {
      request.release();
      if (this.#inFlight.get(key) === request) this.#inFlight.delete(key);
    };
    request.promise.then(settle, settle);
    return request.promise;
  }

  /**
   * What the key is allowed and has used. Free of charge.
   *
   * @throws UnavailableError, QuotaError, CredentialsError, RefusedError
   */
  async readAllowances(signal: AbortSignal): Promise<Allowances> {
    this.#availability.checkKey();
    try {
      return await this.#allowances.read(signal);
    } catch (error) {
      if (error instanceof CredentialsError) this.#availability.refused(error);
      throw error;
    }
  }

  /** Forgets a refused key, spent allowances and failures; uses `apiKey` from now on when given. For SIGHUP. */
  reset(apiKey?: string): void {
    if (apiKey !== undefined) this.#api.useKey(apiKey);
    this.#allowances.forget();
    this.#availability.reset();
  }

  async #ask(observable: Observable, signal: AbortSignal): Promise<Report> {
    const what = `look up ${keyOf(observable)}`;
    this.#availability.begin(what);
    try {
      const answer = await this.#api.get(objectPath(observable), what, signal);
      const report = await this.#reportOf(answer, observable, signal);
      this.#availability.answered();
      return report;
    } catch (error) {
      this.#learnFrom(error);
      throw error;
    } finally {
      this.#availability.ended();
    }
  }

  async #reportOf(answer: ApiAnswer, observable: Observable, signal: AbortSignal): Promise<Report> {
    const what = `look up ${keyOf(observable)}`;
    const failure = failureOf(answer, what);
    if (failure === undefined) return reportOfObject(answer.json, observable, this.#clock());
    if (failure.kind === 'not_found') return notFound(observable, this.#clock());
    if (failure.kind !== 'quota') throw failure.error;
    const allowances = await this.#explain(signal);
    throw this.#availability.spent(what, { ...answer, allowances });
  }

  #learnFrom(error: unknown): void {
    if (error instanceof CredentialsError) this.#availability.refused(error);
    else if (error instanceof RefusedError || error instanceof NotReadyError) this.#availability.answered();
    else if (error instanceof BusyError) this.#availability.failed(error, error.waitMs);
    else if (error instanceof UnavailableError) this.#availability.failed(error);
  }

  /** Which allowance is spent. Questions asked side by side share one answer; `undefined` when it cannot be had. */
  #explain(signal: AbortSignal): Promise<Allowances | undefined> {
    this.#explaining ??= this.readAllowances(signal)
      .catch(() => undefined)
      .finally(() => {
        this.#explaining = undefined;
      });
    return this.#explaining;
  }
}

function notFound(observable: Observable, askedAt: number): Report {
  return {
    observable,
    source: 'virustotal',
    outcome: 'not_found',
    askedAt,
    stats: NO_STATS,
    flagged: [],
    reputation: 0,
    votes: { harmless: 0, malicious: 0 },
    categories: [],
    remarks: [],
    permalink: virusTotalPage(observable),
  };
}

function withGzip(userAgent: string): string {
  return userAgent.includes('gzip') ? userAgent : `${userAgent}; gzip`;
}
