import type { VerdictState } from '../core/verdict.ts';

/**
 * What the parts counted, taken as a whole whenever somebody asks for the metrics. Counts grow for as long as the
 * process lives. `undefined` means "not known" (no central database, never proved), and then nothing is shown for it.
 */
export interface MetricsSnapshot {
  /** Events received, by event type. */
  readonly eveEvents: Readonly<Record<string, number>>;
  /** Events not taken, by reason. */
  readonly eveDropped: Readonly<Record<string, number>>;
  readonly eveMalformed: number;
  readonly eveTruncated: number;
  readonly lookups: readonly { readonly source: string; readonly outcome: string; readonly count: number }[];
  readonly quotas: readonly { readonly window: string; readonly used: number; readonly allowed: number | undefined }[];
  readonly queueLength: number;
  /** Age of the question that waits longest; 0 when none waits. */
  readonly queueOldestSeconds: number;
  readonly verdicts: Readonly<Partial<Record<VerdictState, number>>>;
  /** Blocks that wait for a person. */
  readonly verdictsHeld: number;
  readonly targets: readonly TargetMetrics[];
  readonly outboxRows: number | undefined;
  readonly syncLagSeconds: number | undefined;
  /** Absent where there are no other sensors. */
  readonly fleet: FleetMetrics | undefined;
  /** Names first seen today that have an answer, as a share of 1. */
  readonly coverageRatio: number | undefined;
}

/** The other sensors on the same central database. */
export interface FleetMetrics {
  readonly inReach: boolean;
  /** That share the key, this one included. */
  readonly sensors: number;
  readonly lookupsSaved: number;
  readonly reportsTaken: number;
  readonly refused: number;
}

/** What one target was given and confirmed. */
export interface TargetMetrics {
  readonly target: string;
  readonly published: number;
  readonly proved: number;
  readonly failures: number;
  readonly secondsSinceProof: number | undefined;
}
