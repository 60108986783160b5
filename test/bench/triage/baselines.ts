import type { Household } from './household.ts';

/** When each name is asked about. */
export type AskedAt = ReadonlyMap<string, number>;

const DAY_MS = 86_400_000;

/** Asks about each new name as it comes while the day's allowance lasts, and forgets the rest: the kindest reading of "arrival order". */
export function asTheyCome(household: Household, perDay: number): AskedAt {
  const asked = new Map<string, number>();
  const spent = new Map<number, number>();
  for (const { at, name } of firstSights(household)) {
    const day = Math.floor(at / DAY_MS);
    const used = spent.get(day) ?? 0;
    if (used >= perDay) continue;
    spent.set(day, used + 1);
    asked.set(name, at);
  }
  return asked;
}

/** Keeps every new name and asks about them in the order they came, one every `everyMs`. */
export function inOrder(household: Household, everyMs: number): AskedAt {
  const asked = new Map<string, number>();
  let next = household.startsAt;
  for (const { at, name } of firstSights(household)) {
    next = Math.max(next, at) + everyMs;
    asked.set(name, next);
  }
  return asked;
}

/** Asks, every `everyMs`, about the name that came last. */
export function latestEvery(household: Household, everyMs: number): AskedAt {
  const asked = new Map<string, number>();
  let next = household.startsAt + everyMs;
  let last: string | undefined;
  for (const { at, name } of firstSights(household)) {
    for (; at >= next; next += everyMs) {
      if (last !== undefined) asked.set(last, next);
      last = undefined;
    }
    last = name;
  }
  return asked;
}

function firstSights({ seeings }: Household): readonly { readonly at: number; readonly name: string }[] {
  const seen = new Set<string>();
  return seeings.filter(({ name }) => !seen.has(name) && seen.add(name).size > 0);
}
