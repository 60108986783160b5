import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work done in one go before the rest of the daemon gets its turn. */
const SLICE_MS = 8;

/** Lets others run between the pieces of a long piece of work. One object per piece of work. */
export class Pace {
  readonly #signal: AbortSignal;
  #sliceStart = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Call between two pieces. @throws the reason of the signal. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#sliceStart < SLICE_MS) return;
    await nextTurn();
    this.#signal.throwIfAborted();
    this.#sliceStart = performance.now();
  }

  /** Runs a generator of bounded steps to its end. */
  async through(steps: Iterable<unknown>): Promise<void> {
    for (const _ of steps) await this.breathe();
  }
}
