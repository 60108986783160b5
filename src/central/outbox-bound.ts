import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import type { MarkBook, MarksUnderWay } from './outbox.ts';

export interface OutboxBoundOptions {
  readonly marks: MarkBook;
  readonly maxRows: number;
  readonly log: Log;
}

/** Marks deleted at a time: a few milliseconds. */
const STEP = 5_000;
const SIGHTINGS = 'sightings_hourly';
/** Of the bound, for the newest sightings: where something else fills the outbox, giving up all of them would make no room. */
const FLOOR_SHARE = 0.1;

/**
 * What is given up, the cheapest first. A name is marked again when it is seen again, and what is known of it goes with its verdict: a flood
 * of invented ones must not cost an alert. What is not listed here never goes: verdicts, words, reports, questions and the quota they cost.
 */
const GIVEN_UP = [
  SIGHTINGS,
  'observables',
  'suricata_alerts',
  'pihole_hits',
  'suricata_stats',
  'pihole_stats',
  'sensor_stats',
] as const;

/** Keeps the outbox within its share of the disk while the centre is away, by giving up the oldest of what is cheapest. */
export class OutboxBound {
  readonly #options: OutboxBoundOptions;
  #rows = 0;
  #excess = 0;

  constructor(options: OutboxBoundOptions) {
    this.#options = options;
  }

  /** Marked rows when they were counted last. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows beyond the bound that may not be given up. */
  get excess(): number {
    return this.#excess;
  }

  /** Counts what is marked, and gives up what is above the bound. In steps, with the event loop between them. */
  async keep(underWay: MarksUnderWay | undefined): Promise<void> {
    const { maxRows, log } = this.#options;
    const counts = await this.#count();
    const rows = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const excess = Math.max(0, rows - maxRows);
    let left = excess;
    for (const relation of left > 0 ? GIVEN_UP : []) {
      const kept = relation === SIGHTINGS ? Math.floor(maxRows * FLOOR_SHARE) : 0;
      const count = await this.#giveUp(relation, Math.min(left, (counts.get(relation) ?? 0) - kept), underWay);
      if (count > 0) log.warn('oldest rows not sent to the central database', { target: relation, count });
      left -= count;
    }
    this.#rows = rows - (excess - left);
    this.#excess = left;
  }

  async #count(): Promise<ReadonlyMap<string, number>> {
    let counts: ReadonlyMap<string, number> = new Map();
    for (const sums of this.#options.marks.count()) {
      counts = sums;
      await pause(0);
    }
    return counts;
  }

  async #giveUp(relation: string, wanted: number, underWay: MarksUnderWay | undefined): Promise<number> {
    let count = 0;
    while (count < wanted) {
      const step = this.#options.marks.giveUp(relation, Math.min(STEP, wanted - count), underWay);
      if (step === 0) break;
      count += step;
      await pause(0);
    }
    return count;
  }
}
