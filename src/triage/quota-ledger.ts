import { AccountBook, type AllowanceReading, type QuotaBook, sum } from './account-book.ts';
import type { FleetDraw, FleetSpending } from './fleet.ts';
import { type Lane, RESERVED_LANES, type ReservedLane } from './lane.ts';
import { flowsAt, generalUse, type Reserves, reservesAt, timeOf } from './pace.ts';
import { DAY_MS, endOf, MINUTE_MS, type QuotaWindow, startOf } from './quota-window.ts';
import { RollingMinute } from './rolling-minute.ts';

export type { AllowanceReading } from './account-book.ts';

/** Our own ceilings. The source's allowance is read from the source, and the lower one wins. */
export interface QuotaLimits {
  readonly maxPerMinute: number;
  readonly maxPerDay: number;
  /** Shares of the day kept for a lane, 0 to 1. */
  readonly reserve: Readonly<Record<ReservedLane, number>>;
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
  /** What the other sensors of the account spent. Their questions count as ours: the allowance flows as if there were one sensor. */
  readonly others?: () => FleetSpending | undefined;
}

const WINDOWS = ['minute', 'day', 'month'] as const;

/**
 * The account book of a scarce allowance. Spending is written before the question leaves, so `kill -9` loses no count.
 * Two flows run through the day: new questions draw on the general part and re-checks on their reserve, each evenly, and what was
 * not used in the morning carries forward to the evening. Alerts and people are served at once, from their
 * reserve first and then from the general part.
 */
export class QuotaLedger {
  readonly #account: AccountBook;
  #limits: QuotaLimits;
  readonly #now: () => number;
  readonly #minute: RollingMinute;
  /** Questions that are about to leave, and what each lane waits for beyond its share. */
  readonly #earmarked = new Map<Lane, number>();
  readonly #held = new Map<Lane, { readonly until: number; readonly window: QuotaWindow }>();
  #closed: { readonly until: number; readonly window: QuotaWindow } | undefined;

  constructor(options: QuotaLedgerOptions) {
    const { source, book, others = () => undefined } = options;
    const ceilings = () => ({ minute: this.#limits.maxPerMinute, day: this.#limits.maxPerDay });
    this.#account = new AccountBook({ source, book, ceilings, others });
    this.#limits = options.limits;
    this.#now = options.now;
    this.#minute = new RollingMinute(options.uptimeMs ?? options.now);
  }

  /** Takes up what was spent shortly before a restart, as if the last of it had left just now. */
  start(): void {
    const now = this.#now();
    for (const startsAt of [startOf('minute', now) - MINUTE_MS, startOf('minute', now)]) {
      const used = this.#account.usedHere('minute', startsAt);
      const age = Math.max(0, now - (startsAt + MINUTE_MS - 1));
      for (let i = 0; i < used; i++) this.#minute.add(age);
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
    const held = this.#held.get(lane);
    if (held !== undefined && now < held.until) return { granted: false, retryAt: held.until, window: held.window };
    const minute = this.#permitMinute(now);
    return minute.granted ? this.#permitDay(lane, pressure, now) : minute;
  }

  /** Takes one question from the allowance. Call it before the question leaves. */
  spend(lane: Lane): Spending {
    const at = this.#now();
    for (const window of WINDOWS) this.#account.add(window, at, lane, 1);
    this.#minute.add();
    return { lane, at };
  }

  /** Counts a question that is about to leave, in memory. Returns what ends that: it left and was spent, or it need not leave. */
  earmark(lane: Lane): () => void {
    this.#earmarked.set(lane, (this.#earmarked.get(lane) ?? 0) + 1);
    return () => void this.#earmarked.set(lane, (this.#earmarked.get(lane) ?? 1) - 1);
  }

  /** The fleet has nothing for this lane until then. */
  hold(lane: Lane, until: number, window: QuotaWindow): void {
    this.#held.set(lane, { until, window });
  }

  /** What the sensors of the account may draw together for a question of this lane. */
  draw(lane: Lane, urgent: boolean): FleetDraw {
    const now = this.#now();
    const { allowed, foreign, reserves, spent } = this.#today(now);
    const keptForOthers = RESERVED_LANES.filter((other) => other !== lane).map((other) =>
      Math.max(0, reserves[other] - (spent.get(other) ?? 0)),
    );
    const month = this.#account.allowed('month');
    return {
      lane,
      urgent,
      limits: {
        minute: this.#perMinute(),
        day: Math.max(0, allowed - foreign - sum(keptForOthers)),
        ...(month === undefined ? {} : { month: Math.max(0, month - this.#account.foreign('month', now)) }),
      },
      spentHere: this.#account.usedHere('day', startOf('day', now)) + sum(this.#earmarked.values()) - 1,
    };
  }

  /** What this sensor itself spent of the present day and month. */
  spentHere(): FleetSpending & { readonly monthStartsAt: number } {
    const now = this.#now();
    const dayStartsAt = startOf('day', now);
    const monthStartsAt = startOf('month', now);
    const byLane = this.#account.spentHere('day', dayStartsAt);
    return { dayStartsAt, byLane, monthStartsAt, inMonth: this.#account.usedHere('month', monthStartsAt) };
  }

  /**
   * Gives back a question that brought no answer: the source does not charge for its own failures. Its minute stays used, so
   * that a source in trouble is never asked faster than one that answers.
   */
  giveBack(spending: Spending): void {
    for (const window of ['day', 'month'] as const) this.#account.add(window, spending.at, spending.lane, -1);
  }

  /** Corrects the book by what the source itself counts: others may use the same key. */
  learn(readings: readonly AllowanceReading[]): void {
    this.#account.learn(readings, this.#now());
  }

  /** The source said that a window is spent: nothing is asked until then. */
  close(window: QuotaWindow, until: number): void {
    this.#closed = { until, window };
  }

  /** Allowed and used by window, for `status`. */
  use(): readonly QuotaUse[] {
    const now = this.#now();
    return WINDOWS.flatMap((window) => {
      const allowed = this.#account.allowed(window);
      if (allowed === undefined) return [];
      const used = window === 'minute' ? this.#minute.count() : this.#account.used(window, now);
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
    const perMinute = this.#perMinute();
    if (this.#minute.count() + sum(this.#earmarked.values()) < perMinute) return { granted: true };
    return { granted: false, retryAt: now + this.#minute.waitMs(perMinute), window: 'minute' };
  }

  #perMinute(): number {
    return this.#account.allowed('minute') ?? this.#limits.maxPerMinute;
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
      spent: this.#withEarmarked(this.#account.spentToday(now)),
      foreign: this.#account.foreign('day', now),
      reserves: reservesAt(elapsed, total, this.#limits.reserve),
    };
  }

  #withEarmarked(spent: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const total = new Map(spent);
    for (const [lane, count] of this.#earmarked) if (count > 0) total.set(lane, (total.get(lane) ?? 0) + count);
    return total;
  }

  /** Today's total: what the day allows, or what is left of the month where that is less. */
  #allowedToday(now: number): { readonly total: number; readonly window: QuotaWindow } {
    const day = this.#account.allowed('day') ?? this.#limits.maxPerDay;
    const month = this.#account.allowed('month');
    if (month === undefined) return { total: day, window: 'day' };
    const leftOfMonth = month - this.#account.used('month', now) + this.#account.used('day', now);
    return leftOfMonth < day ? { total: Math.max(0, leftOfMonth), window: 'month' } : { total: day, window: 'day' };
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
