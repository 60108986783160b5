import type { EntryState, PiholeBook, PiholeEntry } from './pihole-book.ts';
import type { EntryName } from './pihole-client.ts';

/** The book, read once and kept in step: a drive asks it about every entry. */
export class EntryLedger {
  readonly #book: PiholeBook;
  readonly #now: () => number;
  #entries: Map<string, PiholeEntry> | undefined;

  constructor(book: PiholeBook, now: () => number) {
    this.#book = book;
    this.#now = now;
  }

  all(): readonly PiholeEntry[] {
    return [...this.#read().values()];
  }

  inState(state: EntryState): readonly PiholeEntry[] {
    return this.all().filter((entry) => entry.state === state);
  }

  has(place: string, item: string): boolean {
    return this.#read().has(`${place} ${item}`);
  }

  stateOf({ place, item }: EntryName): EntryState | undefined {
    return this.#read().get(`${place} ${item}`)?.state;
  }

  /** Whether an entry decided at `since` is still to be made. What a person deleted is, when it was decided after that. */
  isMissing({ place, item }: EntryName, since: number): boolean {
    const known = this.#read().get(`${place} ${item}`);
    return known === undefined || (known.state === 'removed' && since > known.at);
  }

  set({ place, item }: EntryName, state: EntryState): void {
    const entry: PiholeEntry = { place, item, state, at: this.#now() };
    this.#book.remember(entry);
    this.#read().set(`${place} ${item}`, entry);
  }

  forget({ place, item }: EntryName): void {
    this.#book.forget(place, item);
    this.#read().delete(`${place} ${item}`);
  }

  #read(): Map<string, PiholeEntry> {
    this.#entries ??= new Map(this.#book.all().map((entry) => [`${entry.place} ${entry.item}`, entry]));
    return this.#entries;
  }
}
