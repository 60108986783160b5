import type { Alert } from '../core/alert.ts';
import type { SightingBatch } from '../core/sighting-batch.ts';
import type { IntakeCounters } from './intake-counters.ts';
import type { SuricataStats } from './suricata-stats.ts';

/** What the intake hands over at a time. Counts in `sightings` are increments, `counters` are totals. */
export interface IntakeBatch {
  readonly sightings: SightingBatch;
  readonly alerts: readonly Alert[];
  /** The newest `stats` record since the last batch. */
  readonly stats?: SuricataStats;
  readonly counters: IntakeCounters;
}
