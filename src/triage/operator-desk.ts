import { GuardError } from '../core/errors.ts';
import type { Surroundings } from '../core/guards.ts';
import { keyOf, type Observable, type ObservableKey } from '../core/observable.ts';
import type { Override } from '../core/override.ts';
import { covers, type Pattern } from '../core/pattern.ts';
import { whyNeverBlockAll } from '../core/pattern-guard.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Rejudged } from './verdict-keeper.ts';
import { overrideFor, said } from './word-order.ts';

/** Where operators' words are kept, and what they cover is found. */
export interface OverrideBook {
  /** Keeps a word in its scope; it replaces what was said of the same pattern before, in that scope or a narrower one. */
  keep(override: Override): void;
  /** Takes back what was said of the pattern, on this sensor and on all. */
  remove(pattern: string): boolean;
  /** Drops a word whose time is over. */
  end(override: Override): void;
  /** Words whose time is over at `now` and that are still kept. */
  ended(now: number): readonly Override[];
  /** Everything that has a verdict or is wanted published and may be covered by the pattern; the desk checks each. */
  candidates(pattern: Pattern): readonly Observable[];
  find(observable: Observable): Verdict | undefined;
  isWanted(observable: Observable): boolean;
  /** Keeps that an operator allowed, by this pattern, what these voices flagged. */
  learn(pattern: string, voices: readonly string[]): void;
  unlearn(pattern: string): void;
  /** The voices that hold it malicious, by `familyOf`. */
  accusers(observable: Observable): readonly string[];
  durably<T>(work: () => T): T;
}

export interface OperatorDeskOptions {
  readonly book: OverrideBook;
  readonly overrides: () => readonly Override[];
  readonly surroundings: () => Surroundings;
  readonly rejudge: (observable: Observable) => Rejudged;
}

/** What became of one observable after an operator's word. */
export interface Affected {
  readonly key: ObservableKey;
  readonly state: string;
  readonly blockedBefore: boolean;
  readonly blocked: boolean;
  /** Why it is not as the operator said. */
  readonly conflict?: string;
}

/** What came of a word. */
export interface WordOutcome {
  readonly affected: readonly Affected[];
  /** Sentences about other words that stand against this one. */
  readonly conflicts: readonly string[];
}

/** Keeps what operators say, and judges at once everything it is about. */
export class OperatorDesk {
  readonly #options: OperatorDeskOptions;

  constructor(options: OperatorDeskOptions) {
    this.#options = options;
  }

  /**
   * Keeps a word. What it covers is judged anew in the same durable transaction.
   * @throws GuardError for a block that a hard guard forbids; nothing is kept then.
   */
  say(override: Override): WordOutcome {
    const { book, surroundings } = this.#options;
    const guard = override.action === 'block' ? whyNeverBlockAll(override.pattern, surroundings()) : undefined;
    if (guard !== undefined) {
      throw new GuardError(`Cannot block ${override.pattern.text}: ${guard}`, {
        hint: 'A hard guard says so, which nothing overrides; block the single names or addresses that you mean.',
      });
    }
    return book.durably(() => {
      book.keep(override);
      this.#learnFrom(override);
      const affected = this.#rejudge(override.pattern, override);
      return { affected, conflicts: this.#conflicts(override) };
    });
  }

  /** Takes a word back, and judges what it covered by what is known without it. */
  forget(pattern: Pattern): WordOutcome & { readonly forgotten: boolean } {
    const { book } = this.#options;
    return book.durably(() => {
      const forgotten = book.remove(pattern.text);
      book.unlearn(pattern.text);
      return { forgotten, affected: this.#rejudge(pattern), conflicts: [] };
    });
  }

  /** Takes back every word whose time is over, and judges what it covered by what is known without it. Returns how many there were. */
  endWords(now: number): number {
    const { book } = this.#options;
    const ended = book.ended(now);
    if (ended.length > 0) {
      book.durably(() => {
        for (const override of ended) {
          book.end(override);
          book.unlearn(override.pattern.text);
          this.#rejudge(override.pattern);
        }
      });
    }
    return ended.length;
  }

  /** Judges anew what these patterns cover: other sensors said something about them. Returns whether a block came or went. */
  follow(patterns: readonly Pattern[]): boolean {
    return this.#options.book.durably(() =>
      patterns.flatMap((pattern) => this.#rejudge(pattern)).some((one) => one.blocked !== one.blockedBefore),
    );
  }

  #rejudge(pattern: Pattern, word?: Override): readonly Affected[] {
    const { book } = this.#options;
    const named = namedBy(pattern);
    const others = book
      .candidates(pattern)
      .filter((one) => covers(pattern, one) && (named === undefined || keyOf(one) !== keyOf(named)));
    const all = named === undefined ? others : [named, ...others];
    return all.map((observable) => this.#rejudgeOne(observable, word));
  }

  #rejudgeOne(observable: Observable, word: Override | undefined): Affected {
    const { book, rejudge } = this.#options;
    const blockedBefore = book.isWanted(observable);
    const { verdict } = rejudge(observable);
    const blocked = book.isWanted(observable);
    const conflict = word === undefined || blocked === (word.action === 'block') ? undefined : verdict?.policyLine;
    return {
      key: keyOf(observable),
      state: verdict?.state ?? 'unasked',
      blockedBefore,
      blocked,
      ...(conflict === undefined ? {} : { conflict }),
    };
  }

  /** An allowed name teaches which voices to believe less here; every other word about it takes that lesson back. */
  #learnFrom({ action, pattern }: Override): void {
    const { book } = this.#options;
    book.unlearn(pattern.text);
    const named = namedBy(pattern);
    if (action === 'allow' && named !== undefined) book.learn(pattern.text, book.accusers(named));
  }

  #conflicts(override: Override): readonly string[] {
    const named = namedBy(override.pattern);
    if (named === undefined) return [];
    const conflicts: string[] = [];
    const holding = overrideFor(named, this.#options.overrides());
    if (holding !== undefined && holding.pattern.text !== override.pattern.text)
      conflicts.push(`${capital(said(holding))}, which is more specific and holds.`);
    const elsewhere = this.#options
      .overrides()
      .find((one) => one.scope === 'all' && one.pattern.text === override.pattern.text && one !== holding);
    if (elsewhere !== undefined && elsewhere.action !== override.action)
      conflicts.push(`${capital(said(elsewhere))}; on this sensor your word holds.`);
    return conflicts;
  }
}

/** The one observable a pattern names, where it names one. A network names none. */
function namedBy(pattern: Pattern): Observable | undefined {
  if (pattern.kind === 'exact') return pattern.observable;
  return pattern.kind === 'below' ? { kind: 'domain', value: pattern.domain } : undefined;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
