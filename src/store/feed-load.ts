import Database, { type Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** One entry of a version that is being read. */
export interface FeedRow {
  readonly key: string;
  readonly rank: number | null;
}

/** What a swap came to. */
export interface FeedDelta {
  readonly added: number;
  readonly removed: number;
}

/** Which feed is loaded, and the version that counts now. */
export interface FeedLoadOptions {
  readonly feedId: number;
  readonly generation: number;
  /** Called inside the transaction of the swap, with the new generation. */
  readonly onSwap: (generation: number, entries: number) => void;
}

/** Rows a step touches: a few milliseconds on a small machine, between which the rest of the daemon goes on. */
const ROWS_PER_STEP = 1_000;

/** Deleting and marking go all over the table, a page for each row: fewer of them make a step. */
const SCATTERED_ROWS_PER_STEP = 200;

/** Cache of the side table, in KiB. What is beyond it goes to a temporary file. */
const SIDE_CACHE_KIB = 8_192;

/**
 * A new version of one feed, from its first entry to the swap. Entries are put into a side table in any order, written
 * beside the version that counts in key order (so that neither memory nor a memory card suffers), and swapped at once.
 * Every generator does a bounded piece of work per step; run it to its end, with pauses.
 */
export class FeedLoad {
  readonly #db: Sqlite;
  readonly #options: FeedLoadOptions;
  readonly #side: Sqlite;
  readonly #put: Statement;
  readonly #page: Statement<[string], FeedRow>;
  readonly #isPut: Statement<[string], unknown>;
  #entries = 0;
  #added = 0;
  #removed = 0;
  #swapped = false;

  constructor(db: Sqlite, options: FeedLoadOptions) {
    this.#db = db;
    this.#options = options;
    // A private temporary database: it needs no place in the store's log and is gone with this object or process.
    this.#side = new Database('');
    this.#side.pragma('journal_mode = OFF');
    this.#side.pragma(`cache_size = -${SIDE_CACHE_KIB}`);
    this.#side.exec('CREATE TABLE side (key TEXT PRIMARY KEY, rank INTEGER) STRICT, WITHOUT ROWID; BEGIN');
    this.#put = this.#side.prepare('INSERT OR IGNORE INTO side (key, rank) VALUES (?, ?)');
    this.#page = this.#side.prepare(`SELECT key, rank FROM side WHERE key > ? ORDER BY key LIMIT ${ROWS_PER_STEP}`);
    this.#isPut = this.#side.prepare('SELECT 1 FROM side WHERE key = ?');
  }

  /** Different entries put so far; `urlhost:` keys are hints and no entries. */
  get entries(): number {
    return this.#entries;
  }

  /** Takes some entries in. The first of equal keys counts. */
  put(rows: readonly FeedRow[]): void {
    for (const { key, rank } of rows) {
      const isNew = this.#put.run(key, rank).changes === 1;
      if (isNew && !key.startsWith('urlhost:')) this.#entries += 1;
    }
  }

  /** Writes the new version beside the one that counts. What was left of an attempt that died is removed first. */
  *write(): Generator<void, void> {
    yield* this.#undo();
    yield* this.settle();
    yield* this.#writeAdded();
    yield* this.#writeRemoved();
  }

  /** Makes the new version the one that counts: one small transaction. Afterwards `settle` removes what left. */
  swap(): FeedDelta {
    this.#db.transaction(() => {
      this.#options.onSwap(this.#options.generation + 1, this.#entries);
    })();
    this.#swapped = true;
    return { added: this.#added, removed: this.#removed };
  }

  /** Removes the rows that no longer count. */
  *settle(): Generator<void, void> {
    const counts = this.#options.generation + (this.#swapped ? 1 : 0);
    const leave = this.#db.prepare(
      `DELETE FROM feed_entries WHERE feed_id = ? AND key IN (
         SELECT key FROM feed_entries INDEXED BY feed_entries_leaving
         WHERE feed_id = ? AND until <= ? LIMIT ${SCATTERED_ROWS_PER_STEP})`,
    );
    const { feedId } = this.#options;
    while (leave.run(feedId, feedId, counts).changes > 0) yield;
  }

  /** Gives the new version up, unless it was swapped in. Always called at the end; frees the side table. */
  *close(): Generator<void, void> {
    if (this.#side.open) this.#side.close();
    if (!this.#swapped) yield* this.#undo();
  }

  *#writeAdded(): Generator<void, void> {
    const { feedId, generation } = this.#options;
    const insert = this.#db.prepare(
      'INSERT OR IGNORE INTO feed_entries (key, feed_id, since, rank) VALUES (?, ?, ?, ?)',
    );
    const rerank = this.#db.prepare('UPDATE feed_entries SET rank = ? WHERE key = ? AND feed_id = ? AND rank IS NOT ?');
    let after = '';
    for (;;) {
      const rows = this.#page.all(after);
      const last = rows.at(-1);
      if (last === undefined) return;
      this.#db.transaction(() => {
        for (const { key, rank } of rows) {
          if (insert.run(key, feedId, generation + 1, rank).changes === 1) this.#added += 1;
          // In place, before the swap: a rank only demotes a question in the queue, and most lists have none.
          else if (rank !== null) rerank.run(rank, key, feedId, rank);
        }
      })();
      after = last.key;
      yield;
    }
  }

  *#writeRemoved(): Generator<void, void> {
    const { feedId, generation } = this.#options;
    const page = this.#db.prepare<[number, number, number, string], { since: number; key: string }>(
      `SELECT since, key FROM feed_entries INDEXED BY feed_entries_by_feed
       WHERE feed_id = ? AND since <= ? AND (since, key) > (?, ?) ORDER BY since, key LIMIT ${ROWS_PER_STEP}`,
    );
    const leave = this.#db.prepare('UPDATE feed_entries SET until = ? WHERE key = ? AND feed_id = ?');
    let after = { since: 0, key: '' };
    for (;;) {
      const rows = page.all(feedId, generation, after.since, after.key);
      const last = rows.at(-1);
      if (last === undefined) return;
      this.#db.transaction(() => {
        for (const { key } of rows) {
          if (this.#isPut.get(key) !== undefined) continue;
          leave.run(generation + 1, key, feedId);
          this.#removed += 1;
        }
      })();
      after = last;
      yield;
    }
  }

  *#undo(): Generator<void, void> {
    const { feedId, generation } = this.#options;
    const uninsert = this.#db.prepare(
      `DELETE FROM feed_entries WHERE feed_id = ? AND key IN (
         SELECT key FROM feed_entries INDEXED BY feed_entries_by_feed
         WHERE feed_id = ? AND since > ? LIMIT ${SCATTERED_ROWS_PER_STEP})`,
    );
    const stay = this.#db.prepare(
      `UPDATE feed_entries SET until = NULL WHERE feed_id = ? AND key IN (
         SELECT key FROM feed_entries INDEXED BY feed_entries_leaving
         WHERE feed_id = ? AND until > ? LIMIT ${SCATTERED_ROWS_PER_STEP})`,
    );
    while (uninsert.run(feedId, feedId, generation).changes > 0) yield;
    while (stay.run(feedId, feedId, generation).changes > 0) yield;
  }
}
