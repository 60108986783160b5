import type { PiholeRow } from './pihole-answers.ts';
import type { EntryPlace } from './pihole-book.ts';
import type { EntryName, PiholeClient } from './pihole-client.ts';

/** What was read. An entry that was not looked at is in neither. */
export interface EntrySight {
  /** By place and item; `missing` where Pi-hole has none. */
  readonly rows: ReadonlyMap<string, PiholeRow | 'missing'>;
  /** Every row that was read, a person's too. */
  readonly all: readonly PiholeRow[];
}

/**
 * Reading all exact denies freezes DNS for 20 microseconds a row (50,000 rows: a second), so up to here it is done in one
 * go, and beyond entry by entry.
 */
const READ_WHOLE_UP_TO = 2000;
/** Below this, single questions cost less. */
const READ_WHOLE_FROM = 10;
const PLACES: readonly EntryPlace[] = ['deny/exact', 'deny/regex', 'allow/exact'];
/** Of more entries than can be read in one go, an audit looks at so many and goes on from there next time. */
const SAMPLE = 20;

/** Reads entries back from Pi-hole without freezing it. */
export class EntryReader {
  readonly #client: PiholeClient;
  #next = 0;

  constructor(client: PiholeClient) {
    this.#client = client;
  }

  /** Reads `all` of the entries, or a `sample` that moves on with each call where they are many. */
  async read(entries: readonly EntryName[], signal: AbortSignal, how: 'all' | 'sample'): Promise<EntrySight> {
    const rows = new Map<string, PiholeRow | 'missing'>();
    const all: PiholeRow[] = [];
    const single: EntryName[] = [];
    for (const place of PLACES) {
      const here = entries.filter((entry) => entry.place === place);
      if (!(await this.#mayReadWhole(place, here.length, signal))) {
        single.push(...here);
        continue;
      }
      const found = await this.#client.rows(place, signal);
      const byItem = new Map(found.map((row) => [row.domain, row]));
      for (const { item } of here) rows.set(`${place} ${item}`, byItem.get(item) ?? 'missing');
      all.push(...found);
    }
    for (const entry of how === 'all' ? single : this.#sample(single)) {
      const row = await this.#client.row(entry, signal);
      if (row !== undefined) all.push(row);
      rows.set(`${entry.place} ${entry.item}`, row ?? 'missing');
    }
    return { rows, all };
  }

  /** Reads one entry. */
  async readOne(entry: EntryName, signal: AbortSignal): Promise<PiholeRow | undefined> {
    const row = (await this.read([entry], signal, 'all')).rows.get(`${entry.place} ${entry.item}`);
    return row === 'missing' ? undefined : row;
  }

  // Regular expressions are few in any Pi-hole, and awkward in the path of a URL.
  async #mayReadWhole(place: EntryPlace, wanted: number, signal: AbortSignal): Promise<boolean> {
    if (place === 'deny/regex') return wanted > 0;
    if (place !== 'deny/exact' || wanted < READ_WHOLE_FROM) return false;
    return (await this.#client.deniedTotal(signal)) <= READ_WHOLE_UP_TO;
  }

  #sample(entries: readonly EntryName[]): readonly EntryName[] {
    if (entries.length <= SAMPLE) return entries;
    const from = this.#next % entries.length;
    this.#next = from + SAMPLE;
    return [...entries, ...entries].slice(from, from + SAMPLE);
  }
}
