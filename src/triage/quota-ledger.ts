import type { Lane, ReservedLane } from './lane.ts';
import { flowsAt, generalUse, type Reserves, reservesAt, timeOf } from './pace.ts';
import { DAY_MS, endOf, MINUTE_MS, type QuotaWindow, startOf } from './quota-window.ts';

/** Where spending and allowances are kept. Every call is on disk when it returns to the loop. */
export interface QuotaBook {
  add(source: string, window: string, startsAt: number, lane: string, used: number): void;
  spent(source: string, window: string, startsAt: number): ReadonlyMap<string, number>;
  allow(source: string, allowance: { window: string; allowed: number; foreignUsed: number; readAt: number }): void;
  allowances(source: string): readonly { window: string; allowed: number; foreignUsed: number; readAt: number }[];
}

/** Our own ceilings. The source's allowance is read from the source, and the lower one wins. */
export interface QuotaLimits {
  readonly maxPerMinute: number;
  readonly maxPerDay: number;
  /** Shares of the day kept for a lane, 0 to 1. */
  readonly reserve: Readonly<Record<ReservedLane, number>>;
}

/** What the source says about one window of our key. */
export interface AllowanceReading {
  readonly window: QuotaWindow;
  readonly allowed: number;
  /** Spent in the present window as the source counts, by everybody who uses the key. */
  readonly used: number;
}

/** Whether a question may be asked now, and when not, from when on it may (epoch milliseconds). */
export type Permit =
  | { readonly granted: true }
  | { readonly granted: false; readonly retryAt: number; readonly window: QuotaWindow };

/** What `spend` took, to be given back when the question brought no answer. */
export interface Spending {
  readonly lane: Lane;
  readonly at: number;
}

/** One line of the burn-down that `status` shows. */
export interface QuotaUse {
  readonly window: QuotaWindow;
  readonly allowed: number;
  readonly used: number;
  readonly resetsAt: number;
}

/** How the day's allowance burns down, for `status`. */
export interface BurnDown {
  /** What may be spent today: the day's allowance, or what the month leaves of it. */
  readonly allowed: number;
  readonly usedByLane: Readonly<Partial<Record<Lane, number>>>;
  /** Spent with our key by others. */
  readonly usedByOthers: number;
  /** Kept for a lane at this moment. */
  readonly reserves: Reserves;
  readonly resetsAt: number;
  /** From when on each lane may ask its next question, epoch milliseconds; in the past or now where it may at once. */
  readonly nextAt: Readonly<Record<Lane, number>>;
}

/** How pressing a question is. */
export interface Pressure {
  /** Worth enough to run ahead of the even flow, within a bound. */
  readonly urgent?: boolean;
  /** A re-check that may use what nobody else wants: it draws on the general part, in its even flow. */
  readonly leftover?: boolean;
}

export interface QuotaLedgerOptions {
  readonly source: string;
  readonly book: QuotaBook;
  readonly limits: QuotaLimits;
  readonly now: () => number;
  /** A clock nobody sets (milliseconds since any start), for the minute's limit. The wall clock where it is absent. */
  readonly uptimeMs?: () => number;
}

const WINDOWS = ['minute', 'day', 'month'] as const;

/**
 * The account book of a scarce allowance. Spending is written before the question leaves, so `kill -9` loses no count.
 * Two flows run through the day: new questions draw on the general part and re-checks on their reserve, each evenly, and what was
 * not used in the morning carries forward to the evening. Alerts and people are served at once, from their
 * reserve first and then from the general part.
 */
export class QuotaLedger {
  readonly #source: string;
  readonly #book: QuotaBook;
  #limits: QuotaLimits;
  readonly #now: () => number;
  readonly #uptimeMs: () => number;
  /** When the latest questions left, by `#uptimeMs`; at most as many as a minute allows are looked at. */
  #recent: number[];
  #closed: { readonly until: number; readonly window: QuotaWindow } | undefined;

