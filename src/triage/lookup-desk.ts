import { setTimeout as pause } from 'node:timers/promises';
import { CredentialsError, QuotaError, RefusedError, UnavailableError } from '../core/errors.ts';
import { type Surroundings, whyNeverAsk } from '../core/guards.ts';
import type { Observable } from '../core/observable.ts';
import type { Log } from '../lib/log.ts';
import { messageOf } from './asked.ts';
import { Asker, type AskerOptions, type Inquiry } from './asker.ts';
import { backOffMs } from './back-off.ts';
import type { Lane } from './lane.ts';
import type { LookupBook } from './lookup-book.ts';
import { isUrgent, pickQuestion, type WaitingQuestion } from './question-picker.ts';
import { DAY_MS, endOf } from './quota-window.ts';
import { REFUSED_REST_MS, Refusals } from './refusals.ts';
import type { Rejudged } from './verdict-keeper.ts';

export type { Asked } from './asked.ts';
export type { AskedSource, LookupBook } from './lookup-book.ts';

export interface LookupDeskOptions extends Omit<AskerOptions, 'refusals' | 'book'> {
  readonly book: LookupBook;
  readonly surroundings: () => Surroundings;
  /** The answer that makes a question needless by now (`IntakeDesk.serviceOf`). Never asked for a person's question. */
  readonly servedBy?: (observable: Observable) => { readonly why: string } | undefined;
  readonly log: Log;
  readonly random: () => number;
}

/** What the desk is doing, for `status`. */
export type DeskState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly until: number; readonly why: string }
  | { readonly kind: 'stopped'; readonly why: string };

/** Questions under way at once. Four a minute need no more even when each takes the full 15 s. */
const MAX_IN_FLIGHT = 4;

/** Longest sleep between two looks at the queue: a changed clock or allowance is noticed within it. */
const MAX_SLEEP_MS = 30_000;

/** How long a person waits for the answer of another sensor that is asking the same, and how often it is looked for. */
const MAX_PATIENCE_MS = 20_000;
const PATIENCE_STEP_MS = 500;

/** Asks the source what is worth asking, within the allowance, and keeps every answer. */
export class LookupDesk {
  readonly #options: LookupDeskOptions;
  readonly #asker: Asker;
  readonly #running = new Set<Promise<unknown>>();
  #timer: NodeJS.Timeout | undefined;
  #abort = new AbortController();
  #state: DeskState = { kind: 'idle' };
  readonly #refusals = new Refusals();
  #stopped = true;

  constructor(options: LookupDeskOptions) {
    this.#options = options;
    this.#asker = new Asker({ ...options, refusals: this.#refusals });
  }

  start(): void {
    this.#stopped = false;
    this.#abort = new AbortController();
    this.#options.ledger.start();
    this.#options.book.endLeases();
    this.wake();
  }

  /** Ends what is under way: a question that was not answered stays in the queue and is given back to the allowance. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#abort.abort();
    await Promise.allSettled([...this.#running]);
  }

  state(): DeskState {
    return this.#state;
  }

  /** Looks at the queue now: something was put in, or the configuration changed. */
  wake(): void {
    if (this.#stopped || this.#state.kind === 'stopped') return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), 0);
  }

  /** Asks again after a person mended what stopped the desk (a key). */
  resume(): void {
    this.#state = { kind: 'idle' };
    this.wake();
  }

  /**
   * Asks at once, for a person who waits; `again` also where another sensor has an answer.
   * @throws RefusedError when the question may not leave this machine or this source does not know the kind,
   *   and what `Source.lookUp` throws.
   */
  async askNow(observable: Observable, { again = false }: { readonly again?: boolean } = {}): Promise<Rejudged> {
    const { source } = this.#options;
    const private_ = this.#whyNot(observable);
    if (private_ !== undefined)
      throw new RefusedError(`Cannot ask ${source.name} about ${observable.value}: ${private_}`, {
        hint: 'It stays on this machine; decide with "guardian block" or "guardian allow".',
      });
    const known = again ? undefined : await this.#asker.known(observable);
    if (known !== undefined) return known;
    const rest = source.rest?.();
    if (rest !== undefined)
      throw new UnavailableError(`Cannot ask ${source.name} about ${observable.value}: it does not answer`, {
        hint: `${rest.why}. Try again after ${new Date(rest.until).toISOString()}.`,
      });
    return this.#track(this.#askPatiently(observable, again));
  }

  async #askPatiently(observable: Observable, again: boolean): Promise<Rejudged> {
    const { source, ledger, now } = this.#options;
    const patientUntil = now() + MAX_PATIENCE_MS;
    for (;;) {
      const permit = ledger.permit('manual');
      if (!permit.granted) throw this.#spent(observable, `this ${permit.window}'s allowance is spent`, permit);
      const signal = this.#abort.signal;
      const inquiry = await this.#asker.ask(observable, { lane: 'manual', again, signal });
      if (inquiry.kind === 'answered') return inquiry.rejudged;
      if (inquiry.window !== undefined)
        throw this.#spent(observable, inquiry.why, { window: inquiry.window, retryAt: inquiry.until });
      if (now() >= patientUntil || signal.aborted)
        throw new UnavailableError(`Cannot ask ${source.name} about ${observable.value}: ${inquiry.why}`, {
          hint: 'Try again in a minute.',
        });
      await pause(PATIENCE_STEP_MS);
    }
  }

