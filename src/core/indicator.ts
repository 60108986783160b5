import type { Observable, ObservableKey } from './observable.ts';

/** An observable held to be bad, as every target is asked to publish it. */
export interface Indicator {
  readonly observable: Observable;
  /** Also match names below a domain. Never set by policy, only by an operator's `*.` pattern (no widening). */
  readonly subdomains: boolean;
  /** Who said so, for `metadata` and comments: `virustotal`, a feed's name, `operator`. */
  readonly source: string;
  /** `12/92`, or `''` where the source has no engines. */
  readonly ratio: string;
  /** Sort key: strong first, then more engines, then newer. */
  readonly strong: boolean;
  readonly engines: number;
  readonly permalink: string;
  /** When it was decided, epoch milliseconds. */
  readonly since: number;
  /** When the block ends unless its evidence is renewed, epoch milliseconds. */
  readonly expiresAt: number;
}

/** Everything that should be published, by `keyOf(observable)`. Replaced as a whole, never changed in place. */
export type DesiredState = ReadonlyMap<ObservableKey, Indicator>;
