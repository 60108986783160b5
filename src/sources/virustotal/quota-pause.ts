import { QuotaError } from '../../core/errors.ts';
import { type Allowances, isSpent } from './allowances.ts';
import { grownMs } from './backoff.ts';

/** What is known when an answer was 429. */
export interface QuotaSpent {
  /** Our clock, epoch milliseconds. */
  readonly now: number;
  readonly retryAfterMs: number | undefined;
  /** The server's clock, where it told it. */
  readonly serverAt: number | undefined;
  /** What `overall_quotas` says; `undefined` when it could not be read either. */
  readonly allowances: Allowances | undefined;
}

const MINUTE_MS = 60_000;
/** For a 429 that no allowance explains: VirusTotal also limits by address, and does not say for how long. */
const UNEXPLAINED = { baseMs: MINUTE_MS, capMs: 3_600_000 };
/** More 429 in a row than this, a minute apart, are not the minute's allowance. */
const MINUTES_BELIEVED = 3;
/** A larger difference than this is no drift of clocks but a wrong header. */
const MAX_DRIFT_MS = 10 * MINUTE_MS;

/**
 * Keeps us from asking while an allowance is spent: asking on is what gets keys suspended. A 429 does not say which
 * of the windows it was, so the (free) allowances decide: the day ends at 00:00 UTC, the month on the 1st at 00:00 UTC,
 * a minute within sixty seconds; what nothing explains waits a minute, then twice as long each time, up to an hour.
 */
export class QuotaPause {
  #inARow = 0;
  #pause: { readonly retryAt: number; readonly window: QuotaError['window'] } | undefined;

  /** When asking makes sense again; `undefined` while nothing is spent. */
  retryAt(now: number): number | undefined {
    return this.#pause !== undefined && now < this.#pause.retryAt ? this.#pause.retryAt : undefined;
  }

  /** @throws QuotaError while an allowance is known to be spent */
  check(now: number, what: string): void {
    if (this.#pause !== undefined && now < this.#pause.retryAt) throw errorOf(this.#pause, what);
  }

  /** Notes a 429 and gives the error to throw for it. */
  note(spent: QuotaSpent, what: string): QuotaError {
    // Answers to questions asked side by side are one and the same event.
    if (this.retryAt(spent.now) === undefined) this.#inARow += 1;
    const window = windowOf(spent.allowances, this.#inARow);
    this.#pause = { window, retryAt: retryAtOf(window, spent, this.#inARow) };
    return errorOf(this.#pause, what);
  }

  /** An answer came that was no 429. It does not end a pause: it may belong to a question asked before. */
  answered(now: number): void {
    if (this.retryAt(now) === undefined) this.reset();
  }

  /** Forgets every 429. */
  reset(): void {
    this.#inARow = 0;
    this.#pause = undefined;
  }
}

function windowOf(allowances: Allowances | undefined, inARow: number): QuotaError['window'] {
  if (allowances === undefined) return 'unknown';
  if (isSpent(allowances.month)) return 'month';
  if (isSpent(allowances.day)) return 'day';
  // When the hour of VirusTotal begins is not documented.
  return isSpent(allowances.hour) || inARow > MINUTES_BELIEVED ? 'unknown' : 'minute';
}

function retryAtOf(window: QuotaError['window'], spent: QuotaSpent, inARow: number): number {
  const asked = spent.retryAfterMs === undefined ? undefined : spent.now + spent.retryAfterMs;
  switch (window) {
    case 'minute':
      return asked ?? spent.now + MINUTE_MS;
    case 'day':
      return Math.max(asked ?? 0, whenReset(nextDay, spent));
    case 'month':
      return Math.max(asked ?? 0, whenReset(nextMonth, spent));
    case 'unknown':
      return Math.max(asked ?? 0, spent.now + grownMs(inARow, UNEXPLAINED));
  }
}

/** A clock of ours that runs ahead asks just before the reset; the answer must not cost us a whole day. */
function whenReset(next: (at: number) => number, { now, serverAt }: QuotaSpent): number {
  const ours = next(now);
  if (serverAt === undefined || serverAt >= now || now - serverAt > MAX_DRIFT_MS) return ours;
  const theirs = next(serverAt);
  return theirs < ours ? now + (theirs - serverAt) + 1_000 : ours;
}

function nextDay(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1);
}

function nextMonth(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

function errorOf(pause: { retryAt: number; window: QuotaError['window'] }, what: string): QuotaError {
  const until = new Date(pause.retryAt).toISOString();
  const which = pause.window === 'unknown' ? 'an allowance' : `the allowance of this ${pause.window}`;
  return new QuotaError(`Cannot ${what}: ${which} of VirusTotal is spent, want to wait until ${until}`, {
    ...pause,
    hint: 'Run "guardian status" to see what the key is allowed and what it was spent on.',
  });
}
