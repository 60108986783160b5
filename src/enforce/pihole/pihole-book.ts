/** Where in Pi-hole's domain list an entry stands. */
export type EntryPlace = 'deny/exact' | 'deny/regex' | 'allow/exact';

/**
 * What we know of an entry of ours: `asked` before Pi-hole is told (a crash may have come between), `placed` when it has
 * confirmed it, `removed` when a person deleted it there, which is respected.
 */
export type EntryState = 'asked' | 'placed' | 'removed';

/** One entry that we made. */
export interface PiholeEntry {
  readonly place: EntryPlace;
  /** A canonical name, or the regular expression made of one. */
  readonly item: string;
  readonly state: EntryState;
  /** When it came into this state, epoch milliseconds. */
  readonly at: number;
}

/**
 * Our record of what is ours in a Pi-hole, kept over restarts. Only what stands here is ever deleted, and only while
 * its comment says so too.
 */
export interface PiholeBook {
  all(): readonly PiholeEntry[];
  /** Adds an entry, or changes its state. */
  remember(entry: PiholeEntry): void;
  forget(place: EntryPlace, item: string): void;
}
