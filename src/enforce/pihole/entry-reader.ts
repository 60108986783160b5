import type { PiholeRow } from './pihole-answers.ts';
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
    const exact = entries.filter((entry) => entry.place === 'deny/exact');
    const whole =
      exact.length >= READ_WHOLE_FROM && (await this.#client.deniedTotal(signal)) <= READ_WHOLE_UP_TO ? exact : [];
    if (whole.length > 0) {
      all.push(...(await this.#client.rows('deny/exact', signal)));
      const byName = new Map(all.map((row) => [row.domain, row]));
      for (const { place, item } of whole) rows.set(`${place} ${item}`, byName.get(item) ?? 'missing');
    }
    const rest = whole.length > 0 ? entries.filter((entry) => entry.place !== 'deny/exact') : entries;
    for (const entry of how === 'all' ? rest : this.#sample(rest)) {
      const row = await this.#client.row(entry, signal);
      if (row !== undefined) all.push(row);
      rows.set(`${entry.place} ${entry.item}`, row ?? 'missing');
    }
    return { rows, all };
  }

  #sample(entries: readonly EntryName[]): readonly EntryName[] {
    if (entries.length <= SAMPLE) return entries;
    const from = this.#next % entries.length;
    this.#next = from + SAMPLE;
    return [...entries, ...entries].slice(from, from + SAMPLE);
  }
}
