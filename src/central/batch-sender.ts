import type { Log } from '../lib/log.ts';
import type { CentralConnection } from './central-connection.ts';
import { CentralError } from './central-error.ts';
import type { CentralPool } from './central-pool.ts';
import { type CentralRelation, RELATIONS } from './central-relation.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
import { mostBytesOf, statementParts } from './statement-parts.ts';
import type { SummaryKeeper } from './summary-keeper.ts';
import { Upsert } from './upsert.ts';

export interface BatchSenderOptions {
  readonly pool: CentralPool;
  readonly outbox: Outbox;
  readonly summaries: SummaryKeeper;
  readonly sensor: string;
  readonly log: Log;
  readonly now: () => number;
  readonly batchRows: number;
}

/** Names, addresses and hashes: nothing in them that a statement's text would read differently. Three times as fast as the driver. */
const PLAIN = /^[\w.:/@#-]*$/;
/** Rows of a table set aside for reasons we do not know, since the start. More are a server or a guardian that does not work. */
const MAX_ODD_ROWS = 50;
/** Rows deleted by one statement: short transactions, also for a cluster. */
const WITHDRAW_STEP = 1_000;

interface Item {
  readonly entry: OutboxEntry;
  /** Its rows as they stand in a statement. */
  readonly texts: readonly string[];
}

interface Batch {
  readonly rule: CentralRelation;
  readonly items: readonly Item[];
}

/** Sends the marked rows of a relation, batch by batch, each acknowledged when the server has committed it. */
export class BatchSender {
  readonly #options: BatchSenderOptions;
  readonly #upserts = new Map<string, Upsert>();
  #sent = 0;
  readonly #oddRows = new Map<string, number>();

  constructor(options: BatchSenderOptions) {
    this.#options = options;
  }

  /** Rows sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * Once over a relation from its first key to its last; yields after each batch. While the server works on one batch, the next is read and
   * written out, and the one before acknowledged: two cores, or a network, are not kept waiting for each other. @throws CentralError
   */
  async *send(relation: string): AsyncGenerator<void> {
    const { outbox, batchRows } = this.#options;
    const rule = RELATIONS.get(relation);
    if (rule === undefined) throw new Error(`There is no central relation ${relation}`);
    let under: Promise<Batch> | undefined;
    try {
      for (let last: OutboxEntry['key'] | undefined; ; ) {
        const entries = outbox.next(relation, last, batchRows);
        const batch = entries.length === 0 ? undefined : this.#prepare(rule, entries);
        const committed = await under;
        under = batch === undefined ? undefined : this.#deliver(batch);
        // Whoever ends this generator early waits for it below; until then it may fail with nobody listening.
        under?.catch(() => undefined);
        if (committed !== undefined) this.#acknowledge(committed);
        yield;
        if (under === undefined) return;
        last = entries.at(-1)?.key;
      }
    } finally {
      await under?.catch(() => undefined);
    }
  }

  /** Deletes this sensor's rows where a row stands for the present, so that none is left that nobody knows any more. @throws CentralError */
  async withdraw(): Promise<void> {
    const { pool, sensor } = this.#options;
    for (const { table } of [...RELATIONS.values()].filter(({ deletes }) => deletes === true)) {
      for (let step = WITHDRAW_STEP; step === WITHDRAW_STEP; )
        step = await pool.use((connection) =>
          connection.run(`DELETE FROM ${table} WHERE sensor = ? LIMIT ${WITHDRAW_STEP}`, [sensor]),
        );
    }
  }

  #prepare(rule: CentralRelation, entries: readonly OutboxEntry[]): Batch {
    const upsert = this.#upsert(rule);
    const items = entries.map((entry) => ({
      entry,
      texts: entry.present ? entry.rows.map((row) => upsert.row(row, quoted)) : [],
    }));
    return { rule, items };
  }

  /** Resolves with what the server has committed of a batch. */
  async #deliver({ rule, items }: Batch): Promise<Batch> {
    const [present, gone] = [items.filter(({ entry }) => entry.present), items.filter(({ entry }) => !entry.present)];
    if (rule.deletes === true) for (const { entry } of gone) await this.#delete(rule, entry);
    return { rule, items: [...gone, ...(await this.#write(rule, present))] };
  }

  /** After the commit. What it means for the summaries is noted before the marks go, or a crash would forget it. */
  #acknowledge({ rule, items }: Batch): void {
    const { outbox, summaries } = this.#options;
    const entries = items.map(({ entry }) => entry);
    const rows = entries.flatMap((entry) => (entry.present ? entry.rows : []));
    summaries.sent(rule.table, outbox.columns(rule.table), rows);
    outbox.acknowledge(rule.table, entries);
  }

  /** All in one statement; where the server refuses what is in it, halves of it, down to the row that is to blame. Returns what it took. */
  async #write(rule: CentralRelation, items: readonly Item[]): Promise<readonly Item[]> {
    const { pool } = this.#options;
    if (items.length === 0) return [];
    try {
      await pool.use((connection) => this.#run(connection, rule, items));
      return items;
    } catch (error) {
      if (!(error instanceof CentralError) || !this.#isAboutRows(rule, error)) throw error;
      const [only] = items;
      if (items.length === 1 && only !== undefined) {
        this.#setAside(rule, only.entry, error);
        return [];
      }
      const half = Math.ceil(items.length / 2);
      return [...(await this.#write(rule, items.slice(0, half))), ...(await this.#write(rule, items.slice(half)))];
    }
  }

  #setAside(rule: CentralRelation, entry: OutboxEntry, error: CentralError): void {
    const { outbox, log, now } = this.#options;
    outbox.setAside(rule.table, entry, error.message, now());
    if (error.failure !== 'data') this.#oddRows.set(rule.table, this.#oddRowsOf(rule) + 1);
    log.warn('row refused by the central database, set aside', { err: error, target: rule.table });
  }

  // Refused by the server for a reason we do not know: the row's own, as long as it happens to few.
  #isAboutRows(rule: CentralRelation, { failure, cause }: CentralError): boolean {
    if (failure === 'data') return true;
    const isServers = typeof (cause as { errno?: unknown } | undefined)?.errno === 'number';
    return failure === 'else' && isServers && this.#oddRowsOf(rule) < MAX_ODD_ROWS;
  }

  #oddRowsOf({ table }: CentralRelation): number {
    return this.#oddRows.get(table) ?? 0;
  }

  async #run(connection: CentralConnection, rule: CentralRelation, items: readonly Item[]): Promise<void> {
    const rows = items.flatMap(({ texts }) => texts);
    // Rows that several sensors write are locked in one order by all of them.
    if (rule.sensor !== 'owner') rows.sort();
    // Not left to the server: one that reads a larger packet ends the session without a word of why.
    const tooLarge = rows.find((row) => Buffer.byteLength(row) > mostBytesOf(connection));
    if (tooLarge !== undefined)
      throw new CentralError(
        `a row of ${Buffer.byteLength(tooLarge)} bytes, want at most ${mostBytesOf(connection)} (max_allowed_packet of the server)`,
        { failure: 'data' },
      );
    const upsert = this.#upsert(rule);
    for (const part of statementParts(rows, connection)) await connection.run(upsert.statement(part));
    this.#sent += rows.length;
  }

  async #delete(rule: CentralRelation, entry: OutboxEntry): Promise<void> {
    const [row] = entry.rows;
    if (row === undefined) return;
    await this.#options.pool.use((connection) => connection.run(this.#upsert(rule).deletion(row, quoted)));
  }

  #upsert(rule: CentralRelation): Upsert {
    const known = this.#upserts.get(rule.table);
    if (known !== undefined) return known;
    const { outbox, sensor } = this.#options;
    const made = new Upsert(rule, outbox.columns(rule.table), quoted(sensor));
    this.#upserts.set(rule.table, made);
    return made;
  }
}

// By its bytes where it has more than letters: no rule of escaping, and so no mode of the server, has a say in it.
function quoted(text: string): string {
  return PLAIN.test(text) ? `'${text}'` : `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`;
}
