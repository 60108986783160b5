import type { Observable } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import type { Lane } from './lane.ts';
import type { QuotaWindow } from './quota-window.ts';

/** What the other sensors of one account spent, as far as this one heard. */
export interface FleetSpending {
  /** The UTC day it was spent on. */
  readonly dayStartsAt: number;
  readonly byLane: ReadonlyMap<string, number>;
  readonly inMonth: number;
}

/** What all sensors together may draw for one question of a lane. */
export interface FleetDraw {
  readonly lane: Lane;
  /** Worth enough to run ahead of the even flow. */
  readonly urgent: boolean;
  /** What the account is allowed, without what others than the fleet use and what is kept for other lanes. */
  readonly limits: { readonly minute: number; readonly day: number; readonly month?: number };
  /** What this sensor spent today. */
  readonly spentHere: number;
}

/** Whether a question may leave now. */
export type FleetTurn =
  | { readonly granted: true }
  /** Another sensor has the answer by now. */
  | { readonly granted: false; readonly why: 'known'; readonly report: Report }
  /** Another sensor is asking the same at this moment. */
  | { readonly granted: false; readonly why: 'asked' }
  /** The others, who were in reach, did not say in time whether one is. */
  | { readonly granted: false; readonly why: 'slow' }
  /** The minute of all, the day or month of all, or another sensor comes first. */
  | { readonly granted: false; readonly why: 'minute' | 'spent' | 'fair'; readonly retryAt: number };

/**
 * The other sensors that share answers and an account with this one. No call ever fails or waits long: where they are out of reach, they
 * know nothing, and a safe share may be spent without them.
 */
export interface Fleet {
  /** The latest answer any sensor has. */
  known(observable: Observable): Promise<Report | undefined>;
  /** The turn of this sensor to ask. `serves` says whether an answer that appeared meanwhile makes the question needless. */
  take(observable: Observable, draw: FleetDraw & { readonly serves?: (report: Report) => boolean }): Promise<FleetTurn>;
  /** An answer is kept: the others may have it. */
  settle(report: Report): void;
  /** No answer came. Where it was not charged, the question is given back. */
  giveBack(observable: Observable, lane: Lane, charged: boolean): void;
}

/** Why a turn was not given, as a sentence for people. */
export function whyNoTurn(why: 'asked' | 'slow' | 'minute' | 'spent' | 'fair'): string {
  return {
    asked: 'another sensor is asking it at this moment',
    slow: 'the central database did not say in time whether another sensor is asking it',
    minute: "this minute's allowance of all sensors is used",
    spent: 'the allowance of all sensors is used, or what is left is kept for alerts, people and re-checks',
    fair: 'another sensor waits and had less',
  }[why];
}

/** The window that a refusal is about. */
export function windowOf(why: 'minute' | 'spent' | 'fair'): QuotaWindow {
  return why === 'minute' ? 'minute' : 'day';
}
