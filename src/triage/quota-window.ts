/** The windows an allowance is given for. Day and month are UTC, as VirusTotal resets them ("at 00:00 UTC", "on the 1st"). */
export type QuotaWindow = 'minute' | 'day' | 'month';

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** When the window that holds `atMs` began. */
export function startOf(window: QuotaWindow, atMs: number): number {
  if (window === 'month') {
    const date = new Date(atMs);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  }
  const length = window === 'minute' ? MINUTE_MS : DAY_MS;
  return Math.floor(atMs / length) * length;
}

/** When the window that holds `atMs` ends and the next begins. */
export function endOf(window: QuotaWindow, atMs: number): number {
  if (window === 'month') {
    const date = new Date(atMs);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  }
  return startOf(window, atMs) + (window === 'minute' ? MINUTE_MS : DAY_MS);
}
