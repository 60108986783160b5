import type { Indicator } from '../core/indicator.ts';
import { keyOf, type ObservableKey } from '../core/observable.ts';
import type { Log } from '../lib/log.ts';
import type { Target } from './target.ts';

/** What came to the desired state with one revision of it, and nothing else did. */
export interface Addition {
  readonly revision: number;
  readonly indicators: readonly Indicator[];
}

export interface HasteOptions {
  readonly target: Target;
  /** These were put in force and proved. */
  readonly record: (target: string, keys: ReadonlySet<ObservableKey>) => void;
  /** Whether an indicator is wanted still. */
  readonly isWanted: (key: ObservableKey) => boolean;
  /** Something was put in force; `whole` when all that was asked for was, and proved. */
  readonly onDone: (whole: boolean) => void;
  readonly log: Log;
}

/** More than this at once is better driven. */
const MAX_INDICATORS = 1_500;

/** Puts additions in force at one target past its drives, one go after the other: what comes meanwhile is gathered. */
export class Haste {
  readonly #options: HasteOptions;
  #waiting: Addition[] = [];
  #running: Promise<void> | undefined;
  readonly #proved = new Set<number>();
  #isPaused = false;
  #abort = new AbortController();

  constructor(options: HasteOptions) {
    this.#options = options;
  }

  /** Puts an addition in force as soon as may be. Returns at once. */
  ask(addition: Addition): void {
    this.#waiting.push(addition);
    this.#goOn();
  }

  /** Whether all that came with a revision was put in force and proved here, and not forgotten since. */
  hasProved(revision: number): boolean {
    return this.#proved.has(revision);
  }

  /** A drive proved everything up to a revision. */
  forgetUpTo(revision: number): void {
    for (const proved of this.#proved) if (proved <= revision) this.#proved.delete(proved);
  }

  /** Resolves when nothing is under way; until `resume`, nothing begins. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#running;
  }

  resume(): void {
    this.#isPaused = false;
    this.#goOn();
  }

  /** Ends what is under way. What waits is left for a drive. */
  async stop(): Promise<void> {
    this.#waiting = [];
    this.#abort.abort();
    await this.#running;
    this.#abort = new AbortController();
  }

  #goOn(): void {
    if (this.#waiting.length === 0 || this.#isPaused) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#goOn();
    });
  }

  async #run(): Promise<void> {
    const { target, onDone, log } = this.#options;
    const { signal } = this.#abort;
    while (this.#waiting.length > 0 && !this.#isPaused) {
      const additions = this.#waiting;
      this.#waiting = [];
      try {
        onDone(await this.#all(additions, signal));
      } catch (error) {
        if (signal.aborted) return;
        log.debug('cannot hasten', { target: target.name, err: error });
        onDone(false);
      }
    }
  }

  async #all(additions: readonly Addition[], signal: AbortSignal): Promise<boolean> {
    const { target, record, isWanted } = this.#options;
    const wanted = new Map<ObservableKey, Indicator>();
    for (const { indicators } of additions) {
      for (const indicator of indicators) {
        const key = keyOf(indicator.observable);
        // Taken back while it waited.
        if (isWanted(key)) wanted.set(key, indicator);
      }
    }
    if (wanted.size > MAX_INDICATORS) return false;
    const proved = (await target.hasten?.([...wanted.values()], signal)) ?? new Set<ObservableKey>();
    if (proved.size > 0) record(target.name, proved);
    const done = additions.filter((one) => one.indicators.every(({ observable }) => proved.has(keyOf(observable))));
    for (const { revision } of done) this.#proved.add(revision);
    return done.length === additions.length;
  }
}
