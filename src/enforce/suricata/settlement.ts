import type { ObservableKey } from '../../core/observable.ts';
import type { DatasetChanges } from './dataset-files.ts';
import type { WrongEntry } from './live-sets.ts';

/** How far live changes got: all made, a reload is needed first, or nobody answers. */
export type LiveState =
  | { readonly state: 'live'; readonly wrong: readonly WrongEntry[] }
  | { readonly state: 'behind' }
  | { readonly state: 'away'; readonly reason: string };

/** What one drive changed on disk, for `settle`. */
export interface Settlement {
  readonly early: LiveState;
  readonly changes: DatasetChanges;
  readonly rulesChanged: boolean;
  /** The rules over the datasets changed: without them loaded, nothing live has an effect. */
  readonly sharedChanged: boolean;
  /** A rule of a single indicator is gone, and goes on alerting until a reload: nobody who took a block back waits for that. */
  readonly ownRemoved: boolean;
  /** Something is in place only after a reload. */
  readonly onlyByReload: boolean;
}

/** What came of it. */
export interface SettlementReport {
  readonly failed: ReadonlyMap<ObservableKey, string>;
  readonly proved: boolean;
  readonly notice?: string;
}
