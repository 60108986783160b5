import { LANES, type Lane, RESERVED_LANES, type ReservedLane } from './lane.ts';
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

export interface QuotaLedgerOptions {
  readonly source: string;
  readonly book: QuotaBook;
  readonly limits: QuotaLimits;
  readonly now: () => number;
}

/** Share of the day's general part that may be spent at once after midnight, before the even flow sets in. */
const HEAD_START = 0.05;

/** Unused reserves are released evenly over this last share of the day, so that none is lost at midnight. */
const RELEASE_SHARE = 0.25;

const WINDOWS = ['minute', 'day', 'month'] as const;

/**
 * The account book of a scarce allowance. Spending is written before the question leaves, so `kill -9` loses no count.
 * The general part of the day flows evenly: noon and midnight find the same share left, and what was
 * not used in the morning carries forward to the evening. Reserves pay for their own lane first.
 */
export class QuotaLedger {
  readonly #source: string;
  readonly #book: QuotaBook;
  #limits: QuotaLimits;
  readonly #now: () => number;
  /** Times of the latest questions, at most as many as a minute allows. */
  #recent: number[];
  #closed: { readonly until: number; readonly window: QuotaWindow } | undefined;

  constructor(options: QuotaLedgerOptions) {
    this.#source = options.source;
    this.#book = options.book;
    this.#limits = options.limits;
    this.#now = options.now;
    this.#recent = [];
  }

  /** Takes up what was spent shortly before a restart: its minute is taken to have ended with it. */
  start(): void {
    const now = this.#now();
    for (const startsAt of [startOf('minute', now) - MINUTE_MS, startOf('minute', now)]) {
      const used = this.#usedByUs('minute', startsAt);
      for (let i = 0; i < used; i++) this.#recent.push(Math.min(now, startsAt + MINUTE_MS - 1));
    }
  }

  /** Follows a changed configuration. */
  limit(limits: QuotaLimits): void {
    this.#limits = limits;
  }

  /** Whether a question of this lane may be asked now. Changes nothing. */
  permit(lane: Lane): Permit {
    const now = this.#now();
    if (this.#closed !== undefined && now < this.#closed.until)
      return { granted: false, retryAt: this.#closed.until, window: this.#closed.window };
    const minute = this.#permitMinute(now);
    return minute.granted ? this.#permitDay(lane, now) : minute;
  }

  /** Takes one question from the allowance. Call it before the question leaves. */
  spend(lane: Lane): Spending {
    const at = this.#now();
    this.#write(lane, at, 1);
    this.#recent.push(at);
    return { lane, at };
  }

  /** Gives back a question that brought no answer: the source does not charge for its own failures. */
  giveBack(spending: Spending): void {
    this.#write(spending.lane, spending.at, -1);
    const index = this.#recent.indexOf(spending.at);
    if (index !== -1) this.#recent.splice(index, 1);
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
      const used = window === 'minute' ? this.#inLastMinute(now) : this.#used(window, now);
      return [{ window, allowed, used, resetsAt: endOf(window, now) }];
    });
  }

  #permitMinute(now: number): Permit {
    const perMinute = this.#allowed('minute') ?? this.#limits.maxPerMinute;
    if (this.#inLastMinute(now) < perMinute) return { granted: true };
    const oldest = this.#recent.at(-Math.max(1, perMinute)) ?? now;
    return { granted: false, retryAt: oldest + MINUTE_MS, window: 'minute' };
  }

  #permitDay(lane: Lane, now: number): Permit {
    const allowed = this.#allowedToday(now);
    const spent = this.#book.spent(this.#source, 'day', startOf('day', now));
    const foreign = this.#foreign('day', now);
    const elapsed = (now - startOf('day', now)) / DAY_MS;
    const reserves = reservesAt(elapsed, allowed.total, this.#limits.reserve);
    const denied: Permit = { granted: false, retryAt: endOf(allowed.window, now), window: allowed.window };
    if (sum(spent.values()) + foreign >= allowed.total) return denied;
    if (lane !== 'new' && (spent.get(lane) ?? 0) < reserves[lane]) return { granted: true };
    const general = allowed.total - sum(Object.values(reserves));
    const usedGeneral = generalUse(spent, reserves) + foreign;
    if (usedGeneral >= general) return denied;
    return lane === 'new' ? paced(usedGeneral, general, elapsed, now) : { granted: true };
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

  #inLastMinute(now: number): number {
    // A clock that jumped back leaves times in the future: they count, since they were just now.
    this.#recent = this.#recent.filter((at) => Math.abs(now - at) < MINUTE_MS);
    return this.#recent.length;
  }

  #write(lane: Lane, at: number, used: number): void {
    for (const window of WINDOWS) this.#book.add(this.#source, window, startOf(window, at), lane, used);
  }
}

type Reserves = Readonly<Record<ReservedLane, number>>;

function reservesAt(elapsed: number, total: number, shares: Reserves): Reserves {
  const kept = Math.min(1, (1 - elapsed) / RELEASE_SHARE);
  const of = (lane: ReservedLane): number => Math.floor(Math.floor(total * shares[lane]) * kept);
  return { alert: of('alert'), manual: of('manual'), recheck: of('recheck') };
}

// A lane that outgrew its reserve draws on the general part.
function generalUse(spent: ReadonlyMap<string, number>, reserves: Reserves): number {
  let used = 0;
  for (const lane of LANES) {
    const own = isReserved(lane) ? reserves[lane] : 0;
    used += Math.max(0, (spent.get(lane) ?? 0) - own);
  }
  return used;
}

function paced(used: number, general: number, elapsed: number, now: number): Permit {
  const head = Math.max(1, general * HEAD_START);
  const released = Math.min(general, head + (general - head) * elapsed);
  if (used + 1 <= released) return { granted: true };
  const share = general > head ? (used + 1 - head) / (general - head) : 1;
  return { granted: false, retryAt: Math.ceil(startOf('day', now) + Math.min(1, share) * DAY_MS), window: 'day' };
}

function isReserved(lane: Lane): lane is ReservedLane {
  return (RESERVED_LANES as readonly string[]).includes(lane);
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
