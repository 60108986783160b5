import { keyOf, type Observable } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import { type Asked, messageOf, outcomeOf, sentForm } from './asked.ts';
import { type Fleet, whyNoTurn, windowOf } from './fleet.ts';
import type { Lane } from './lane.ts';
import type { AskedSource, LookupBook } from './lookup-book.ts';
import type { QuotaLedger, Spending } from './quota-ledger.ts';
import type { QuotaWindow } from './quota-window.ts';
import type { Refusals } from './refusals.ts';
import type { SharedAnswers } from './shared-answers.ts';
import type { Rejudged } from './verdict-keeper.ts';

/** The other sensors of the account, and how their answers are taken over. */
export interface FleetAccess {
  readonly fleet: Fleet;
  readonly answers: SharedAnswers;
}

export interface AskerOptions {
  readonly source: AskedSource;
  readonly ledger: QuotaLedger;
  readonly book: Pick<LookupBook, 'remove' | 'disclose' | 'keepAsked' | 'keepReport' | 'durably'>;
  readonly rejudge: (observable: Observable) => Rejudged;
  readonly afterVerdict?: (rejudged: Rejudged) => void;
  /** Called after an answer is on disk. Without `asked` where another sensor had it. */
  readonly onAnswer: (rejudged: Rejudged, asked: Asked | undefined) => void;
  /** Absent: nobody shares with this sensor. */
  readonly shared?: FleetAccess;
  readonly refusals: Refusals;
  readonly now: () => number;
}

/** How a question is asked. */
export interface Manner {
  readonly lane: Lane;
  readonly urgent?: boolean;
  /** A person wants a fresh answer, also where another sensor has one. */
  readonly again?: boolean;
  readonly signal: AbortSignal;
}

/** What came of a question: an answer, or why it has to wait. */
export type Inquiry =
  | { readonly kind: 'answered'; readonly rejudged: Rejudged }
  | {
      readonly kind: 'deferred';
      /** Absent: while another sensor asks the same. */
      readonly window?: QuotaWindow;
      readonly until: number;
      readonly why: string;
    };

/** Another sensor's question is answered within seconds, and its answer is in the centre then. */
const ASKED_RETRY_MS = 3_000;

/**
 * Asks one question. The order: does another sensor have the answer; is it our turn; count it, write down that it leaves, ask, keep
 * answer and verdict in one durable transaction; and only then let others act.
 */
export class Asker {
  readonly #options: AskerOptions;
  readonly #inFlight = new Map<string, Promise<Inquiry>>();

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  /** Questions under way. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** @throws what `AskedSource.lookUp` throws */
  async ask(observable: Observable, manner: Manner): Promise<Inquiry> {
    // Who wants a fresh answer joins nobody that may be served an older one.
    const key = `${manner.again === true ? 'again' : 'any'} ${keyOf(observable)}`;
    const underWay = this.#inFlight.get(key);
    if (underWay !== undefined) return underWay;
    const inquiry = this.#inquire(observable, manner);
    this.#inFlight.set(key, inquiry);
    try {
      return await inquiry;
    } finally {
      this.#inFlight.delete(key);
    }
  }

  async #inquire(observable: Observable, manner: Manner): Promise<Inquiry> {
    // Alone nothing may come between the choice of a question and its leaving: the next choice depends on it.
    const settled = this.#options.shared === undefined ? undefined : await this.#inTurn(observable, manner);
    return settled ?? { kind: 'answered', rejudged: await this.#fromSource(observable, manner) };
  }

  /** The answer of another sensor, as far as it serves. Costs nothing. */
  async known(observable: Observable): Promise<Rejudged | undefined> {
    const { shared } = this.#options;
    if (shared === undefined) return undefined;
    const serves = this.#servesNow(observable);
    const report = await shared.fleet.known(observable);
    return report !== undefined && serves(report) ? this.#takeOver(report, shared) : undefined;
  }

