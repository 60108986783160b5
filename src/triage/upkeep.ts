import type { Observable } from '../core/observable.ts';
import type { Log } from '../lib/log.ts';

/** What has to be done from time to time. */
export interface UpkeepBook {
  /** Observables whose kept answer is due to be asked for again: what is blocked first. */
  dueForRecheck(now: number, limit: number): readonly Observable[];
  /** Indicators past their end that are still wanted. */
  expired(now: number): readonly Observable[];
  /** Deletes what is past its retention, a bounded piece at a time. Returns whether there is more. */
  prune(now: number): boolean;
  durably<T>(work: () => T): T;
}

export interface UpkeepOptions {
  readonly book: UpkeepBook;
  readonly considerRecheck: (observable: Observable) => void;
  /** One step of a slow walk over what was seen and what waits (`IntakeDesk.sweep`), about once a minute. */
  readonly sweep: () => void;
  /** Judges again what is past its end, which ends its block. */
  readonly expire: (observable: Observable) => void;
  /** Ends the operators' words whose time is over (`OperatorDesk.endWords`); returns how many there were. */
  readonly endWords: (now: number) => number;
  readonly onExpired: (count: number) => void;
  readonly onRechecks: () => void;
  readonly log: Log;
  readonly now: () => number;
}

const TICK_MS = 15_000;
const TICKS_PER_SWEEP = 4;

/** Old answers put back in the queue per tick. More would only wait there. */
const RECHECKS_PER_TICK = 50;

/** Retention works in small pieces between which events are kept. */
const PRUNE_PAUSE_MS = 200;
const PRUNE_EVERY_MS = 3_600_000;

/** Ends what is past its end, asks again what is getting old, and deletes what nobody needs any more. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  #tick: NodeJS.Timeout | undefined;
  #prune: NodeJS.Timeout | undefined;
  #ticks = 0;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#tick = setInterval(() => this.#attempt(() => this.run()), TICK_MS);
    this.#prune = setTimeout(() => this.#pruneOnce(), PRUNE_PAUSE_MS);
    this.run();
  }

  stop(): void {
    clearInterval(this.#tick);
    clearTimeout(this.#prune);
  }

  /** One round of rechecks and expiries, now. */
  run(): void {
    const { book, now, considerRecheck, sweep, onRechecks } = this.#options;
    if (this.#ticks++ % TICKS_PER_SWEEP === 0) book.durably(sweep);
    const due = book.dueForRecheck(now(), RECHECKS_PER_TICK);
    if (due.length > 0) {
      book.durably(() => due.forEach(considerRecheck));
      onRechecks();
    }
    this.#endWhatIsOver();
  }

  /** Words first: what they blocked or allowed is judged anew then, and may be past its own end. */
  #endWhatIsOver(): void {
    const { book, now, expire, endWords, onExpired, log } = this.#options;
    const words = endWords(now());
    if (words > 0) log.info('words of operators ended', { count: words });
    const expired = book.expired(now());
    if (expired.length > 0) {
      book.durably(() => expired.forEach(expire));
      log.info('indicators ended', { count: expired.length });
    }
    if (words + expired.length > 0) onExpired(words + expired.length);
  }

  #pruneOnce(): void {
    const { book, now } = this.#options;
    const more = this.#attempt(() => book.prune(now())) === true;
    this.#prune = setTimeout(() => this.#pruneOnce(), more ? PRUNE_PAUSE_MS : PRUNE_EVERY_MS);
  }

  /** Thrown from a timer, a full disk would end the daemon. What was not done is done the next time. */
  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#options.log.error('upkeep failed', { err: error });
      return undefined;
    }
  }
}
