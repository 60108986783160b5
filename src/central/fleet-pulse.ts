import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import { CentralError } from './central-error.ts';

/** One thing that is done at every beat. Returns whether there is more to do at once. @throws CentralError */
export type Round = (signal: AbortSignal) => Promise<boolean>;

export interface FleetPulseOptions {
  /** In the order in which they are done. When all went well, the centre is well. */
  readonly rounds: readonly Round[];
  /** What may take long and is done afterwards. */
  readonly later?: Round;
  /** Whether this sensor may take part; `unknown` while nobody can tell. */
  readonly admission?: () => 'open' | 'unknown' | { readonly barred: string };
  /** The centre is in reach, and was not before. */
  readonly onReached?: () => void;
  readonly log: Log;
  readonly now: () => number;
  readonly intervalMs?: number;
}

/** Between two beats: what one sensor says, the others hear within this. A beat is a handful of small statements. */
const INTERVAL_MS = 5_000;
/** Who may take part is known within this, or the first beat finds out how the centre is. */
const UNKNOWN_MS = 15_000;
/** A centre that was well this long ago, and not known to be ill since, counts as well: a beat may bring many reports. */
const TRUSTED_MS = 60_000;

/**
 * Whether the centre is well, by what came of the last beat. Only then does anybody wait for it, and only when a beat failed does a sensor
 * spend without the others: a single question that fails or is slow makes a doubt, and the next beat at once.
 */
export class FleetPulse {
  readonly #options: FleetPulseOptions;
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #wellAt: number | undefined;
  #illness: string | undefined;

  constructor(options: FleetPulseOptions) {
    this.#options = options;
  }

  /** When it was well last, epoch milliseconds; `undefined` where it never was since the start. */
  get wellAt(): number | undefined {
    return this.#wellAt;
  }

  /** What is wrong with it, where something is. */
  get illness(): string | undefined {
    return this.isWell ? undefined : (this.#illness ?? 'it has not answered yet');
  }

  get isWell(): boolean {
    const { now } = this.#options;
    return this.#illness === undefined && this.#wellAt !== undefined && Math.abs(now() - this.#wellAt) < TRUSTED_MS;
  }

  /** Whether anything is known of it since the start. */
  get isKnown(): boolean {
    return this.#wellAt !== undefined || this.#illness !== undefined;
  }

  /** A question failed or took too long: the next beat finds out what that means. */
  doubt(): void {
    this.#wake();
  }

  start(): void {
    this.#abort = new AbortController();
    this.#running = this.#loop(this.#abort.signal);
  }

  /** Ends within a moment where the pool is closed too. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake();
    await this.#running;
  }

  /** Beats now: there is something to tell. */
  hurry(): void {
    this.#wake();
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const patience = performance.now() + UNKNOWN_MS;
    while (!signal.aborted) {
      const admission = this.#options.admission?.() ?? 'open';
      if (admission === 'unknown' && performance.now() < patience) {
        await this.#sleep(MORE_PAUSE_MS, signal);
        continue;
      }
      const hasMore = typeof admission === 'object' ? this.#stayOut(admission.barred) : await this.#beat(signal);
      // Also with more to do others have their turn in between.
      await this.#sleep(hasMore ? MORE_PAUSE_MS : (this.#options.intervalMs ?? INTERVAL_MS), signal);
    }
  }

  #stayOut(why: string): false {
    this.#illness = why;
    return false;
  }

  async #beat(signal: AbortSignal): Promise<boolean> {
    const { rounds, later, log, now, onReached } = this.#options;
    const wasReached = this.#illness === undefined && this.#wellAt !== undefined;
    let hasMore = false;
    try {
      for (const round of rounds) hasMore = (await round(signal)) || hasMore;
      this.#illness = undefined;
      this.#wellAt = now();
      if (!wasReached) onReached?.();
      hasMore = (await later?.(signal)) === true || hasMore;
    } catch (error) {
      if (signal.aborted) return false;
      this.#illness = error instanceof Error ? error.message : String(error);
      // The sync says aloud what is wrong with the centre. What is no fault of the centre is a bug, and must not end the daemon.
      if (error instanceof CentralError) log.debug('fleet not in reach', { err: error });
      else log.error('fleet round failed', { err: error });
    }
    return hasMore;
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await pause(ms, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => undefined);
  }
}

/** As long as a page of reports takes to be judged, roughly: at most half of the sensor's time goes into warming up. */
const MORE_PAUSE_MS = 100;
