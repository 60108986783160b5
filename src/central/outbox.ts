import type { SummaryBook } from './summary-keeper.ts';
import type { RowValue } from './upsert.ts';

/** A marked row as it is now. */
export interface OutboxEntry {
  readonly key: readonly [number, number, number, string];
  readonly version: number;
  /** False where the row is gone; then only the columns of its key hold anything. */
  readonly present: boolean;
  readonly rows: readonly (readonly RowValue[])[];
}

/** What this sensor has to tell: the part of its store that the sync sees. */
export interface Outbox {
  /** Which central summaries of what was sent are due. */
  readonly summaries: SummaryBook;
  /** In the order in which they are sent. */
  readonly relations: readonly string[];
  columns(relation: string): readonly string[];
  next(relation: string, after: OutboxEntry['key'] | undefined, limit: number): readonly OutboxEntry[];
  /** Unmarks rows that arrived, unless they changed meanwhile. */
  acknowledge(relation: string, entries: readonly OutboxEntry[]): void;
  setAside(relation: string, entry: OutboxEntry, error: string, at: number): void;
  retryAside(): void;
  asideCount(): number;
  /** Counts marked rows in short steps. */
  count(): Iterable<number>;
  /** Gives up the oldest sightings, and where there are none any more the oldest names of which nothing else is known. Returns how many. */
  thin(limit: number): number;
  /** Marks everything known, operators' words included. */
  markAll(): void;
  /** By what the centre knows this sensor now, and from the next claim on. */
  tokens(): { readonly current: string; readonly next: string };
  claimedAs(sensor: string): void;
  /** `told_again`: `due` where the centre must be told everything anew, `withdraw` where only what it holds must go first, or `done`. */
  recall(name: 'synced_until' | 'thinned' | 'claimed_as' | 'told_again'): string | undefined;
  remember(name: 'synced_until' | 'told_again', value: string): void;
}
