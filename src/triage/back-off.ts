const FIRST_MS = 60_000;
const LAST_MS = 6 * 3_600_000;

/** How long to wait after the n-th failed attempt in a row: doubling from a minute to six hours, with a fifth of jitter. */
export function backOffMs(attempts: number, random: () => number): number {
  const base = Math.min(LAST_MS, FIRST_MS * 2 ** Math.max(0, attempts - 1));
  return Math.round(base * (0.9 + 0.2 * random()));
}
