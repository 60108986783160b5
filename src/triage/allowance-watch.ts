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
}

const EVERY_MS = 3_600_000;
const RETRY_MS = 5 * 60_000;
const WINDOWS: readonly QuotaWindow[] = ['minute', 'day', 'month'];

/** Keeps the ledger in step with what the source itself counts. */
export class AllowanceWatch {
  readonly #options: AllowanceWatchOptions;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AllowanceWatchOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#look();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #look(): Promise<void> {
    const understood = await this.#read();
    if (!this.#abort.signal.aborted)
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
