/** A time of the server (`2026-01-31 12:00:00.000`, UTC) as epoch milliseconds. */
export function epochMs(time: unknown): number {
  return Date.parse(`${String(time).replace(' ', 'T')}Z`);
}

/**
 * What lies further ahead than this by the clock of the server was written before that clock was set back, and would hold for as long as it
 * had been ahead. Longer than anything is leased for, and than the clocks of a cluster differ. Seconds.
 */
export const SET_BACK_S = 600;
