/** More than this per target are found by looking through the tables. */
const MAX_CHANGED = 5000;

/** Which indicators changed since the record of a target last followed them, by row number. Unknown at first, and after too many. */
export class ChangedIndicators {
  readonly #byTarget = new Map<string, Set<number>>();

  note(id: number): void {
    for (const [target, changed] of this.#byTarget) {
      changed.add(id);
      if (changed.size > MAX_CHANGED) this.#byTarget.delete(target);
    }
  }

  /** Nothing is known any more: a transaction was rolled back. */
  forget(): void {
    this.#byTarget.clear();
  }

  /** What changed for a target; undefined when that is not known. Row numbers that stay in the set are still to be followed. */
  of(target: string): Set<number> | undefined {
    return this.#byTarget.get(target);
  }

  /** From here on, changes are known for a target; `left` are still to be followed. */
  follow(target: string, left: Iterable<number>): void {
    this.#byTarget.set(target, new Set(left));
  }
}
