import type { DatasetFiles } from './dataset-files.ts';
import { LIVE_SETS } from './datasets.ts';
import type { SetEntry } from './set-entry.ts';

/** Goes through all published entries in slices, so that each is asked back in time and no drive takes long. */
export class EntryRotation {
  readonly #files: DatasetFiles;
  readonly #length: number;
  #from = 0;

  constructor(files: DatasetFiles, length: number) {
    this.#files = files;
    this.#length = length;
  }

  /** The next slice: all entries when there are no more than one slice holds. */
  next(): readonly SetEntry[] {
    const all = LIVE_SETS.flatMap((set) => [...this.#files.live(set)].map((entry) => ({ set, entry })));
    if (all.length <= this.#length) return all;
    const from = this.#from % all.length;
    this.#from = from + this.#length;
    return [...all.slice(from, from + this.#length), ...all.slice(0, Math.max(0, from + this.#length - all.length))];
  }
}
