import { type Pattern, parsePattern } from '../core/pattern.ts';
import { printable } from '../lib/printable.ts';
import type { SqlRow } from './central-connection.ts';
import { CentralError } from './central-error.ts';
import type { CentralPool } from './central-pool.ts';
import { SET_BACK_S } from './server-clock.ts';

/** What was said last of a pattern for all sensors; times are epoch milliseconds by the clock of this sensor. */
export interface FleetWord {
  readonly pattern: Pattern;
  readonly action: 'block' | 'allow' | 'forget';
  readonly reason: string;
  readonly origin: 'operator' | 'config';
  readonly sensor: string;
  readonly saidAt: number;
  readonly expiresAt?: number;
}

export interface WordFlowOptions {
  readonly pool: CentralPool;
  readonly book: {
    /** What the centre does not know yet, the oldest first. */
    pending(limit: number): readonly FleetWord[];
    acknowledge(word: FleetWord): void;
    /** The centre refuses it, and would again: the others go on without it. */
    setAside(word: FleetWord, error: string, at: number): void;
  };
  readonly memory: {
    recall(name: 'words_until'): string | undefined;
    remember(name: 'words_until', value: string): void;
  };
  /** Takes words over. Must pass over what it knows: the last minute comes again. */
  readonly onWords: (words: readonly FleetWord[]) => void;
  readonly now: () => number;
}

const PAGE = 200;
/** As in the flow of reports. */
const OVERLAP_S = 60;
/**
 * A word that is to hold longer holds this long, a hundred years. 9999-12-31, which means for ever, is past the last time of a server whose clock
 * is ahead of ours, and what the server refuses would hold up all that is said after it.
 */
const LONGEST_MS = 36_525 * 86_400_000;
const MAX_REASON = 500;
const ACTIONS = ['block', 'allow', 'forget'] as const;
const ORIGINS = ['operator', 'config'] as const;

/** How far the clocks of a cluster's nodes may differ. */
const CLOCKS_APART_S = 2;

// A word is never said later than the present: one that was, was written before the server's clock was set back.
const IS_LATER = `(VALUES(said) > said OR said > UTC_TIMESTAMP(3) + INTERVAL ${CLOCKS_APART_S} SECOND)`;
const TAKEN = ['action', 'reason', 'origin', 'sensor', 'expires', 'changed']
  .map((column) => `${column} = IF(${IS_LATER}, VALUES(${column}), ${column})`)
  .join(', ');

/** The last word about a pattern holds, by when it was said and not by when it came: a sensor may have been away for days. */
const WRITE = `INSERT INTO shared_overrides (pattern, action, reason, origin, sensor, said, expires, changed)
  VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, UTC_TIMESTAMP(3))
  ON DUPLICATE KEY UPDATE ${TAKEN}, said = IF(${IS_LATER}, VALUES(said), said)`;

const BEGINNING = '1970-01-01 00:00:00.000';

/** Operators' words for all sensors, there and back. Times travel as ages, so that no sensor's clock matters to another. */
export class WordFlow {
  readonly #options: WordFlowOptions;
  /** Where the last reading stopped before its end. `settled` stays that of its beginning: what came late behind it is not skipped. */
  #sweep: { readonly at: readonly [changed: string, pattern: string]; readonly settled: string } | undefined;
  readonly #counts = { sent: 0, read: 0, refused: 0, aside: 0 };

  constructor(options: WordFlowOptions) {
    this.#options = options;
  }

  /** Words since the start; `refused` are rows that no sensor writes, `aside` words that the centre does not take. */
  get counts(): Readonly<Record<'sent' | 'read' | 'refused' | 'aside', number>> {
    return this.#counts;
  }

  /** Hears what is new, then tells what was said here. Returns whether there is more. @throws CentralError */
  async exchange(): Promise<boolean> {
    const more = await this.#hear();
    return (await this.#tell()) || more;
  }

  async #hear(): Promise<boolean> {
    const { memory, onWords, now } = this.#options;
    const until = memory.recall('words_until') ?? BEGINNING;
    const [clock, rows] = await this.#options.pool.use(async (connection) => {
      const [told] = await connection.rows(
        `SELECT UTC_TIMESTAMP(3) - INTERVAL ${OVERLAP_S} SECOND AS settled, ? > UTC_TIMESTAMP(3) + INTERVAL ${SET_BACK_S} SECOND AS was_set_back`,
        [until],
      );
      // By a clock that was set back what is new lies before what was read: everything again, which is a few words.
      const [changed, pattern] = this.#sweep?.at ?? [Number(told?.was_set_back) === 1 ? BEGINNING : until, ''];
      const page = await connection.rows(
        `SELECT pattern, action, reason, origin, sensor, changed,
           TIMESTAMPDIFF(MICROSECOND, said, UTC_TIMESTAMP(3)) DIV 1000 AS age_ms,
           TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), expires) DIV 1000 AS left_ms
         FROM shared_overrides WHERE changed >= ? AND (changed > ? OR pattern > ?) AND changed <= UTC_TIMESTAMP(3)
         ORDER BY changed, pattern LIMIT ${PAGE}`,
        [changed, changed, pattern],
      );
      return [told, page] as const;
    });
    const words = rows.flatMap((row) => wordOf(row, now()) ?? []);
    this.#counts.read += rows.length;
    this.#counts.refused += rows.length - words.length;
    if (words.length > 0) onWords(words);
    const last = rows.at(-1);
    const settled = this.#sweep?.settled ?? String(clock?.settled);
    const hasMore = rows.length === PAGE && last !== undefined;
    this.#sweep = hasMore ? { at: [String(last.changed), String(last.pattern)], settled } : undefined;
    if (!hasMore) memory.remember('words_until', settled);
    return hasMore;
  }

  async #tell(): Promise<boolean> {
    const { book, now } = this.#options;
    const words = book.pending(PAGE);
    for (const word of words) {
      try {
        await this.#write(word);
      } catch (error) {
        if (!(error instanceof CentralError) || error.failure !== 'data') throw error;
        book.setAside(word, error.message, now());
        this.#counts.aside += 1;
        continue;
      }
      book.acknowledge(word);
      this.#counts.sent += 1;
    }
    return words.length === PAGE;
  }

  async #write({ pattern, action, reason, origin, sensor, saidAt, expiresAt }: FleetWord): Promise<void> {
    const { pool, now } = this.#options;
    const age = micros(now() - saidAt);
    const left = expiresAt === undefined ? null : micros(Math.min(expiresAt - now(), LONGEST_MS));
    await pool.use((connection) => connection.run(WRITE, [pattern.text, action, reason, origin, sensor, age, left]));
  }
}

function wordOf(row: SqlRow, now: number): FleetWord | undefined {
  const pattern = parsePattern(String(row.pattern));
  const action = ACTIONS.find((one) => one === row.action);
  const origin = ORIGINS.find((one) => one === row.origin);
  const sensor = String(row.sensor);
  const isCanonical = pattern.ok && pattern.value.text === row.pattern;
  if (!isCanonical || action === undefined || origin === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(sensor))
    return undefined;
  return {
    pattern: pattern.value,
    action,
    origin,
    sensor,
    reason: printable(String(row.reason), MAX_REASON),
    saidAt: now - Math.max(0, Number(row.age_ms)),
    ...(row.left_ms === null ? {} : { expiresAt: now + Number(row.left_ms) }),
  };
}

function micros(ms: number): number {
  return Math.max(0, Math.round(ms * 1000));
}
