/** When a `Debounce` does its work. */
export interface DebounceOptions {
  readonly delayMs: number;
  /** However often it is put off, it is done about so long after it was first asked for. */
  readonly longestMs: number;
  readonly work: () => void;
}

/**
 * Does something a while after it was first asked for, however often it is asked for until then. Who has something better to do
 * meanwhile may put it off, within a bound: a steady trickle never does so for good.
 */
export class Debounce {
  readonly #options: DebounceOptions;
  #timer: NodeJS.Timeout | undefined;
  #roundsLeft = 0;
  #isPutOff = false;
  #mayWait = true;

  constructor(options: DebounceOptions) {
    this.#options = options;
  }

  get isPending(): boolean {
    return this.#timer !== undefined;
  }

  /** `mayWait`: whether this one may be put off. */
  ask(mayWait: boolean): void {
    this.#mayWait &&= mayWait;
    if (this.#timer !== undefined) return;
    const { delayMs, longestMs } = this.#options;
    this.#roundsLeft = Math.floor(longestMs / Math.max(1, delayMs));
    this.#wait();
  }

  /** Once more as long from when it would be done, where it may wait. */
  putOff(): void {
    this.#isPutOff = true;
  }

  /** Not after all. Returns whether it was asked for. */
  cancel(): boolean {
    const { isPending } = this;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#mayWait = true;
    return isPending;
  }

  #wait(): void {
    this.#isPutOff = false;
    this.#roundsLeft -= 1;
    this.#timer = setTimeout(() => {
      if (this.#isPutOff && this.#mayWait && this.#roundsLeft > 0) return this.#wait();
      this.cancel();
      this.#options.work();
    }, this.#options.delayMs);
  }
}
