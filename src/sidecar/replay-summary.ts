import type { Readable } from 'node:stream';
import type { VerdictState } from '../core/verdict.ts';

/** A recording to run through the pipeline. */
export interface ReplayOptions {
  /** EVE lines. */
  readonly input: Readable;
  /** Whose policy, and whose data directory the cache is read from; the default where it is absent. */
  readonly configPath?: string;
  /** Ask sources about what is unknown, within the allowance. Otherwise only the cache answers. */
  readonly lookups: boolean;
  readonly signal: AbortSignal;
}

/** What came of a recording. The same recording, cache and policy give the same summary. */
export interface ReplaySummary {
  readonly lines: number;
  readonly malformed: number;
  /** Events by type. */
  readonly events: ReadonlyMap<string, number>;
  /** Different observables. */
  readonly observables: number;
  /** Observables that were refused, by reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** Observables by the state of their verdict. */
  readonly verdicts: Readonly<Record<VerdictState, number>>;
  /** Observables that are or would be blocked, by value. */
  readonly malicious: readonly string[];
  /** What would be asked next, the worthiest first. */
  readonly wouldAsk: readonly { readonly observable: string; readonly lane: string; readonly score: number }[];
  /** Questions really asked. */
  readonly asked: number;
}

/** The daemon's own pipeline over a recording. @throws OperatorError */
export type Replay = (options: ReplayOptions) => Promise<ReplaySummary>;
