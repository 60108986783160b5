import type { FleetSpending } from './fleet.ts';
import { type QuotaWindow, startOf } from './quota-window.ts';

/** Where spending and allowances are kept. Every call is on disk when it returns to the loop. */
export interface QuotaBook {
  add(source: string, window: string, startsAt: number, lane: string, used: number): void;
  spent(source: string, window: string, startsAt: number): ReadonlyMap<string, number>;
  allow(source: string, allowance: { window: string; allowed: number; foreignUsed: number; readAt: number }): void;
  allowances(source: string): readonly { window: string; allowed: number; foreignUsed: number; readAt: number }[];
}

/** What the source says about one window of our key. */
export interface AllowanceReading {
  readonly window: QuotaWindow;
  readonly allowed: number;
  /** Spent in the present window as the source counts, by everybody who uses the key. */
  readonly used: number;
}

export interface AccountBookOptions {
  readonly source: string;
  readonly book: QuotaBook;
  /** Our own ceilings: the lower one wins. */
  readonly ceilings: () => { readonly minute: number; readonly day: number };
  readonly others: () => FleetSpending | undefined;
}

/** Who spent what of an account: this sensor, the other sensors of the fleet, and whoever else uses the key. */
export class AccountBook {
  readonly #options: AccountBookOptions;

  constructor(options: AccountBookOptions) {
    this.#options = options;
  }

  /** What a window allows; `undefined` for a month that the source does not tell. */
  allowed(window: QuotaWindow): number | undefined {
    const told = this.#told(window)?.allowed;
    const ceiling = window === 'month' ? undefined : this.#options.ceilings()[window];
    if (told === undefined) return ceiling;
    return ceiling === undefined ? told : Math.min(told, ceiling);
  }

  /** Spent in the window that holds `now`, by everybody. */
  used(window: QuotaWindow, now: number): number {
    return this.usedHere(window, startOf(window, now)) + this.#usedByFleet(window, now) + this.foreign(window, now);
  }

  /** Spent by this sensor. */
  usedHere(window: QuotaWindow, startsAt: number): number {
    return sum(this.spentHere(window, startsAt).values());
  }

  /** Spent by this sensor, by lane. */
  spentHere(window: QuotaWindow, startsAt: number): ReadonlyMap<string, number> {
    const { book, source } = this.#options;
    return book.spent(source, window, startsAt);
  }

  /** Spent today by all sensors, by lane. */
  spentToday(now: number): ReadonlyMap<string, number> {
    const total = new Map(this.spentHere('day', startOf('day', now)));
    for (const [lane, count] of this.#others(now)?.byLane ?? []) total.set(lane, (total.get(lane) ?? 0) + count);
    return total;
  }

  /** Spent with our key by whoever is no sensor of the fleet, as of the last reading. */
  foreign(window: QuotaWindow, now: number): number {
    const told = this.#told(window);
    return told !== undefined && startOf(window, told.readAt) === startOf(window, now) ? told.foreignUsed : 0;
  }

  /** Adds to what a lane spent, or gives back. */
  add(window: QuotaWindow, at: number, lane: string, count: number): void {
    const { book, source } = this.#options;
    book.add(source, window, startOf(window, at), lane, count);
  }

  /** Corrects the book by what the source itself counts. */
  learn(readings: readonly AllowanceReading[], readAt: number): void {
    const { book, source } = this.#options;
    for (const { window, allowed, used } of readings) {
      const ours = this.usedHere(window, startOf(window, readAt)) + this.#usedByFleet(window, readAt);
      book.allow(source, { window, allowed, foreignUsed: Math.max(0, used - ours), readAt });
    }
  }

  #usedByFleet(window: QuotaWindow, now: number): number {
    const others = this.#others(now);
    if (others === undefined || window === 'minute') return 0;
    return window === 'month' ? others.inMonth : sum(others.byLane.values());
  }

  /** Of another day it says nothing about today. */
  #others(now: number): FleetSpending | undefined {
    const others = this.#options.others();
    return others?.dayStartsAt === startOf('day', now) ? others : undefined;
  }

  #told(window: QuotaWindow) {
    const { book, source } = this.#options;
    return book.allowances(source).find((one) => one.window === window);
  }
}

/** The sum of numbers. */
export function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
