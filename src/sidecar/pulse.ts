import type { IntakeCounters } from '../eve/intake-counters.ts';
import type { Store } from '../store/store.ts';

/** How the daemon is, for its service manager. */
export interface Pulse {
  /** False when the intake has not answered since this was asked last: a restart is then the only help. */
  readonly isAlive: () => boolean;
  /** For `systemctl status`. */
  readonly headline: () => string;
}

/** What the line of `systemctl status` is told from. */
export interface HeadlineSources {
  readonly counters: IntakeCounters | undefined;
  readonly store: Store;
  readonly now: number;
}

/** One line for `systemctl status`: how much came, what is blocked and what waits to be asked. */
export function headlineOf(socket: string, { counters, store, now }: HeadlineSources): string {
  const events = Object.values(counters?.events ?? {}).reduce((sum, count) => sum + count, 0);
  const received = events === 0 ? 'waiting for Suricata' : `${events} events`;
  return `${received} on ${socket}, ${store.indicators.desired(now).size} blocked, ${store.queue.size().length} to be asked`;
}
