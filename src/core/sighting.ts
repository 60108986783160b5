import type { Observable } from './observable.ts';

/** By which protocol an observable was seen. */
export const VIAS = ['dns', 'tls', 'http', 'quic', 'file', 'flow', 'smtp', 'alert'] as const;
export type Via = (typeof VIAS)[number];

/**
 * What one client did with one observable by one protocol within one hour.
 * `client` is a canonical address, or `''` where the event names none. `count` may be 0: an answer was
 * heard and its question was not. Times are epoch milliseconds of Suricata's own clock.
 */
export interface Sighting {
  readonly observable: Observable;
  readonly client: string;
  readonly via: Via;
  readonly count: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** How many of `count` were answered NXDOMAIN (DNS only). */
  readonly nxdomainCount: number;
}

/** Start of the UTC hour that holds `atMs`, in epoch milliseconds. */
export function hourOf(atMs: number): number {
  return atMs - (((atMs % HOUR_MS) + HOUR_MS) % HOUR_MS);
}

const HOUR_MS = 3_600_000;
