import { stat } from 'node:fs/promises';
import type { ObservableKey } from '../../core/observable.ts';
import { gently, type Steps, steps } from '../../lib/gently.ts';
import { makeFolder } from '../../lib/make-folder.ts';
import { ContextFiles } from './context-files.ts';
import { appendDataset, type EntryForm, readDataset, writeDataset } from './dataset-file.ts';
import { HASH_LISTS, type HashList, hashFile, LIVE_SET_REFS, LIVE_SETS, type LiveSet, setFile } from './datasets.ts';
import type { Publication } from './publication.ts';
import type { ContextOf } from './set-entry.ts';
import { Turns } from './turns.ts';

/** How one file's entries changed. */
export interface SetChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** What `DatasetFiles.write` changed. */
export interface DatasetChanges {
  readonly live: Readonly<Record<LiveSet, SetChange>>;
  /** How many hashes came and went, which Suricata notices at a reload only. */
  readonly hashes: { readonly added: number; readonly removed: number };
}

const NO_CHANGE: SetChange = { added: [], removed: [] };

/** Nothing changed. */
export const NO_CHANGES: DatasetChanges = {
  live: { domains: NO_CHANGE, dotted: NO_CHANGE, ips: NO_CHANGE },
  hashes: { added: 0, removed: 0 },
};

/** Whether a list of hashes changed. */
export function hashesChanged({ hashes }: DatasetChanges): boolean {
  return hashes.added + hashes.removed > 0;
}

/** More additions than this are a rewrite, which also sorts out what a torn append left. */
const MAX_APPENDED = 1000;

/** All dataset files of ours and what stands in them. They are the truth that Suricata reads at every start and reload. */
export class DatasetFiles {
  readonly #dir: string;
  readonly #entries = new Map<string, Set<string>>();
  /** Files whose last writing did not come to its end. */
  readonly #torn = new Set<string>();
  readonly #turns = new Turns();
  readonly #writes = new Turns();
  /** Entries that `add` added since `begin`, by file. */
  readonly #late = new Map<string, Set<string>>();

  readonly #contexts: ContextFiles;
  /** What is said of entries, where files with that are wanted. */
  #contextOf: ContextOf | undefined;

  constructor(datasetsDir: string) {
    this.#dir = datasetsDir;
    this.#contexts = new ContextFiles(datasetsDir);
  }

  /** Reads what a previous run left; creates what is missing, since a rule over a missing file fails. */
  async load(): Promise<void> {
    makeFolder(this.#dir, 0o755);
    for (const { path, form } of this.#files()) {
      const entries = await readDataset(path, form);
      if (entries === undefined) await writeDataset(path, form, []);
      this.#entries.set(path, entries ?? new Set());
    }
  }

  /** Entries of a live set as they stand in its file. */
  live(set: LiveSet): ReadonlySet<string> {
    return this.#entries.get(setFile(this.#dir, LIVE_SET_REFS[set])) ?? new Set();
  }

  /** A change by which every entry is added, whoever holds it already, and the same ones are removed. */
  everything(live: DatasetChanges['live']): DatasetChanges['live'] {
    return {
      domains: { added: [...this.live('domains')], removed: live.domains.removed },
      dotted: { added: [...this.live('dotted')], removed: live.dotted.removed },
      ips: { added: [...this.live('ips')], removed: live.ips.removed },
    };
  }

  /** Keys of everything that stands in the files. */
  keys(): Set<ObservableKey> {
    const keys = new Set<ObservableKey>();
    for (const name of this.live('domains')) keys.add(`domain:${name}`);
    for (const name of this.live('dotted')) keys.add(`domain:${name.slice(1)}`);
    for (const address of this.live('ips')) keys.add(`ip:${address}`);
    for (const list of HASH_LISTS) {
      for (const hash of this.#entries.get(hashFile(this.#dir, list)) ?? []) keys.add(`file:${hash}`);
    }
    return keys;
  }

  /** A publication is being planned: what `add` adds from here on is newer, and the `write` of that plan leaves it in place. */
  begin(): void {
    this.#late.clear();
  }

  /** From here on, files with what is said of each entry are kept too; undefined: they are not. */
  describe(contextOf: ContextOf | undefined): void {
    this.#contextOf = contextOf;
  }

  /** Removes files with what is said of entries, where they are not wanted and no rule names them any more. */
  async tidy(): Promise<void> {
    if (this.#contextOf === undefined) await this.#turns.take(() => this.#contexts.remove());
  }

  /** Brings the files to a publication, on disk when this resolves. Files that do not change are not touched. */
  write(publication: Pick<Publication, 'sets' | 'hashes'>): Promise<DatasetChanges> {
    return this.#writes.take(() => this.#writeAll(publication));
  }

  /** Adds entries to live sets and nothing else, on disk when this resolves. Also while a publication is planned. */
  add(entries: Readonly<Record<LiveSet, readonly string[]>>): Promise<DatasetChanges> {
    return this.#turns.take(async () => {
      const live = {
        domains: await this.#append('domains', entries.domains),
        dotted: await this.#append('dotted', entries.dotted),
        ips: await this.#append('ips', entries.ips),
      };
      return { ...NO_CHANGES, live };
    });
  }

  async #writeAll(publication: Pick<Publication, 'sets' | 'hashes'>): Promise<DatasetChanges> {
    const live = {
      domains: await this.#writeLive('domains', publication),
      dotted: await this.#writeLive('dotted', publication),
      ips: await this.#writeLive('ips', publication),
    };
    const hashes = { added: 0, removed: 0 };
    for (const list of HASH_LISTS) {
      const { added, removed } = await this.#write(hashFile(this.#dir, list), list, publication.hashes[list]);
      hashes.added += added.length;
      hashes.removed += removed.length;
    }
    if (this.#contextOf !== undefined) {
      for (const set of LIVE_SETS) await this.#describe(set, this.#contextOf);
    }
    return { live, hashes };
  }

