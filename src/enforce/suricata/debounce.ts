/** Does something a while after it was first asked for, however often it is asked for until then: a steady trickle never puts it off. */
export class Debounce {
  readonly #delayMs: number;
  readonly #work: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(delayMs: number, work: () => void) {
    this.#delayMs = delayMs;
    this.#work = work;
  }

  get isPending(): boolean {
    return this.#timer !== undefined;
  }

  ask(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#work();
    }, this.#delayMs);
  }

  /** Not after all. Returns whether it was asked for. */
  cancel(): boolean {
    const { isPending } = this;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return isPending;
  }
}
