import type { Judgement, Reason, Verdict } from '../core/verdict.ts';

/** What one device did with an observable, over the kept sightings. */
export interface DeviceUse {
  /** `''` where the events name no client. */
  readonly client: string;
  /** Distinct UTC days. */
  readonly days: number;
  readonly count: number;
}

/** What a block would have hit in the kept sightings. */
export interface Backtest {
  readonly devices: number;
  /** Devices that used it on `REGULAR_DAYS` days or more. */
  readonly regulars: number;
  /** The most days any device used it on. */
  readonly days: number;
  /** Questions, handshakes and requests of all devices together. */
  readonly queries: number;
}

/** A device that used something on this many days depends on it; malware's names change faster (policy.hold_if_seen_by). */
export const REGULAR_DAYS = 3;

/** Counts what a block would have hit. Uses that name no client are counted as queries, and as nobody's. */
export function backtest(uses: readonly DeviceUse[]): Backtest {
  const named = uses.filter(({ client }) => client !== '');
  return {
    devices: named.length,
    regulars: named.filter(({ days }) => days >= REGULAR_DAYS).length,
    days: uses.reduce((most, { days }) => Math.max(most, days), 0),
    queries: uses.reduce((sum, { count }) => sum + count, 0),
  };
}

/** What decides whether a block waits for a person. */
export interface HoldFacts {
  readonly known: Verdict | undefined;
  /** It is published already, by policy. Such a block goes on. */
  readonly isPublished: boolean;
  readonly holdIfSeenBy: number;
  /** Asked only when it matters. */
  readonly uses: () => readonly DeviceUse[];
}

/**
 * Why a block waits for a person, or undefined. Only a new block does that is not strong; one that waits goes on waiting also when
 * the sightings that made it wait are no longer kept.
 */
export function whyHeld({ strong, block }: Judgement, facts: HoldFacts): Reason | undefined {
  if (!block || strong || facts.isPublished) return undefined;
  const { regulars, devices, days, queries } = backtest(facts.uses());
  const waits = facts.known?.held === true;
  if (regulars < facts.holdIfSeenBy && !waits) return undefined;
  return {
    code: 'held',
    text: `A block would have hit ${plural(devices, 'device')} (${regulars} of them on ${REGULAR_DAYS} days or more, up to ${plural(days, 'day')}, ${plural(queries, 'use')}), so it waits for a person.`,
  };
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
