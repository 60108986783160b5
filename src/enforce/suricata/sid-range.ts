import type { ObservableKey } from '../../core/observable.ts';

/** Signature ids that are ours, both ends included. */
export interface SidRange {
  readonly first: number;
  readonly last: number;
}

/** The upper end of 1000000-1999999, which Suricata's community leaves to local rules. */
export const DEFAULT_SID_RANGE: SidRange = { first: 1_900_000, last: 1_999_999 };

/** The top of the range belongs to the rules over whole datasets; the rest to single indicators. */
export const RESERVED_SIDS = 200;

/** A sid and its revision as they stand in a rule. */
export interface SidEntry {
  readonly sid: number;
  readonly rev: number;
}

/**
 * The memory of signature ids. A sid belongs to an indicator for life, also after it expired and came back; `rev` starts
 * at 1 and grows whenever `textHash` differs from the last one assigned. Sids lie in `indicatorSids(range)`.
 */
export interface SidBook {
  /** @throws Error when the range has no sid left. */
  assign(key: ObservableKey, textHash: string): SidEntry;
}

/** The part of the range that single indicators get. */
export function indicatorSids(range: SidRange): SidRange {
  return { first: range.first, last: range.last - RESERVED_SIDS };
}

/** First of the reserved sids. */
export function firstStaticSid(range: SidRange): number {
  return range.last - RESERVED_SIDS + 1;
}
