import { keyOfEntry, type SetEntry } from './set-entry.ts';

/** A reload takes this long at most: what was added before it began stood in the file that it read. */
const WINDOW_MS = 5 * 60_000;
/** Told again within a fifth of a second. */
const MAX_ENTRIES = 2000;

/**
 * Entries that were added to a running Suricata past any drive. A reload by somebody else may have read our file before they stood
 * in it and thrown away what was added meanwhile, so that they are added again after one.
 */
export class RecentEntries {
  readonly #now: () => number;
  /** By key, the newest last. */
  readonly #addedAt = new Map<string, { readonly entry: SetEntry; readonly at: number }>();
  readonly #unproved = new Map<string, SetEntry>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** To be added, and not proved yet. */
  note(entries: readonly SetEntry[]): void {
    const at = this.#now();
    for (const entry of entries) {
      const key = keyOfEntry(entry);
      this.#addedAt.delete(key);
      this.#addedAt.set(key, { entry, at });
      this.#unproved.set(key, entry);
    }
    for (const [key, known] of this.#addedAt) {
      if (this.#addedAt.size <= MAX_ENTRIES && at - known.at <= WINDOW_MS) break;
      this.#addedAt.delete(key);
    }
  }

  /** Found by Suricata, or out of its files again. */
  settle(entries: Iterable<SetEntry>): void {
    for (const entry of entries) this.#unproved.delete(keyOfEntry(entry));
  }

  /** What a reload may have lost. */
  get all(): readonly SetEntry[] {
    return [...this.#addedAt.values()].map(({ entry }) => entry);
  }

  /** Whether an entry is one of these: it may be on its way into Suricata still. */
  has(entry: SetEntry): boolean {
    return this.#addedAt.has(keyOfEntry(entry));
  }

  /** What nobody has found in Suricata yet. */
  get unproved(): readonly SetEntry[] {
    return [...this.#unproved.values()];
  }
}
