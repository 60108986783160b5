import type { AddressBook } from './address-book.ts';
import type { Seen } from './extraction.ts';
import type { CounterBoard } from './intake-counters.ts';
import type { KnownPairs } from './known-pairs.ts';
import type { SightingTable } from './sighting-table.ts';

/** What a census writes into. */
export interface CensusOptions {
  readonly counters: CounterBoard;
  readonly addresses: AddressBook;
  readonly pairs: KnownPairs;
  readonly table: SightingTable;
}

/** Counts what was seen, and lets in what is new as far as the budgets allow. Both readers of lines end here. */
export class Census {
  readonly #options: CensusOptions;

  constructor(options: CensusOptions) {
    this.#options = options;
  }

  /** Takes one seeing in; `at` is its time, epoch milliseconds. What cannot be kept is counted by reason. */
  take(seen: Seen, at: number): void {
    const { counters, pairs, table, addresses } = this.#options;
    for (const address of seen.addresses) addresses.explain(address);
    const clientQuote = `${seen.rawClient}"`;
    let pair = pairs.find(seen.via, clientQuote, seen.rawName);
    let isFresh = false;
    if (pair === undefined) {
      const client = addresses.read(seen.rawClient).canonical;
      const admission = pairs.admit(seen.via, clientQuote, seen.rawName, client, seen.observable, at);
      if (!('pair' in admission)) {
        counters.drop(admission.outcome);
        return;
      }
      if (admission.outcome === 'folded') counters.folded++;
      ({ pair, isFresh } = admission);
    }
    if (!table.add(pair, at, seen.count, seen.nxdomain, isFresh)) counters.drop('pending_full');
  }
}
