import type { CentralFailure } from './central-error.ts';

/** What the sync is doing, for `status`. */
export type SyncState =
  | { readonly kind: 'stopped' | 'starting' | 'syncing' }
  | {
      readonly kind: 'waiting';
      readonly failure: CentralFailure;
      readonly why: string;
      readonly hint: string | undefined;
      readonly retryAt: number;
    };

/** Why a sensor must keep to itself: another one has its name, or the schema is none that it knows. */
export interface Barred {
  readonly barred: string;
  readonly by: 'name' | 'schema';
}

/** How a sensor stands in the centre: not asked yet; the centre was not in reach; the name is ours; or it must keep to itself. */
export type Standing = 'unknown' | 'unclaimed' | 'claimed' | Barred;

/** Figures of the sync, for `status` and metrics. */
export interface SyncFigures {
  readonly state: SyncState;
  readonly where: string;
  /** How far the centre is behind, milliseconds; `undefined` where it never was up to date. */
  readonly lagMs: number | undefined;
  /** Marked rows when they were counted last. */
  readonly outboxRows: number;
  readonly setAside: number;
  readonly thinned: number;
  /** Rows sent since the start. */
  readonly sent: number;
}
