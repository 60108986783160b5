/** One refused question is about that question; this many in a row are about us: an account that lost its rights. */
const IN_A_ROW = 3;

/** How long asking rests then. */
export const REFUSED_REST_MS = 3_600_000;

/** Counts refused questions between answers. */
export class Refusals {
  #inARow = 0;

  /** Notes a refusal. Returns whether it is one of many, and so no word about the question. */
  refused(): boolean {
    this.#inARow++;
    return this.#inARow >= IN_A_ROW;
  }

  answered(): void {
    this.#inARow = 0;
  }
}
