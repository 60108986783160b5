/** Lets one piece of work run at a time, in the order of asking. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `work` after everything asked before it has ended, well or badly. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}
