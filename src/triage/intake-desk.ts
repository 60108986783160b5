import type { Alert } from '../core/alert.ts';
import { type Surroundings, whyNeverAsk } from '../core/guards.ts';
import { keyOf, type Observable, type ObservableKey, observableOfKey } from '../core/observable.ts';
import { sharedHosting } from '../core/shared-hosting.ts';
import type { Via } from '../core/sighting.ts';
import type { Lane } from './lane.ts';
import { score } from './score.ts';

/** An observable that nobody here had ever seen before. */
export interface FirstSighting {
  readonly id: number;
  readonly key: ObservableKey;
  readonly via: Via;
}

/** Where questions are put, and whether an answer is there already. */
export interface QuestionBook {
  put(observableId: number, lane: Lane, worth: number, parts: Readonly<Record<string, number>>, now: number): void;
  hasAnswer(observable: Observable): boolean;
  idOf(observable: Observable, now: number): number;
  /** Drops the least worthy above `limit`. Returns how many. */
  trim(limit: number): number;
}

export interface IntakeDeskOptions {
  readonly book: QuestionBook;
  readonly surroundings: () => Surroundings;
  readonly now: () => number;
}

/** Questions that may wait. A month of a household's new names; what falls out was worth least and is asked when seen again. */
const MAX_WAITING = 100_000;

/** Decides which of the things seen become questions, and what each is worth. */
export class IntakeDesk {
  readonly #options: IntakeDeskOptions;
  #trimmed = 0;

  constructor(options: IntakeDeskOptions) {
    this.#options = options;
  }

  /** How many questions were dropped because too many were waiting. */
  get trimmed(): number {
    return this.#trimmed;
  }

  /** Considers what was seen for the first time. Call it in the transaction that records the sightings. */
  considerNew(sightings: readonly FirstSighting[]): void {
    for (const { id, key, via } of sightings) this.#put(id, observableOfKey(key), 'new', via);
    this.#trimmed += this.#options.book.trim(MAX_WAITING);
  }

  /** Considers what Suricata alerted on: the strongest reason to ask that a network itself can give. */
  considerAlerts(alerts: readonly Alert[]): void {
    const { book, now } = this.#options;
    const seen = new Set<ObservableKey>();
    for (const { observable } of alerts) {
      if (observable === undefined || seen.has(keyOf(observable))) continue;
      seen.add(keyOf(observable));
      if (!book.hasAnswer(observable)) this.#put(book.idOf(observable, now()), observable, 'alert', 'alert');
    }
  }

  /** Puts an old answer back in the queue. */
  considerRecheck(observable: Observable): void {
    const { book, now } = this.#options;
    this.#put(book.idOf(observable, now()), observable, 'recheck', 'dns');
  }

  #put(id: number, observable: Observable, lane: Lane, via: Via): void {
    const { book, surroundings, now } = this.#options;
    if (whyNeverAsk(observable, surroundings()) !== undefined) return;
    const worth = score({
      kind: observable.kind,
      via,
      alerted: lane === 'alert',
      shared: sharedHosting(observable) !== undefined,
    });
    book.put(id, lane, worth.total, worth.parts, now());
  }
}
