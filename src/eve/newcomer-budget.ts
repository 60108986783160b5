import { hourOf } from '../core/sighting.ts';
import { GenerationMap } from './generation-map.ts';

const MAX_CLIENTS = 10_000;
/** A client that still brings new names after this long lives here. Who forges addresses at random never comes back with one. */
const RESIDENT_AFTER_MS = 3_600_000;
const MAX_DOMAINS = 50_000;
/** Suricata's worker threads deliver out of order by seconds; a clock that went back further was set anew. */
const CLOCK_SLIP_MS = 60_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** How many new names each client may bring: a token bucket a client, on the clock of the events. */
export class ClientBudget {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #buckets = new GenerationMap<Bucket>(MAX_CLIENTS);

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
  }

  /** Takes one token. `false`: there is none. */
  take(client: string, at: number): boolean {
    let bucket = this.#buckets.get(client);
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, at };
      this.#buckets.set(client, bucket);
    }
    const elapsed = at - bucket.at;
    if (elapsed > 0) bucket.tokens = Math.min(this.#burst, bucket.tokens + elapsed * this.#perMs);
    if (elapsed > 0 || elapsed < -CLOCK_SLIP_MS) bucket.at = at;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

/** Which clients have been bringing new names for a while. Strangers, who can be forged, never push a resident out of this memory. */
export class Residents {
  readonly #since = new GenerationMap<number>(MAX_CLIENTS);
  readonly #residents = new GenerationMap<true>(MAX_CLIENTS);

  /** Notes that a client brings something, and tells whether it is a resident. */
  has(client: string, at: number): boolean {
    if (this.#residents.get(client) === true) return true;
    const since = this.#since.get(client);
    if (since === undefined || at < since - CLOCK_SLIP_MS) {
      this.#since.set(client, at);
      return false;
    }
    if (at - since < RESIDENT_AFTER_MS) return false;
    this.#residents.set(client, true);
    return true;
  }
}

/** How many new hosts each registrable domain may show within an hour. */
export class DomainBudget {
  readonly #perHour: number;
  readonly #counts = new GenerationMap<{ hour: number; count: number }>(MAX_DOMAINS);

  constructor(perHour: number) {
    this.#perHour = perHour;
  }

  /** Whether the domain may show another new host in the hour of `at`. */
  hasRoom(domain: string, at: number): boolean {
    const entry = this.#counts.get(domain);
    return (entry === undefined || entry.hour !== hourOf(at) ? 0 : entry.count) < this.#perHour;
  }

  /** Counts a new host. */
  count(domain: string, at: number): void {
    const entry = this.#counts.get(domain);
    const hour = hourOf(at);
    if (entry === undefined || entry.hour !== hour) this.#counts.set(domain, { hour, count: 1 });
    else entry.count++;
  }
}
