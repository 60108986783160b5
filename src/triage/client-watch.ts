import { LRUCache } from 'lru-cache';

const HOUR_MS = 3_600_000;
const HALF_DAY_MS = 12 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

/** Clients remembered. A home has dozens; spoofed addresses must not fill the memory. */
const MOST_CLIENTS = 4_096;

/** Invented-looking names that do not exist, within about an hour, from which a client is trying a generator's list. */
const BURST_AT = 10;

/**
 * Questions of about a day that every client may bring, however little the others do, and how many times the others' average: the
 * busiest device of a home brings five or six times what the others do. Pressing questions (worth enough to run ahead) are few
 * in honest traffic, and a client that invents names brings nothing else.
 */
const FAIR = { all: { free: 40, multiple: 6 }, urgent: { free: 12, multiple: 6 } } as const;

/** Whether all questions are meant, or the pressing ones alone. */
export type Counted = keyof typeof FAIR;

/** A client known for this long that brings fewer than `QUIET_BELOW` new names a day does one thing: a new name from it is news. */
const QUIET_AFTER_MS = 3 * DAY_MS;
const QUIET_BELOW = 2;

interface Client {
  readonly firstSeenAt: number;
  readonly all: Fading;
  readonly urgent: Fading;
  readonly shaped: Fading;
}

/** A count that halves with time: bounded memory for "how many lately". */
class Fading {
  readonly #halfLifeMs: number;
  #count = 0;
  #at = 0;

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  add(now: number): void {
    this.#count = this.at(now) + 1;
    this.#at = now;
  }

  at(now: number): number {
    // A clock that was set back must not make a count grow.
    return this.#count * 2 ** (-Math.max(0, now - this.#at) / this.#halfLifeMs);
  }
}

/** What the clients have been doing lately, in bounded memory. A restart forgets it, which costs a day of a sharper order and no answer. */
export class ClientWatch {
  readonly #clients = new LRUCache<string, Client>({ max: MOST_CLIENTS });
  readonly #sums = { all: new Fading(HALF_DAY_MS), urgent: new Fading(HALF_DAY_MS) };

  /** A client brought a question. */
  noteQuestion(client: string, urgent: boolean, now: number): void {
    for (const counted of urgent ? (['all', 'urgent'] as const) : (['all'] as const)) {
      this.#get(client, now)[counted].add(now);
      this.#sums[counted].add(now);
    }
  }

  /** A client asked for a name that looks invented and does not exist. Returns whether a burst began with it. */
  noteInvented(client: string, now: number): boolean {
    const { shaped } = this.#get(client, now);
    const before = shaped.at(now) >= BURST_AT;
    shaped.add(now);
    return !before && shaped.at(now) >= BURST_AT;
  }

  inBurst(client: string, now: number): boolean {
    return (this.#clients.get(client)?.shaped.at(now) ?? 0) >= BURST_AT;
  }

  /** By how many questions a client is above its share of about a day; 0 where it is within it, or alone. */
  excess(client: string, counted: Counted, now: number): number {
    const others = this.#clients.size - 1;
    const own = this.#clients.get(client)?.[counted].at(now) ?? 0;
    if (others < 1) return 0;
    const mean = Math.max(0, this.#sums[counted].at(now) - own) / others;
    return Math.max(0, own - Math.max(FAIR[counted].free, FAIR[counted].multiple * mean));
  }

  /** Whether a client has been here for days and seldom brings anything new. */
  isQuiet(client: string, now: number): boolean {
    const known = this.#clients.get(client);
    return known !== undefined && now - known.firstSeenAt >= QUIET_AFTER_MS && known.all.at(now) < QUIET_BELOW;
  }

  #get(client: string, now: number): Client {
    const known = this.#clients.get(client);
    if (known !== undefined) return known;
    const fresh = {
      firstSeenAt: now,
      all: new Fading(HALF_DAY_MS),
      urgent: new Fading(HALF_DAY_MS),
      shaped: new Fading(HOUR_MS),
    };
    this.#clients.set(client, fresh);
    return fresh;
  }
}
