/** Lets one piece of work run at a time, in the order of asking. */
export class Turns {
  #tail: Promise<void> = Promise.resolve();

  /** Runs `work` after everything asked before it has ended, well or badly. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    // What came of it is the caller's: kept here it would stay in memory until the next turn.
    this.#tail = turn.then(nothing, nothing);
    return turn;
  }
}

function nothing(): void {}
