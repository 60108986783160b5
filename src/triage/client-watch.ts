import { LRUCache } from 'lru-cache';

const HOUR_MS = 3_600_000;
const HALF_DAY_MS = 12 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

/** Clients remembered, residents and strangers apart. A home has dozens; forged addresses must fill neither the memory nor the residents' place in it. */
const MOST_CLIENTS = 4_096;

/** A client that still brings questions after this long is a resident. Who forges addresses at random never comes back with one. */
const RESIDENT_AFTER_MS = HOUR_MS;

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

interface Client extends Questions {
  readonly firstSeenAt: number;
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

  add(now: number, count = 1): void {
    this.#count = this.at(now) + count;
    this.#at = now;
  }

  at(now: number): number {
    // A clock that was set back must not make a count grow.
    return this.#count * 2 ** (-Math.max(0, now - this.#at) / this.#halfLifeMs);
  }
}

/** Questions lately: of a client, or of several together. */
interface Questions {
  readonly all: Fading;
  readonly urgent: Fading;
}

/** What the clients have been doing lately, in bounded memory. A restart forgets it, which costs a day of a sharper order and no answer. */
export class ClientWatch {
  readonly #residents = new LRUCache<string, Client>({ max: MOST_CLIENTS });
  readonly #strangers = new LRUCache<string, Client>({ max: MOST_CLIENTS });
  readonly #ofAll = questions(HALF_DAY_MS);
  readonly #ofResidents = questions(HALF_DAY_MS);
  readonly #ofStrangers = questions(RESIDENT_AFTER_MS);

  /** A client brought a question. */
  noteQuestion(client: string, urgent: boolean, now: number): void {
    const known = this.#get(client, now);
    const together = this.#residents.has(client) ? this.#ofResidents : this.#ofStrangers;
    for (const counted of urgent ? (['all', 'urgent'] as const) : (['all'] as const)) {
      known[counted].add(now);
      this.#ofAll[counted].add(now);
      together[counted].add(now);
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
    return (this.#find(client)?.shaped.at(now) ?? 0) >= BURST_AT;
  }

  /**
   * By how many questions a client is above its share of about a day; 0 where it is within it, or alone. A resident is held against
   * the other residents. A stranger also answers for all strangers, who together have one resident's share: addresses can be forged.
   */
  excess(client: string, counted: Counted, now: number): number {
    const own = this.#find(client)?.[counted].at(now) ?? 0;
    if (this.#residents.has(client) && this.#residents.size > 1) {
      return above(own, counted, (this.#ofResidents[counted].at(now) - own) / (this.#residents.size - 1));
    }
    const others = this.#residents.size + this.#strangers.size - 1;
    if (others < 1) return 0;
    const alone = above(own, counted, (this.#ofAll[counted].at(now) - own) / others);
    if (this.#residents.size === 0 || this.#residents.has(client)) return alone;
    const mean = this.#ofResidents[counted].at(now) / this.#residents.size;
    return Math.max(alone, above(this.#ofStrangers[counted].at(now), counted, mean));
  }

  /** Whether a client has been here for days and seldom brings anything new. */
  isQuiet(client: string, now: number): boolean {
    const known = this.#find(client);
    return known !== undefined && now - known.firstSeenAt >= QUIET_AFTER_MS && known.all.at(now) < QUIET_BELOW;
  }

  #find(client: string): Client | undefined {
    return this.#residents.get(client) ?? this.#strangers.get(client);
  }

  #get(client: string, now: number): Client {
    const known = this.#find(client);
    if (known === undefined) {
      const fresh = { firstSeenAt: now, ...questions(HALF_DAY_MS), shaped: new Fading(HOUR_MS) };
      this.#strangers.set(client, fresh);
      return fresh;
    }
    if (now - known.firstSeenAt >= RESIDENT_AFTER_MS && this.#strangers.delete(client))
      this.#settle(client, known, now);
    return known;
  }

  #settle(client: string, known: Client, now: number): void {
    this.#residents.set(client, known);
    for (const counted of ['all', 'urgent'] as const) this.#ofResidents[counted].add(now, known[counted].at(now));
  }
}

function questions(halfLifeMs: number): Questions {
  return { all: new Fading(halfLifeMs), urgent: new Fading(halfLifeMs) };
}

function above(own: number, counted: Counted, mean: number): number {
  return Math.max(0, own - Math.max(FAIR[counted].free, FAIR[counted].multiple * Math.max(0, mean)));
}
