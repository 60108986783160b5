import { LANES, type Lane, RESERVED_LANES, type ReservedLane } from './lane.ts';
import { DAY_MS } from './quota-window.ts';

/** What is kept of the day for each lane that has a reserve. */
export type Reserves = Readonly<Record<ReservedLane, number>>;

/** Unused reserves are released evenly over this last share of the day, so that none is lost at midnight. */
const RELEASE_SHARE = 0.5;

/**
 * How far ahead of the even flow an urgent question may draw, as a share of the day's flow. A third keeps two thirds of the
 * allowance out of reach of a bad hour, and is enough for the evening, when most names of a household are new.
 */
const URGENT_AHEAD = 0.33;

/** What each lane's reserve still is when `elapsed` (0 to 1) of the day is over. */
export function reservesAt(elapsed: number, total: number, shares: Reserves): Reserves {
  const kept = Math.min(1, (1 - elapsed) / RELEASE_SHARE);
  const of = (lane: ReservedLane): number => Math.floor(Math.floor(total * shares[lane]) * kept);
  return { alert: of('alert'), manual: of('manual'), recheck: of('recheck') };
}

/** What was drawn from the general part of the day: all of `new`, and what other lanes spent beyond their reserve. */
export function generalUse(spent: ReadonlyMap<string, number>, reserves: Reserves): number {
  let used = 0;
  for (const lane of LANES) {
    const own = isReserved(lane) ? reserves[lane] : 0;
    used += Math.max(0, (spent.get(lane) ?? 0) - own);
  }
  return used;
}

/**
 * From which share of the day on (0 to 1) the next of `total` evenly flowing tokens may be spent, when `used` are gone. Token k
 * of n flows at (k - 1/2) / n of the day, so that one a day is spent at noon and not on whatever came first after midnight.
 * Above 1 where the day has none left. An urgent question may draw ahead, and always gets the first token.
 */
export function flowsAt(used: number, total: number, urgent: boolean): number {
  if (used + 1 > total) return Number.POSITIVE_INFINITY;
  if (urgent && used === 0) return 0;
  const ahead = urgent ? URGENT_AHEAD : 0;
  return Math.max(0, (used + 0.5) / total - ahead);
}

/** When the share `elapsed` of the day that began at `dayStartsAt` is over. */
export function timeOf(elapsed: number, dayStartsAt: number): number {
  return Math.ceil(dayStartsAt + Math.min(1, elapsed) * DAY_MS);
}

function isReserved(lane: Lane): lane is ReservedLane {
  return (RESERVED_LANES as readonly string[]).includes(lane);
}