  #spent(observable: Observable, why: string, { window, retryAt }: Pick<QuotaError, 'window' | 'retryAt'>): QuotaError {
    return new QuotaError(`Cannot ask ${this.#options.source.name} about ${observable.value}: ${why}`, {
      hint: `Try again after ${new Date(retryAt).toISOString()}.`,
      retryAt: Math.max(retryAt, this.#options.now()),
      window,
    });
  }

  #pump(): void {
    if (this.#stopped || this.#state.kind === 'stopped') return;
    while (this.#asker.inFlight < MAX_IN_FLIGHT) {
      const wait = this.#askNext();
      if (wait === undefined) continue;
      this.#state = this.#asker.inFlight > 0 ? { kind: 'asking' } : wait;
      this.#sleep(wait);
      return;
    }
    this.#state = { kind: 'asking' };
  }

  /** Starts the question a token is best spent on; returns what to wait for when there is none. */
  #askNext(): DeskState | undefined {
    const { book, ledger, now, source } = this.#options;
    // Before a question is taken: what is not sent must neither wait longer for it nor be written down as sent.
    const rest = source.rest?.();
    if (rest !== undefined) return { kind: 'waiting', ...rest };
    const picked = pickQuestion((lane) => book.next(lane, now()), ledger);
    if (picked.kind === 'idle') return picked;
    if (picked.kind === 'wait')
      return { kind: 'waiting', until: picked.until, why: `this ${picked.window}'s share of the allowance is used` };
    this.#begin(picked.question, picked.lane);
    return undefined;
  }

  #begin(question: WaitingQuestion, lane: Lane): void {
    const { observable, attempts } = question;
    const { book, log, now } = this.#options;
    const never = this.#whyNot(observable) ?? (lane === 'new' ? this.#options.servedBy?.(observable)?.why : undefined);
    if (never !== undefined) {
      book.durably(() => book.remove(observable));
      log.debug('question dropped', { observable: observable.value, reason: never });
      return;
    }
    // Out of the queue's sight while it is under way; after a crash it comes back by itself.
    book.lease(observable, now() + LEASE_MS);
    const asking = this.#asker
      .ask(observable, { lane, urgent: isUrgent(question, lane), signal: this.#abort.signal })
      .then((inquiry) => this.#afterInquiry(observable, lane, inquiry))
      .catch((error: unknown) => this.#afterFailure(observable, attempts + 1, error));
    void this.#track(asking).finally(() => this.wake());
  }

  /** A question that has to wait is shown again: no attempt has failed. */
  #afterInquiry(observable: Observable, lane: Lane, inquiry: Inquiry): void {
    if (inquiry.kind === 'answered') return;
    const { book, ledger, log, now } = this.#options;
    const { window, until, why } = inquiry;
    if (window !== undefined) ledger.hold(lane, until, window);
    book.lease(observable, window === undefined ? until : now());
    log.debug('question waits', { observable: observable.value, reason: why });
  }

  /** Decides what becomes of a question whose attempt failed. A bug is not caught here. */
  #afterFailure(observable: Observable, attempts: number, error: unknown): void {
    const { book, ledger, log, now, random } = this.#options;
    const fields = { observable: observable.value, err: error };
    if (error instanceof QuotaError) {
      ledger.close(error.window === 'unknown' ? 'minute' : error.window, error.retryAt);
      book.postpone(observable, now(), error.message);
      log.warn('allowance spent', { window: error.window, retry_at: new Date(error.retryAt).toISOString() });
    } else if (error instanceof CredentialsError) {
      book.postpone(observable, now(), error.message);
      this.#state = { kind: 'stopped', why: error.message };
      log.error('source refuses our key', fields);
    } else if (error instanceof RefusedError) {
      this.#afterRefusal(observable, attempts, error);
    } else if (error instanceof UnavailableError || this.#abort.signal.aborted) {
      book.postpone(observable, this.#stopped ? now() : now() + backOffMs(attempts, random), messageOf(error));
      log.debug('no answer', fields);
    } else {
      throw error;
    }
  }

  #afterRefusal(observable: Observable, attempts: number, error: RefusedError): void {
    const { book, ledger, log, now, random } = this.#options;
    if (!this.#refusals.refused()) {
      book.durably(() => book.remove(observable));
      log.warn('source refuses the question', { observable: observable.value, err: error });
      return;
    }
    book.postpone(observable, now() + backOffMs(attempts, random), error.message);
    ledger.close('day', now() + REFUSED_REST_MS);
    log.error('source refuses every question, asking rests', { err: error });
  }

  #whyNot(observable: Observable): string | undefined {
    const { source, surroundings } = this.#options;
    if (!source.kinds.has(observable.kind)) return `${source.name} is not asked about a ${observable.kind}`;
    return whyNeverAsk(observable, surroundings());
  }

  #sleep(wait: DeskState): void {
    const { now } = this.#options;
    const until = wait.kind === 'waiting' ? wait.until : Math.min(endOf('day', now()), now() + DAY_MS);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, Math.min(MAX_SLEEP_MS, until - now())));
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    const forget = (): void => void this.#running.delete(work);
    work.then(forget, forget);
    return work;
  }
}

/** A question under way is asked again when no answer came within this long: four times the source's own timeout. */
const LEASE_MS = 60_000;
