import type { HistorySlot } from './pihole-figures.ts';

/** What was new in a slot. */
export interface TallyStep {
  readonly queries: number;
  readonly blocked: number;
  readonly cached: number;
  readonly forwarded: number;
  /** How far back the slot lies: 0 is the present one. */
  readonly slotsAgo: number;
}

const COUNTS = ['queries', 'blocked', 'cached', 'forwarded'] as const;

/**
 * Makes differences of Pi-hole's history. Its summary cannot serve: that is a window of 24 hours, from which yesterday's queries
 * leave while today's come. A slot of ten minutes only grows while FTL runs.
 */
export class HistoryTally {
  /** The most each slot ever showed, by its timestamp: a query that changes from forwarded to blocked takes one count back. */
  #known: ReadonlyMap<number, HistorySlot> | undefined;

  /**
   * What is new since the last time, by slot; nothing the first time, nor when Pi-hole's clock went back by a slot: the day before
   * would look new. A restart of FTL costs at most what it had not yet written
   * to its database: it reads the slots back from there.
   */
  take(slots: readonly HistorySlot[], isRestarted: boolean): readonly TallyStep[] {
    const before = isLater(this.#known, slots.at(-1)) ? undefined : this.#known;
    const known = new Map<number, HistorySlot>();
    const steps: TallyStep[] = [];
    for (const [at, slot] of slots.entries()) {
      const last = before?.get(slot.timestamp);
      // Of a slot that was not there before, all is new, but only where we were there before it.
      const from = last ?? { ...slot, queries: 0, blocked: 0, cached: 0, forwarded: 0 };
      if (before !== undefined) steps.push({ ...grown(from, slot), slotsAgo: slots.length - 1 - at });
      known.set(slot.timestamp, isRestarted || last === undefined ? slot : most(last, slot));
    }
    // A moment without history must not make the next one look new.
    if (slots.length > 0) this.#known = known;
    return steps.filter((step) => COUNTS.some((count) => step[count] > 0));
  }
}

function isLater(known: ReadonlyMap<number, HistorySlot> | undefined, last: HistorySlot | undefined): boolean {
  return known !== undefined && last !== undefined && [...known.keys()].some((timestamp) => timestamp > last.timestamp);
}

type Counts = Record<(typeof COUNTS)[number], number>;

function grown(from: HistorySlot, to: HistorySlot): Counts {
  return Object.fromEntries(COUNTS.map((count) => [count, Math.max(0, to[count] - from[count])])) as Counts;
}

function most(a: HistorySlot, b: HistorySlot): HistorySlot {
  return { ...b, ...(Object.fromEntries(COUNTS.map((count) => [count, Math.max(a[count], b[count])])) as Counts) };
}
