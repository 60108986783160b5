import type { Observable } from './observable.ts';

/** One Suricata alert as it came through EVE. Texts are made printable and bounded before they get here. */
export interface Alert {
  readonly at: number;
  readonly sid: number;
  readonly signature: string;
  readonly category: string;
  /** 1 (worst) to 4, as Suricata numbers it. */
  readonly severity: number;
  readonly action: 'allowed' | 'blocked';
  readonly client: string;
  readonly peer: string;
  /** What the alert is about, where the event names it. */
  readonly observable?: Observable;
}
