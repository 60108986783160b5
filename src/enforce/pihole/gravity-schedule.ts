/** When Pi-hole may be made to read its lists again. */
export interface GravityScheduleOptions {
  readonly everyMs: number;
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

const MINUTE_MS = 60_000;
/** Each run fetches all the user's lists and writes the whole database anew, so even what is urgent waits that long. */
const URGENT_EVERY_MS = 10 * MINUTE_MS;
/** So that a fleet does not fetch the same lists in the same second. */
const JITTER = 0.1;
/** Pi-hole's own weekly run starts at a random time in there, and two runs at once damage the database: FTL has no lock. */
const OWN_RUN = { day: 0, fromHour: 1, untilHour: 5 } as const;

/** Decides when a gravity run is due: rarely, with jitter, and not while Pi-hole has its own. */
export class GravitySchedule {
  readonly #options: GravityScheduleOptions;
  readonly #jitter: number;

  constructor(options: GravityScheduleOptions) {
    this.#options = options;
    this.#jitter = 1 + options.random() * JITTER;
  }

  /** When the next run may start after one at `lastAt` (0: there was none), epoch milliseconds. */
  nextAt(lastAt: number, urgent: boolean): number {
    const { everyMs, now } = this.#options;
    if (lastAt === 0) return now();
    const waitMs = urgent ? Math.min(URGENT_EVERY_MS, everyMs) : everyMs * this.#jitter;
    return afterOwnRun(lastAt + waitMs);
  }

  isDue(lastAt: number, urgent: boolean): boolean {
    const { now } = this.#options;
    if (lastAt > now()) return true;
    return now() >= this.nextAt(lastAt, urgent) && (lastAt === 0 || afterOwnRun(now()) === now());
  }
}

// Its cron runs by the local clock.
function afterOwnRun(at: number): number {
  const date = new Date(at);
  const inside =
    date.getDay() === OWN_RUN.day && date.getHours() >= OWN_RUN.fromHour && date.getHours() < OWN_RUN.untilHour;
  return inside ? date.setHours(OWN_RUN.untilHour, 0, 0, 0) : at;
}
