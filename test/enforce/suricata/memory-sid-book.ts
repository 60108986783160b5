import type { ObservableKey } from '../../../src/core/observable.ts';
import {
  DEFAULT_SID_RANGE,
  indicatorSids,
  type SidBook,
  type SidEntry,
} from '../../../src/enforce/suricata/sid-range.ts';

/** A sid book that forgets everything at the end. */
export class MemorySidBook implements SidBook {
  readonly #known = new Map<ObservableKey, SidEntry & { readonly textHash: string }>();

  assign(key: ObservableKey, textHash: string): SidEntry {
    const known = this.#known.get(key);
    if (known?.textHash === textHash) return known;
    const sid = known?.sid ?? indicatorSids(DEFAULT_SID_RANGE).first + this.#known.size;
    const entry = { sid, rev: (known?.rev ?? 0) + 1, textHash };
    this.#known.set(key, entry);
    return entry;
  }
}
