/** How waits grow: the first one, and the longest. */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
}

/** The wait before attempt `attempt` (1 is the first): doubled each time, never above the cap. */
export function grownMs(attempt: number, options: BackoffOptions): number {
  // 2 ** 30 base units outlive every cap; the bound keeps the power finite.
  return Math.min(options.capMs, options.baseMs * 2 ** Math.min(30, Math.max(0, attempt - 1)));
}

/**
 * `grownMs` with jitter: between half of it and all of it, so that many machines which failed together do not
 * come back together. `random` gives a number from 0 up to 1.
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const ceiling = grownMs(attempt, options);
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
