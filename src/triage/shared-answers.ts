import { type Surroundings, whyNeverAsk } from '../core/guards.ts';
import type { Observable } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import { DAY_MS } from './quota-window.ts';
import type { Rejudged } from './verdict-keeper.ts';

/** Where reports of other sensors are kept. */
export interface SharedBook {
  /** When the latest kept answer of a source was asked, by the clock of the sensor that asked. */
  lastAskedAt(observable: Observable, source: string): number | undefined;
  /** Keeps a report unless it, or a later one, is kept already. */
  takeOver(report: Report, now: number): boolean;
  /** Whether a question about it waits here. */
  waits(observable: Observable): boolean;
  remove(observable: Observable): void;
  /** Counts questions that needed not be asked, for good. */
  addSaved(count: number): void;
  transact<T>(work: () => T): T;
}

export interface SharedAnswersOptions {
  readonly book: SharedBook;
  /** Sources whose answers count here. */
  readonly sources: ReadonlySet<string>;
  readonly surroundings: () => Surroundings;
  /** Until when an answer is trusted, judged by itself. */
  readonly trustedUntil: (report: Report) => number | undefined;
  readonly rejudge: (observable: Observable) => Rejudged;
  /** Called inside the transaction that keeps an answer: what follows from it. */
  readonly afterVerdict?: (rejudged: Rejudged) => void;
  readonly now: () => number;
}

/** Why a report of another sensor is not taken over. */
export type NotTaken = 'known' | 'old' | 'source' | 'private' | 'future';

/** A clock may be minutes off; a report from further in the future is no report. */
const MAX_AHEAD_MS = DAY_MS;

/** Takes over what other sensors of the fleet were answered. It is judged here, by this sensor's own policy, guards and words. */
export class SharedAnswers {
  readonly #options: SharedAnswersOptions;
  readonly #counts = { taken: 0, known: 0, old: 0, source: 0, private: 0, future: 0 };

  constructor(options: SharedAnswersOptions) {
    this.#options = options;
  }

  /** Reports since the start, by what came of them. */
  get counts(): Readonly<Record<NotTaken | 'taken', number>> {
    return this.#counts;
  }

  /** When the latest answer that is kept was asked, to be given to `serves`. */
  lastAskedAt(observable: Observable, source: string): number | undefined {
    return this.#options.book.lastAskedAt(observable, source);
  }

  /** Whether it makes a question of ours needless that arose when the answer of `after` was the latest. */
  serves(report: Report, after: number | undefined): boolean {
    return report.askedAt > (after ?? 0) && this.#whyNot(report) === undefined;
  }

  /** Takes over a report that serves, instead of asking. It may have flowed in meanwhile. */
  takeInstead(report: Report): Rejudged {
    const { book } = this.#options;
    return book.transact(() => {
      // What flowed in while the question was on its way was counted then.
      if (book.waits(report.observable) || this.#isNews(report)) book.addSaved(1);
      return this.#take(report);
    });
  }

  /** Takes over what flows in. Returns what judging each came to. */
  takeAll(reports: readonly Report[]): readonly Rejudged[] {
    const { book } = this.#options;
    return book.transact(() => {
      let saved = 0;
      const all = reports.flatMap((report) => {
        const whyNot = this.#whyNot(report) ?? (this.#isNews(report) ? undefined : 'known');
        if (whyNot !== undefined) this.#counts[whyNot] += 1;
        if (whyNot !== undefined) return [];
        if (book.waits(report.observable)) saved += 1;
        return [this.#take(report)];
      });
      if (saved > 0) book.addSaved(saved);
      return all;
    });
  }

  #take(report: Report): Rejudged {
    const { book, rejudge, afterVerdict, now } = this.#options;
    if (book.takeOver(report, now())) this.#counts.taken += 1;
    book.remove(report.observable);
    const rejudged = rejudge(report.observable);
    afterVerdict?.(rejudged);
    return rejudged;
  }

  #isNews({ observable, source, askedAt }: Report): boolean {
    return askedAt > (this.#options.book.lastAskedAt(observable, source) ?? 0);
  }

  #whyNot(report: Report): NotTaken | undefined {
    const { sources, surroundings, trustedUntil, now } = this.#options;
    if (!sources.has(report.source)) return 'source';
    // What may not be asked was not asked by a sensor of this network: whoever wrote it wants a name of ours to be judged.
    if (whyNeverAsk(report.observable, surroundings()) !== undefined) return 'private';
    if (report.askedAt > now() + MAX_AHEAD_MS) return 'future';
    return (trustedUntil(report) ?? 0) > now() ? undefined : 'old';
  }
}
