import type { ObservableKey } from '../core/observable.ts';
import { hourOf, VIAS, type Via } from '../core/sighting.ts';
import { ROW, type SightingBatch } from '../core/sighting-batch.ts';

/** What one client did with one observable by one protocol, as far as it is not handed over yet. */
export interface Pair {
  readonly observable: ObservableKey;
  readonly client: string;
  readonly via: number;
  /** Whether it waits in one of the table's lists. */
  isPending: boolean;
  hour: number;
  count: number;
  nxdomain: number;
  firstSeenAt: number;
  lastSeenAt: number;
  /** The addresses last heard for it, as EVE spells them, to notice when they change. */
  addresses4: string;
  addresses6: string;
}

/** A pair nobody has heard yet. */
export function newPair(observable: ObservableKey, client: string, via: Via): Pair {
  return {
    observable,
    client,
    via: VIAS.indexOf(via),
    isPending: false,
    hour: 0,
    count: 0,
    nxdomain: 0,
    firstSeenAt: 0,
    lastSeenAt: 0,
    addresses4: '',
    addresses6: '',
  };
}

const HOUR_MS = 3_600_000;

/**
 * Counts sightings in place until they are handed over. New pairs wait in a list of their own, since triage wants them
 * at once; the counts of known ones can wait. Bounded by `limit` waiting rows.
 */
export class SightingTable {
  readonly #limit: number;
  #fresh: Pair[] = [];
  #known: Pair[] = [];
  /** Rows of an hour that has ended, while their pair goes on in the next. */
  #ended: Pair[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get hasFresh(): boolean {
    return this.#fresh.length > 0;
  }

  get waiting(): number {
    return this.#fresh.length + this.#known.length + this.#ended.length;
  }

  /** Counts a sighting. `false`: the table is full, so it was not counted. */
  add(pair: Pair, at: number, count: number, nxdomain: number, isFresh: boolean): boolean {
    if (pair.isPending && at >= pair.hour && at < pair.hour + HOUR_MS) {
      pair.count += count;
      pair.nxdomain += nxdomain;
      if (at > pair.lastSeenAt) pair.lastSeenAt = at;
      else if (at < pair.firstSeenAt) pair.firstSeenAt = at;
      return true;
    }
    return this.#begin(pair, at, count, nxdomain, isFresh);
  }

  /** Takes at most so many waiting rows out: the new pairs first, then those of any kind that have waited longest. */
  take(which: 'all' | 'fresh', most = Number.POSITIVE_INFINITY): SightingBatch {
    let pairs = this.#fresh.splice(0, most);
    if (which === 'all') {
      pairs = pairs.concat(this.#ended.splice(0, most - pairs.length));
      pairs = pairs.concat(this.#known.splice(0, most - pairs.length));
    }
    return batchOf(pairs);
  }

  #begin(pair: Pair, at: number, count: number, nxdomain: number, isFresh: boolean): boolean {
    if (this.waiting >= this.#limit) return false;
    if (pair.isPending) this.#ended.push({ ...pair });
    else (isFresh ? this.#fresh : this.#known).push(pair);
    pair.isPending = true;
    pair.hour = hourOf(at);
    pair.count = count;
    pair.nxdomain = nxdomain;
    pair.firstSeenAt = at;
    pair.lastSeenAt = at;
    return true;
  }
}

function batchOf(pairs: readonly Pair[]): SightingBatch {
  const observables = new Index();
  const clients = new Index();
  const rows = new Float64Array(pairs.length * ROW.length);
  let at = 0;
  for (const pair of pairs) {
    rows[at + ROW.observable] = observables.of(pair.observable);
    rows[at + ROW.client] = clients.of(pair.client);
    rows[at + ROW.via] = pair.via;
    rows[at + ROW.count] = pair.count;
    rows[at + ROW.nxdomain] = pair.nxdomain;
    rows[at + ROW.firstSeenAt] = pair.firstSeenAt;
    rows[at + ROW.lastSeenAt] = pair.lastSeenAt;
    at += ROW.length;
    pair.isPending = false;
  }
  return { observables: observables.texts, clients: clients.texts, rows };
}

/** Numbers texts in the order they come. */
class Index {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}
