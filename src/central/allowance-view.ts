import type { SqlRow } from './central-connection.ts';

/** The account as its sensors use it, as far as this one heard. */
export interface AllowanceView {
  /** Sensors that share the account, this one included. */
  readonly members: number;
  /** UTC, by the clock of the server. */
  readonly dayStartsAt: number;
  /** Drawn today by the other sensors, by lane. */
  readonly othersByLane: ReadonlyMap<string, number>;
  readonly othersInMonth: number;
  /** Drawn today by this one. */
  readonly ownToday: number;
}

const DAY_MS = 86_400_000;

/** Whose view it is. */
export interface Here {
  readonly sensor: string;
  readonly members: number;
  readonly now: number;
}

/** Makes the view of rows of `quota_drawn`. */
export function viewOf(rows: readonly SqlRow[], { sensor, members, now }: Here): AllowanceView {
  const othersByLane = new Map<string, number>();
  let ownToday = 0;
  let othersInMonth = 0;
  for (const row of rows) {
    const drawn = Number(row.drawn);
    if (row.w === 'month') othersInMonth += row.sensor === sensor ? 0 : drawn;
    else if (row.sensor === sensor) ownToday += drawn;
    else othersByLane.set(String(row.lane), (othersByLane.get(String(row.lane)) ?? 0) + drawn);
  }
  return { members, dayStartsAt: Math.floor(now / DAY_MS) * DAY_MS, othersByLane, othersInMonth, ownToday };
}

/** What the other sensor that waits and had least drew today. */
export function leastOf(rows: readonly SqlRow[], sensor: string): number {
  const drawn = new Map<string, number>();
  for (const row of rows)
    if (row.w === 'day' && row.sensor !== sensor && Number(row.hungry) === 1)
      drawn.set(String(row.sensor), (drawn.get(String(row.sensor)) ?? 0) + Number(row.drawn));
  return Math.min(...drawn.values());
}

/** The sum of numbers. */
export function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
