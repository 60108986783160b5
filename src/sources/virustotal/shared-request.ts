import { setMaxListeners } from 'node:events';

/**
 * One request that several callers wait for. It is given up only when every one of them has given up; a caller that
 * leaves alone does not take the answer away from the others.
 */
export class SharedRequest<T> {
  readonly promise: Promise<T>;
  readonly #controller = new AbortController();
  readonly #done = new AbortController();
  #waiting = 0;

  /** Begins the request at once. */
  constructor(signal: AbortSignal, begin: (signal: AbortSignal) => Promise<T>) {
    this.join(signal);
    this.promise = begin(this.#controller.signal);
  }

  /** Waits for the same answer. `false` when the request was given up already: begin a new one. */
  join(signal: AbortSignal): boolean {
    if (this.#controller.signal.aborted) return false;
    this.#waiting += 1;
    // One signal stands for the whole daemon, and Node warns of a leak at eleven listeners; these let go in `release`.
    setMaxListeners(0, signal);
    const leave = () => {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#controller.abort(signal.reason);
    };
    if (signal.aborted) leave();
    // Bound to the request's own life, so that a long-lived signal does not collect listeners.
    else signal.addEventListener('abort', leave, { once: true, signal: this.#done.signal });
    return true;
  }

  /** Lets go of the callers' signals. Call it once the promise has settled. */
  release(): void {
    this.#done.abort();
  }
}
