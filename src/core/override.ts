import type { Pattern } from './pattern.ts';

/** An operator's word about a pattern. It stands above every policy; only the hard guards stand above it. */
export interface Override {
  readonly action: 'block' | 'allow';
  readonly pattern: Pattern;
  readonly reason: string;
  /** `config` for the allow list of the configuration file, `operator` for the command line and the API. */
  readonly origin: 'config' | 'operator';
  readonly createdAt: number;
  /** Epoch milliseconds; absent means until it is forgotten. */
  readonly expiresAt?: number;
  /** `all`: it holds on every sensor of the fleet. Absent: on this one. */
  readonly scope?: OverrideScope;
  /** The sensor where it was said; given where `scope` is `all`. */
  readonly sensor?: string;
}

/** Where an operator's word holds. */
export const OVERRIDE_SCOPES = ['sensor', 'all'] as const;
export type OverrideScope = (typeof OVERRIDE_SCOPES)[number];
