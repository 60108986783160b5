import { UnavailableError } from '../core/errors.ts';
import type { Log } from '../lib/log.ts';
import type { AllowanceReading, QuotaLedger } from './quota-ledger.ts';
import type { QuotaWindow } from './quota-window.ts';

/** What a source says of the key, by window. Windows it does not know are absent. */
export type ReadAllowances = (
  signal: AbortSignal,
) => Promise<Readonly<Partial<Record<QuotaWindow, { readonly allowed: number; readonly used: number }>>>>;

export interface AllowanceWatchOptions {
  /** Free of charge, so it is asked at start and every hour: others may use the same key. */
  readonly read: ReadAllowances;
  readonly ledger: QuotaLedger;
  readonly log: Log;
  /** Called after every reading, since more may be allowed now. */
  readonly onRead: () => void;
  /** Epoch milliseconds; the real time where absent. */
  readonly now?: () => number;
}

const EVERY_MS = 3_600_000;
const RETRY_MS = 5 * 60_000;
/** A link that comes and goes must not become a stream of questions. */
const AGAIN_AFTER_MS = 60_000;
const WINDOWS: readonly QuotaWindow[] = ['minute', 'day', 'month'];

/** Keeps the ledger in step with what the source itself counts. */
export class AllowanceWatch {
  readonly #options: AllowanceWatchOptions;
  readonly #abort = new AbortController();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isStale = false;
  #againAt = Number.NEGATIVE_INFINITY;

  constructor(options: AllowanceWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  start(): void {
    void this.#look();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  /** Looks anew, at once or in a minute: what the reading was compared with has changed. */
  lookAgain(): void {
    this.#isStale = true;
    if (this.#isLooking || this.#abort.signal.aborted) return;
    clearTimeout(this.#timer);
    const wait = Math.max(0, this.#againAt + AGAIN_AFTER_MS - this.#now());
    this.#againAt = this.#now() + wait;
    this.#timer = setTimeout(() => void this.#look(), wait);
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    this.#isStale = false;
    const understood = await this.#read();
    this.#isLooking = false;
    if (this.#abort.signal.aborted) return;
    if (this.#isStale) return this.lookAgain();
    this.#timer = setTimeout(() => void this.#look(), understood ? EVERY_MS : RETRY_MS);
  }

  async #read(): Promise<boolean> {
    const { read, ledger, log, onRead } = this.#options;
    try {
      const told = await read(this.#abort.signal);
      const readings = WINDOWS.flatMap((window): AllowanceReading[] => {
        const allowance = told[window];
        return allowance === undefined ? [] : [{ window, ...allowance }];
      });
      ledger.learn(readings);
      for (const { window, allowed, used } of readings) log.info('allowance read', { window, count: allowed - used });
      onRead();
      return true;
    } catch (error) {
      // Not knowing is no reason to stop: our own ceilings hold meanwhile.
      if (!this.#abort.signal.aborted) log.warn('cannot read the allowance', { err: error });
      return !(error instanceof UnavailableError);
    }
  }
}