  constructor(options: QuotaLedgerOptions) {
    this.#source = options.source;
    this.#book = options.book;
    this.#limits = options.limits;
    this.#now = options.now;
    this.#uptimeMs = options.uptimeMs ?? options.now;
    this.#recent = [];
  }

  /** Takes up what was spent shortly before a restart, as if the last of it had left just now. */
  start(): void {
    const now = this.#now();
    for (const startsAt of [startOf('minute', now) - MINUTE_MS, startOf('minute', now)]) {
      const used = this.#usedByUs('minute', startsAt);
      const age = Math.max(0, now - (startsAt + MINUTE_MS - 1));
      for (let i = 0; i < used; i++) this.#recent.push(this.#uptimeMs() - age);
    }
  }

  /** Follows a changed configuration. */
  limit(limits: QuotaLimits): void {
    this.#limits = limits;
  }

  /** Whether a question of this lane may be asked now. Changes nothing. */
  permit(lane: Lane, pressure: Pressure = {}): Permit {
    const now = this.#now();
    if (this.#closed !== undefined && now < this.#closed.until)
      return { granted: false, retryAt: this.#closed.until, window: this.#closed.window };
    const minute = this.#permitMinute(now);
    return minute.granted ? this.#permitDay(lane, pressure, now) : minute;
  }

  /** Takes one question from the allowance. Call it before the question leaves. */
  spend(lane: Lane): Spending {
    const at = this.#now();
    for (const window of WINDOWS) this.#book.add(this.#source, window, startOf(window, at), lane, 1);
    this.#recent.push(this.#uptimeMs());
    return { lane, at };
  }

  /**
   * Gives back a question that brought no answer: the source does not charge for its own failures. Its minute stays used, so
   * that a source in trouble is never asked faster than one that answers.
   */
  giveBack(spending: Spending): void {
    for (const window of ['day', 'month'] as const)
      this.#book.add(this.#source, window, startOf(window, spending.at), spending.lane, -1);
  }

  /** Corrects the book by what the source itself counts: others may use the same key. */
  learn(readings: readonly AllowanceReading[]): void {
    const readAt = this.#now();
    for (const { window, allowed, used } of readings) {
      const foreignUsed = Math.max(0, used - this.#usedByUs(window, startOf(window, readAt)));
      this.#book.allow(this.#source, { window, allowed, foreignUsed, readAt });
    }
  }

  /** The source said that a window is spent: nothing is asked until then. */
  close(window: QuotaWindow, until: number): void {
    this.#closed = { until, window };
  }

  /** Allowed and used by window, for `status`. */
  use(): readonly QuotaUse[] {
    const now = this.#now();
    return WINDOWS.flatMap((window) => {
      const allowed = this.#allowed(window);
      if (allowed === undefined) return [];
      const used = window === 'minute' ? this.#inLastMinute() : this.#used(window, now);
      return [{ window, allowed, used, resetsAt: endOf(window, now) }];
    });
  }

  /** How the day burns down and when each lane may ask next, for `status`. */
  burnDown(): BurnDown {
    const now = this.#now();
    const today = this.#today(now);
    const nextAt = (lane: Lane): number => {
      const permit = this.permit(lane);
      return permit.granted ? now : permit.retryAt;
    };
    return {
      allowed: today.allowed,
      usedByLane: Object.fromEntries(today.spent),
      usedByOthers: today.foreign,
      reserves: today.reserves,
      resetsAt: endOf(today.window, now),
      nextAt: { alert: nextAt('alert'), manual: nextAt('manual'), recheck: nextAt('recheck'), new: nextAt('new') },
    };
  }

  #permitMinute(now: number): Permit {
    const perMinute = this.#allowed('minute') ?? this.#limits.maxPerMinute;
    if (this.#inLastMinute() < perMinute) return { granted: true };
    const oldest = this.#recent.at(-Math.max(1, perMinute)) ?? this.#uptimeMs();
    return { granted: false, retryAt: now + Math.max(1, oldest + MINUTE_MS - this.#uptimeMs()), window: 'minute' };
  }

  #permitDay(lane: Lane, pressure: Pressure, now: number): Permit {
    const today = this.#today(now);
    const { allowed, spent, foreign, reserves, elapsed } = today;
    const denied: Permit = { granted: false, retryAt: endOf(today.window, now), window: today.window };
    if (sum(spent.values()) + foreign >= allowed) return denied;
    const used = spent.get(lane) ?? 0;
    const atOnce = lane === 'alert' || lane === 'manual' || (lane === 'recheck' && pressure.urgent === true);
    if (atOnce && used < reserves[lane]) return { granted: true };
    const general = allowed - sum(Object.values(reserves));
    const usedGeneral = generalUse(spent, reserves) + foreign;
    if (atOnce) return usedGeneral < general ? { granted: true } : denied;
    const own = lane === 'recheck' && pressure.leftover !== true;
    const flow = own
      ? flowsAt(used, reserves.recheck, false)
      : flowsAt(usedGeneral, general, lane === 'new' && pressure.urgent === true);
    if (flow <= elapsed) return { granted: true };
    return flow > 1 ? denied : { granted: false, retryAt: timeOf(flow, startOf('day', now)), window: 'day' };
  }

  #today(now: number): Today {
    const { total, window } = this.#allowedToday(now);
    const elapsed = (now - startOf('day', now)) / DAY_MS;
    return {
      allowed: total,
      window,
      elapsed,
      spent: this.#book.spent(this.#source, 'day', startOf('day', now)),
      foreign: this.#foreign('day', now),
      reserves: reservesAt(elapsed, total, this.#limits.reserve),
    };
  }

  /** Today's total: what the day allows, or what is left of the month where that is less. */
  #allowedToday(now: number): { readonly total: number; readonly window: QuotaWindow } {
    const day = this.#allowed('day') ?? this.#limits.maxPerDay;
    const month = this.#allowed('month');
    if (month === undefined) return { total: day, window: 'day' };
    const leftOfMonth = month - this.#used('month', now) + this.#used('day', now);
    return leftOfMonth < day ? { total: Math.max(0, leftOfMonth), window: 'month' } : { total: day, window: 'day' };
  }

  #allowed(window: QuotaWindow): number | undefined {
    const told = this.#book.allowances(this.#source).find((one) => one.window === window)?.allowed;
    const ceiling =
      window === 'minute' ? this.#limits.maxPerMinute : window === 'day' ? this.#limits.maxPerDay : undefined;
    if (told === undefined) return ceiling;
    return ceiling === undefined ? told : Math.min(told, ceiling);
  }

  #used(window: QuotaWindow, now: number): number {
    return this.#usedByUs(window, startOf(window, now)) + this.#foreign(window, now);
  }

  #usedByUs(window: QuotaWindow, startsAt: number): number {
    return sum(this.#book.spent(this.#source, window, startsAt).values());
  }

  #foreign(window: QuotaWindow, now: number): number {
    const told = this.#book.allowances(this.#source).find((one) => one.window === window);
    return told !== undefined && startOf(window, told.readAt) === startOf(window, now) ? told.foreignUsed : 0;
  }

  #inLastMinute(): number {
    const now = this.#uptimeMs();
    // A clock that was set back leaves times in the future: they were at the latest just now, and count for a minute from now.
    this.#recent = this.#recent.map((at) => Math.min(at, now)).filter((at) => now - at < MINUTE_MS);
    return this.#recent.length;
  }
}

interface Today {
  readonly allowed: number;
  /** The window that sets `allowed`. */
  readonly window: QuotaWindow;
  readonly elapsed: number;
  readonly spent: ReadonlyMap<string, number>;
  readonly foreign: number;
  readonly reserves: Reserves;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
