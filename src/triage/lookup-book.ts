import type { Observable, ObservableKind } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import type { Asked } from './asked.ts';
import type { Lane } from './lane.ts';
import type { WaitingQuestion } from './question-picker.ts';

/** Where questions wait and answers are kept. All of it is one store; the desk sees only this much of it. */
export interface LookupBook {
  next(lane: Lane, now: number): WaitingQuestion | undefined;
  remove(observable: Observable): void;
  /** Leaves a question waiting, with why it brought no answer. */
  postpone(observable: Observable, notBefore: number, error: string): void;
  /** Hides a question until `until` while it is under way. */
  lease(observable: Observable, until: number): void;
  /** Shows what was under way when an earlier process ended. */
  endLeases(): void;
  disclose(source: string, sent: string, at: number): void;
  keepAsked(asked: Asked): void;
  keepReport(report: Report): void;
  /** One transaction, on the disk when it returns. */
  durably<T>(work: () => T): T;
}

/** What the desk asks. */
export interface AskedSource {
  readonly name: string;
  readonly kinds: ReadonlySet<ObservableKind>;
  lookUp(observable: Observable, signal: AbortSignal): Promise<Report>;
  /** Until when asking makes no sense, and why: it failed several times in a row. `undefined`: it may be asked. */
  rest?(): { readonly until: number; readonly why: string } | undefined;
}