  #describe(set: LiveSet, contextOf: ContextOf): Promise<void> {
    return this.#turns.take(() => this.#contexts.write(set, this.live(set), contextOf));
  }

  async #append(set: LiveSet, entries: readonly string[]): Promise<SetChange> {
    const ref = LIVE_SET_REFS[set];
    const path = setFile(this.#dir, ref);
    const present = this.#present(path);
    const late = this.#late.get(path) ?? new Set();
    this.#late.set(path, late);
    for (const entry of entries) late.add(entry);
    const added = entries.filter((entry) => !present.has(entry));
    if (added.length === 0) return NO_CHANGE;
    const isWhole = !this.#torn.has(path);
    this.#torn.add(path);
    if (isWhole) await appendDataset(path, ref.type, added);
    else await writeDataset(path, ref.type, [...present, ...added]);
    this.#torn.delete(path);
    for (const entry of added) present.add(entry);
    this.#entries.set(path, present);
    if (this.#contextOf !== undefined) await this.#contexts.append(set, added, this.#contextOf);
    return { added, removed: [] };
  }

  /** Last change of any file, epoch milliseconds. */
  changedAt(): Promise<number> {
    return newest(this.#files().map(({ path }) => path));
  }

  /** Last change of a list of hashes, epoch milliseconds. */
  hashesChangedAt(): Promise<number> {
    return newest(HASH_LISTS.map((list) => hashFile(this.#dir, list)));
  }

  #writeLive(set: LiveSet, publication: Pick<Publication, 'sets'>): Promise<SetChange> {
    const ref = LIVE_SET_REFS[set];
    return this.#write(setFile(this.#dir, ref), ref.type, publication.sets[set]);
  }

  // To compare 100,000 entries takes a while, and what is added meanwhile must not wait for it.
  async #write(path: string, form: EntryForm, wanted: ReadonlyMap<string, ObservableKey>): Promise<SetChange> {
    const compared = await gently(difference(this.#present(path), wanted));
    return this.#turns.take(() => this.#bring(path, form, compared));
  }

  async #bring(path: string, form: EntryForm, compared: Difference): Promise<SetChange> {
    const { after } = compared;
    const present = this.#present(path);
    const late = this.#late.get(path) ?? new Set();
    for (const entry of late) if (present.has(entry)) after.add(entry);
    const added = compared.added.filter((entry) => !present.has(entry));
    const removed = compared.removed.filter((entry) => !late.has(entry));
    const torn = this.#torn.has(path);
    if (added.length === 0 && removed.length === 0 && !torn) return { added, removed };
    // A full disk leaves half a line, and what is appended to that is another entry: only a rewrite helps then.
    this.#torn.add(path);
    if (removed.length === 0 && added.length <= MAX_APPENDED && !torn) await appendDataset(path, form, added);
    else await writeDataset(path, form, after);
    this.#torn.delete(path);
    this.#entries.set(path, after);
    return { added, removed };
  }

  #present(path: string): Set<string> {
    return this.#entries.get(path) ?? new Set();
  }

  #files(): readonly { readonly path: string; readonly form: EntryForm }[] {
    const live = LIVE_SETS.map((set) => ({
      path: setFile(this.#dir, LIVE_SET_REFS[set]),
      form: LIVE_SET_REFS[set].type as EntryForm,
    }));
    const hashes = HASH_LISTS.map((list: HashList) => ({ path: hashFile(this.#dir, list), form: list as EntryForm }));
    return [...live, ...hashes];
  }
}

interface Difference extends SetChange {
  readonly after: Set<string>;
}

function* difference(present: ReadonlySet<string>, wanted: ReadonlyMap<string, ObservableKey>): Steps<Difference> {
  const added: string[] = [];
  const removed: string[] = [];
  const after = new Set<string>();
  yield* steps(present, (entry) => {
    if (wanted.has(entry)) after.add(entry);
    else removed.push(entry);
  });
  yield* steps(wanted.keys(), (entry) => {
    if (present.has(entry)) return;
    added.push(entry);
    after.add(entry);
  });
  return { added, removed, after };
}

async function newest(paths: readonly string[]): Promise<number> {
  const times = await Promise.all(paths.map((path) => stat(path)));
  return Math.max(...times.map(({ mtimeMs }) => mtimeMs));
}
