import type { Log } from '../lib/log.ts';
import type { CentralConnection } from './central-connection.ts';
import { CentralError } from './central-error.ts';
import type { CentralPool } from './central-pool.ts';
import { type CentralRelation, RELATIONS } from './central-relation.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
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

/** A statement's size, where the server allows more. Larger ones are no faster and hold locks for longer. */
const MAX_STATEMENT_BYTES = 1024 * 1024;
/** Names, addresses and hashes: nothing in them that a statement's text would read differently. Three times as fast as the driver. */
const PLAIN = /^[\w.:/@#-]*$/;
/** Rows set aside for reasons we do not know, since the start. More are a server or a guardian that does not work. */
const MAX_ODD_ROWS = 50;
/** Room for the statement's head and tail within the server's limit. */
const STATEMENT_OVERHEAD_BYTES = 8 * 1024;

/** Sends the marked rows of a relation, batch by batch, each acknowledged when the server has committed it. */
export class BatchSender {
  readonly #options: BatchSenderOptions;
  readonly #upserts = new Map<string, Upsert>();
  #sent = 0;
  #oddRows = 0;

  constructor(options: BatchSenderOptions) {
    this.#options = options;
  }

  /** Rows sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Once over a relation from its first key to its last; yields after each batch. @throws CentralError */
  async *send(relation: string): AsyncGenerator<void> {
    const { outbox, batchRows } = this.#options;
    const rule = RELATIONS.get(relation);
    if (rule === undefined) throw new Error(`There is no central relation ${relation}`);
    let last: OutboxEntry['key'] | undefined;
    for (;;) {
      const entries = outbox.next(relation, last, batchRows);
      if (entries.length === 0) return;
      await this.#sendBatch(rule, entries);
      last = entries.at(-1)?.key;
      yield;
      if (entries.length < batchRows) return;
    }
  }

  async #sendBatch(rule: CentralRelation, entries: readonly OutboxEntry[]): Promise<void> {
    const { outbox } = this.#options;
    const gone = entries.filter(({ present }) => !present);
    if (rule.deletes === true) for (const entry of gone) await this.#delete(rule, entry);
    outbox.acknowledge(rule.table, gone);
    await this.#sendPresent(
      rule,
      entries.filter(({ present }) => present),
    );
  }

  /** All in one statement; where the server refuses what is in it, halves of it, down to the row that is to blame. */
  async #sendPresent(rule: CentralRelation, entries: readonly OutboxEntry[]): Promise<void> {
    const { pool, outbox, summaries, log, now } = this.#options;
    if (entries.length === 0) return;
    try {
      await pool.use((connection) => this.#write(connection, rule, entries));
      summaries.sent(
        rule.table,
        outbox.columns(rule.table),
        entries.flatMap(({ rows }) => rows),
      );
      outbox.acknowledge(rule.table, entries);
    } catch (error) {
      if (!(error instanceof CentralError) || !this.#isAboutRows(error)) throw error;
      const [only] = entries;
      if (entries.length === 1 && only !== undefined) {
        outbox.setAside(rule.table, only, error.message, now());
        if (error.failure !== 'data') this.#oddRows += 1;
        log.warn('row refused by the central database, set aside', { err: error, target: rule.table });
        return;
      }
      const half = Math.ceil(entries.length / 2);
      await this.#sendPresent(rule, entries.slice(0, half));
      await this.#sendPresent(rule, entries.slice(half));
    }
  }

  // Refused by the server for a reason we do not know: the row's own, as long as it happens to few.
  #isAboutRows({ failure, cause }: CentralError): boolean {
    if (failure === 'data') return true;
    const isServers = typeof (cause as { errno?: unknown } | undefined)?.errno === 'number';
    return failure === 'else' && isServers && this.#oddRows < MAX_ODD_ROWS;
  }

  async #write(connection: CentralConnection, rule: CentralRelation, entries: readonly OutboxEntry[]): Promise<void> {
    const upsert = this.#upsert(rule, connection);
    const quote = (text: string): string => (PLAIN.test(text) ? `'${text}'` : connection.escape(text));
    const rows = entries.flatMap((entry) => entry.rows.map((row) => upsert.row(row, quote)));
    // Rows that several sensors write are locked in one order by all of them.
    if (rule.sensor !== 'owner') rows.sort();
    const maxBytes = Math.min(MAX_STATEMENT_BYTES, connection.maxPacketBytes - STATEMENT_OVERHEAD_BYTES);
    for (const part of partsOf(rows, maxBytes)) await connection.run(upsert.statement(part));
    this.#sent += rows.length;
  }

  async #delete(rule: CentralRelation, entry: OutboxEntry): Promise<void> {
    const [row] = entry.rows;
    if (row === undefined) return;
    await this.#options.pool.use((connection) =>
      connection.run(this.#upsert(rule, connection).deletion(row, (text) => connection.escape(text))),
    );
  }

  #upsert(rule: CentralRelation, connection: CentralConnection): Upsert {
    const known = this.#upserts.get(rule.table);
    if (known !== undefined) return known;
    const { outbox, sensor } = this.#options;
    const made = new Upsert(rule, outbox.columns(rule.table), connection.escape(sensor));
    this.#upserts.set(rule.table, made);
    return made;
  }
}

/** Rows in parts of at most `maxBytes`; a single row beyond it is a part of its own, for the server to refuse. */
function* partsOf(rows: readonly string[], maxBytes: number): Generator<readonly string[]> {
  let part: string[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = Buffer.byteLength(row) + 2;
    if (bytes + size > maxBytes && part.length > 0) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(row);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
