import type { CredentialsError, QuotaError, UnavailableError } from '../../core/errors.ts';
import type { Log } from '../../lib/log.ts';
import { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts';
import { CircuitOpenError } from './circuit-open-error.ts';
import { QuotaPause, type QuotaSpent } from './quota-pause.ts';

/** Whether a source can be asked now, for `status`. */
export interface SourceState {
  readonly condition: 'ready' | 'bad_key' | 'quota_spent' | 'unavailable';
  /** When asking makes sense again, epoch milliseconds; absent when only a person can help. */
  readonly retryAt?: number;
  /** Why, in one line. */
  readonly message?: string;
}

/** What `Availability` needs. */
export interface AvailabilityOptions {
  readonly source: string;
  readonly clock: () => number;
  readonly log: Log;
  readonly breaker: CircuitBreakerOptions;
}

/**
 * Whether asking makes sense now, learnt from what came of asking before. Three things stop it: a refused key (until
 * `reset`), a spent allowance (until its window ends), and a service that is down (until a probe succeeds).
 * Each change is logged once.
 */
export class Availability {
  readonly #options: AvailabilityOptions;
  readonly #breaker: CircuitBreaker;
  readonly #pause = new QuotaPause();
  #badKey: CredentialsError | undefined;
  #lastFailure: string | undefined;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
    this.#breaker = new CircuitBreaker(options.breaker);
  }

  get state(): SourceState {
    if (this.#badKey !== undefined) return { condition: 'bad_key', message: this.#badKey.message };
    const spentUntil = this.#pause.retryAt(this.#options.clock());
    if (spentUntil !== undefined) return { condition: 'quota_spent', retryAt: spentUntil };
    const { retryAt } = this.#breaker;
    if (retryAt === undefined) return { condition: 'ready' };
    return { condition: 'unavailable', retryAt, ...(this.#lastFailure ? { message: this.#lastFailure } : {}) };
  }

  /** Until when the service is spared, and why; `undefined` where a question may go ahead. */
  get rest(): { readonly until: number; readonly why: string } | undefined {
    const until = this.#breaker.closedUntil(this.#options.clock());
    const failure = this.#lastFailure ?? 'it failed several times in a row';
    return until === undefined ? undefined : { until, why: `${this.#options.source} does not answer: ${failure}` };
  }

  /** @throws CredentialsError once the key was refused */
  checkKey(): void {
    if (this.#badKey !== undefined) throw this.#badKey;
  }

  /**
   * Passes when a question may be asked. `what` completes "Cannot ...". Whoever passes calls `ended` afterwards.
   *
   * @throws CredentialsError, QuotaError, CircuitOpenError
   */
  begin(what: string): void {
    const now = this.#options.clock();
    this.checkKey();
    this.#pause.check(now, what);
    const retryAt = this.#breaker.admit(now);
    if (retryAt !== undefined) throw new CircuitOpenError(what, retryAt, this.#lastFailure);
  }

  /** The question is over; without one of the calls below, nothing was learnt from it. */
  ended(): void {
    this.#breaker.abandoned();
  }

  /** The service gave an answer that was not about its allowances. */
  answered(): void {
    if (this.#breaker.state !== 'closed') this.#options.log.info('source answers again', this.#fields());
    this.#breaker.succeeded();
    this.#pause.answered(this.#options.clock());
  }

  /** No answer came, or none that means anything. `waitMs` is the wait the service asked for. */
  failed(error: UnavailableError, waitMs = 0): void {
    const openBefore = this.#breaker.state === 'open';
    this.#lastFailure = error.message;
    this.#breaker.failed(this.#options.clock(), waitMs);
    if (openBefore || this.#breaker.retryAt === undefined) return;
    const retry_at = new Date(this.#breaker.retryAt).toISOString();
    this.#options.log.warn('source is unavailable', { ...this.#fields(), retry_at, reason: error.message });
  }

  /** An allowance is spent. Gives the error to throw. */
  spent(what: string, spent: Omit<QuotaSpent, 'now'>): QuotaError {
    // A 429 is an answer: the service is up.
    this.#breaker.succeeded();
    const now = this.#options.clock();
    const known = this.#pause.retryAt(now) !== undefined;
    const error = this.#pause.note({ ...spent, now }, what);
    const retry_at = new Date(error.retryAt).toISOString();
    if (!known) this.#options.log.warn('allowance is spent', { ...this.#fields(), window: error.window, retry_at });
    return error;
  }

  /** The key is refused: nothing is asked any more until `reset`. */
  refused(error: CredentialsError): void {
    if (this.#badKey !== undefined) return;
    this.#badKey = error;
    this.#breaker.succeeded();
    this.#options.log.error('source refuses the key', {
      ...this.#fields(),
      reason: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }

  /** Forgets everything learnt. */
  reset(): void {
    this.#badKey = undefined;
    this.#lastFailure = undefined;
    this.#pause.reset();
    this.#breaker.succeeded();
  }

  #fields(): { readonly source: string } {
    return { source: this.#options.source };
  }
}
