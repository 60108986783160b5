import { MINUTE_MS } from './quota-window.ts';

/** Questions of the last sixty seconds, by a clock that nobody sets: a minute's allowance does not start anew with the minute. */
export class RollingMinute {
  readonly #uptimeMs: () => number;
  /** When they left. */
  #recent: number[] = [];

  constructor(uptimeMs: () => number) {
    this.#uptimeMs = uptimeMs;
  }

  /** Notes a question that left so long ago. */
  add(ageMs = 0): void {
    this.#recent.push(this.#uptimeMs() - ageMs);
  }

  count(): number {
    const now = this.#uptimeMs();
    // A clock that was set back leaves times in the future: they were at the latest just now, and count for a minute from now.
    this.#recent = this.#recent.map((at) => Math.min(at, now)).filter((at) => now - at < MINUTE_MS);
    return this.#recent.length;
  }

  /** How long until the next may leave, where `perMinute` may. */
  waitMs(perMinute: number): number {
    const oldest = this.#recent.at(-Math.max(1, perMinute)) ?? this.#uptimeMs();
    return Math.max(1, oldest + MINUTE_MS - this.#uptimeMs());
  }
}
