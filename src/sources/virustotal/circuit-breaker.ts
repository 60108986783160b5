import { type BackoffOptions, backoffMs } from './backoff.ts';

/** When a breaker opens, and how long it stays open: `baseMs` the first time, doubled up to `capMs`, jittered. */
export interface CircuitBreakerOptions extends BackoffOptions {
  /** Consecutive failures that open it. */
  readonly failures: number;
  /** A number from 0 up to 1. */
  readonly random: () => number;
}

export type CircuitState = 'closed' | 'open' | 'half_open';

/**
 * Spares a service that is down, and the wait for it. Opens after several failures in a row; after a wait one probe
 * is let through, whose outcome closes it or opens it for longer. It knows no clock: every call is told the time
 * (epoch milliseconds). Whoever was admitted reports exactly one of `succeeded`, `failed` and `abandoned`.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  /** Times it opened without a success in between. */
  #openings = 0;
  #retryAt: number | undefined;
  #probing = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  get state(): CircuitState {
    if (this.#retryAt === undefined) return 'closed';
    return this.#probing ? 'half_open' : 'open';
  }

  /** When the next probe is let through; `undefined` while closed. */
  get retryAt(): number | undefined {
    return this.#retryAt;
  }

  /** What `admit` would say, without letting anybody through. */
  closedUntil(now: number): number | undefined {
    if (this.#retryAt === undefined) return undefined;
    if (this.#probing) return Math.max(this.#retryAt, now + this.#options.baseMs);
    return now < this.#retryAt ? this.#retryAt : undefined;
  }

  /** `undefined`: go ahead. A number: not now, ask again at that time. */
  admit(now: number): number | undefined {
    const until = this.closedUntil(now);
    if (until === undefined && this.#retryAt !== undefined) this.#probing = true;
    return until;
  }

  /** The service answered, whatever it said. */
  succeeded(): void {
    this.#failures = 0;
    this.#openings = 0;
    this.#retryAt = undefined;
    this.#probing = false;
  }

  /** The service did not answer. `waitMs` above 0 is the wait it asked for itself; then it opens at once. */
  failed(now: number, waitMs = 0): void {
    this.#failures += 1;
    // Requests sent before it opened may still fail: they are the same outage, not a longer one.
    if (this.state === 'open') return;
    if (this.state === 'closed' && this.#failures < this.#options.failures && waitMs <= 0) return;
    this.#openings += 1;
    this.#probing = false;
    this.#retryAt = now + Math.max(waitMs, backoffMs(this.#openings, this.#options, this.#options.random));
  }

  /** The question was given up before an answer could come: nothing was learnt. */
  abandoned(): void {
    this.#probing = false;
  }
}
