import type { IntakeCounters } from '../eve/intake-counters.ts';
import type { SuricataDelta } from '../store/stats-store.ts';

/** What the counters of a heartbeat are told from. */
export interface BlindSpotSources {
  readonly counters: IntakeCounters | undefined;
  readonly suricata: SuricataDelta;
  /** Batches of events that the store refused. */
  readonly batchesLost: number;
}

/**
 * What this sensor cannot see, counted since its start, by names that dashboards read: `capture_*` is Suricata's loss of packets, `lost`
 * our estimate of records that never arrived, the rest what arrived and was not kept.
 */
export function blindSpotsOf({ counters, suricata, batchesLost }: BlindSpotSources): Readonly<Record<string, number>> {
  const suricatas = { capture_packets: suricata.packets, capture_drops: suricata.drops, batches_lost: batchesLost };
  if (counters === undefined) return suricatas;
  const { malformed, truncated, folded, loss, dropped, refused } = counters;
  return {
    ...suricatas,
    dropped: sum(dropped),
    refused: sum(refused),
    malformed,
    truncated,
    folded,
    lost: loss.lost,
    loss_ratio: Math.round(loss.ratio * 1e6) / 1e6,
    connections: counters.connectionsNow,
  };
}

function sum(counts: Readonly<Record<string, number | undefined>>): number {
  return Object.values(counts).reduce((total: number, count) => total + (count ?? 0), 0);
}
