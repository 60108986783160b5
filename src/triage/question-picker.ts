import type { Observable } from '../core/observable.ts';
import type { Lane } from './lane.ts';
import type { Pressure, QuotaLedger } from './quota-ledger.ts';
import type { QuotaWindow } from './quota-window.ts';
import { URGENT_WORTH } from './score.ts';

/** A question that waits, as the queue gives it out. */
export interface WaitingQuestion {
  readonly observable: Observable;
  readonly lane: string;
  readonly attempts: number;
  /** What it is worth. Absent: nothing is urgent. */
  readonly score?: number;
}

/** What may be asked now, or what to wait for. */
export type Picked =
  | { readonly kind: 'ask'; readonly question: WaitingQuestion; readonly lane: Lane }
  | { readonly kind: 'wait'; readonly until: number; readonly window: QuotaWindow }
  | { readonly kind: 'idle' };

interface Turn extends Pressure {
  readonly lane: Lane;
}

/**
 * In this order a free token is offered. Alerts first; then what is blocked, since a mistake there hurts now; then what may not wait
 * for the even flow; then old answers from their own reserve and new names from the general part; and what nobody wants goes to old answers.
 */
const TURNS: readonly Turn[] = [
  { lane: 'alert' },
  { lane: 'recheck', urgent: true },
  { lane: 'new', urgent: true },
  { lane: 'recheck' },
  { lane: 'new' },
  { lane: 'recheck', leftover: true },
];

/** A re-check from this worth on is of something blocked. */
const URGENT_RECHECK = 40;

/** Chooses the question a token is spent on. Changes nothing: the same queue and ledger give the same choice. */
export function pickQuestion(
  next: (lane: Lane) => WaitingQuestion | undefined,
  ledger: Pick<QuotaLedger, 'permit'>,
): Picked {
  const waiting = new Map<Lane, WaitingQuestion | undefined>();
  const first = (lane: Lane): WaitingQuestion | undefined => {
    if (!waiting.has(lane)) waiting.set(lane, next(lane));
    return waiting.get(lane);
  };
  let wait: { readonly until: number; readonly window: QuotaWindow } | undefined;
  for (const turn of TURNS) {
    const question = first(turn.lane);
    if (question === undefined || (turn.urgent === true && !isUrgent(question, turn.lane))) continue;
    const permit = ledger.permit(turn.lane, turn);
    if (permit.granted) return { kind: 'ask', question, lane: turn.lane };
    if (wait === undefined || permit.retryAt < wait.until) wait = { until: permit.retryAt, window: permit.window };
  }
  return wait === undefined ? { kind: 'idle' } : { kind: 'wait', ...wait };
}

/** Whether a question may run ahead of the even flow. */
export function isUrgent({ score = 0 }: Pick<WaitingQuestion, 'score'>, lane: Lane): boolean {
  return score >= (lane === 'recheck' ? URGENT_RECHECK : URGENT_WORTH);
}
