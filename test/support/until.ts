import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 10;
/** A machine that runs everything at once has two cores and other guests; a test that passes never waits that long. */
const DEADLINE_MS = 60_000;

/** Resolves with the first value of `probe` that is neither undefined nor false; throws when none came within `deadlineMs`. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, undefined | false>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (Date.now() > end) throw new Error(`Waited ${deadlineMs} ms in vain until ${what}`);
    await pause(POLL_MS);
  }
}
