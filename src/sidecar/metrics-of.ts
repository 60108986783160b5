import type { FleetFacts } from '../api/fleet-facts.ts';
import type { Publisher } from '../enforce/publisher.ts';
import type { IntakeCounters } from '../eve/intake-counters.ts';
import type { MetricsSnapshot } from '../ops/metrics-snapshot.ts';
import type { Store } from '../store/store.ts';
import type { QuotaLedger } from '../triage/quota-ledger.ts';
import { startOf } from '../triage/quota-window.ts';

/** What metrics are told from. */
export interface MetricsSources {
  readonly counters: IntakeCounters | undefined;
  readonly store: Store;
  readonly publisher: Publisher;
  readonly ledger: QuotaLedger;
  /** Questions asked since the process started, by outcome. */
  readonly lookups: ReadonlyMap<string, number>;
  /** Absent where there are no other sensors. */
  readonly fleet: { facts(): FleetFacts } | undefined;
  /** Absent where no central database is configured. */
  readonly sync: { readonly outboxRows: number; readonly lagMs: number | undefined } | undefined;
  readonly now: number;
}

/** Everything `/metrics` shows, but the histogram. */
export function metricsOf(sources: MetricsSources): MetricsSnapshot {
  const { counters, store, publisher, ledger, lookups, sync, now } = sources;
  const fleet = sources.fleet?.facts();
  const { length, oldestAt } = store.queue.size();
  const counts = store.publications.counts();
  const proofs = store.publications.lastProofs();
  return {
    eveEvents: counters?.events ?? {},
    eveDropped: { ...counters?.dropped },
    eveMalformed: counters?.malformed ?? 0,
    eveTruncated: counters?.truncated ?? 0,
    lookups: [...lookups].map(([outcome, count]) => ({ source: 'virustotal', outcome, count })),
    quotas: ledger.use().map(({ window, used, allowed }) => ({ window, used, allowed })),
    queueLength: length,
    queueOldestSeconds: oldestAt === undefined ? 0 : (now - oldestAt) / 1000,
    verdicts: store.verdicts.countByState(),
    verdictsHeld: store.verdicts.held().length,
    targets: publisher.standing().map(({ name, failures, lastProofAt }) => {
      const count = counts.get(name) ?? { published: 0, proved: 0, failed: 0 };
      const provedAt = lastProofAt ?? proofs.get(name);
      return {
        target: name,
        published: count.published + count.proved,
        proved: count.proved,
        failures,
        secondsSinceProof: provedAt === undefined ? undefined : (now - provedAt) / 1000,
      };
    }),
    outboxRows: sync?.outboxRows,
    fleet: fleet === undefined ? undefined : { ...fleet, inReach: fleet.state === 'in_reach' },
    syncLagSeconds: sync?.lagMs === undefined ? undefined : sync.lagMs / 1000,
    coverageRatio: store.verdicts.coverage({ since: startOf('day', now), now }),
  };
}