  /** What an answer must be newer than is told when the question arises: it may flow in while the question is on its way. */
  #servesNow(observable: Observable): (report: Report) => boolean {
    const { shared, source } = this.#options;
    const after = shared?.answers.lastAskedAt(observable, source.name);
    return (report) => shared?.answers.serves(report, after) === true;
  }

  /** What the fleet has to say first; `undefined` where the question may leave, and then it must in the same turn of the loop. */
  async #inTurn(observable: Observable, manner: Manner): Promise<Inquiry | undefined> {
    const { ledger, source, shared, now } = this.#options;
    const mark = ledger.earmark(manner.lane);
    try {
      const settled = await this.#fromFleet(observable, manner);
      if (settled !== undefined) return settled;
      const stopping = manner.signal.aborted ? { until: now(), why: 'this guardian is stopping' } : undefined;
      const rest = stopping ?? source.rest?.();
      if (rest === undefined) return undefined;
      shared?.fleet.giveBack(observable, manner.lane, false);
      return { kind: 'deferred', ...rest };
    } finally {
      mark();
    }
  }

  async #fromFleet(
    observable: Observable,
    { lane, urgent = false, again = false }: Manner,
  ): Promise<Inquiry | undefined> {
    const { shared, ledger, now } = this.#options;
    if (shared === undefined) return undefined;
    const serves = again ? {} : { serves: this.#servesNow(observable) };
    const known = again ? undefined : await this.known(observable);
    if (known !== undefined) return { kind: 'answered', rejudged: known };
    const turn = await shared.fleet.take(observable, { ...ledger.draw(lane, urgent), ...serves });
    if (turn.granted) return undefined;
    if (turn.why === 'known') return { kind: 'answered', rejudged: this.#takeOver(turn.report, shared) };
    if (turn.why === 'asked' || turn.why === 'slow')
      return { kind: 'deferred', until: now() + ASKED_RETRY_MS, why: whyNoTurn(turn.why) };
    return { kind: 'deferred', window: windowOf(turn.why), until: turn.retryAt, why: whyNoTurn(turn.why) };
  }

  #takeOver(report: Report, { answers }: FleetAccess): Rejudged {
    const rejudged = answers.takeInstead(report);
    this.#options.onAnswer(rejudged, undefined);
    return rejudged;
  }

  async #fromSource(observable: Observable, { lane, signal }: Manner): Promise<Rejudged> {
    const { source, ledger, book, now } = this.#options;
    const at = now();
    const spending = book.durably(() => {
      book.disclose(source.name, sentForm(observable), at);
      return ledger.spend(lane);
    });
    const asked = { at, source: source.name, observable, lane };
    try {
      const report = await source.lookUp(observable, signal);
      return this.#keepAnswer(report, { ...asked, outcome: report.outcome, tookMs: now() - at, error: undefined });
    } catch (error) {
      this.#keepFailure(error, spending, { ...asked, tookMs: now() - at });
      throw error;
    }
  }

  #keepAnswer(report: Report, asked: Asked): Rejudged {
    const { book, rejudge, onAnswer, refusals, shared } = this.#options;
    refusals.answered();
    const rejudged = book.durably(() => {
      book.keepReport(report);
      book.keepAsked(asked);
      book.remove(asked.observable);
      const outcome = rejudge(asked.observable);
      this.#options.afterVerdict?.(outcome);
      return outcome;
    });
    shared?.fleet.settle(report);
    onAnswer(rejudged, asked);
    return rejudged;
  }

  #keepFailure(error: unknown, spending: Spending, asked: Omit<Asked, 'outcome' | 'error'>): void {
    const { book, ledger, shared } = this.#options;
    const outcome = outcomeOf(error);
    // A refusal is an answer of its kind, and is charged.
    const isCharged = outcome === 'refused';
    book.durably(() => {
      if (!isCharged) ledger.giveBack(spending);
      if (outcome !== undefined) book.keepAsked({ ...asked, outcome, error: messageOf(error) });
    });
    shared?.fleet.giveBack(asked.observable, asked.lane, isCharged);
  }
}
