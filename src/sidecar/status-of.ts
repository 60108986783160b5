import type { FleetFacts } from '../api/fleet-facts.ts';
import type {
  FeedFacts,
  HeldFacts,
  QuotaFacts,
  SourceFacts,
  StatusFacts,
  TargetFacts,
  WarningFacts,
} from '../api/status-facts.ts';
import type { SyncFigures } from '../central/sync-figures.ts';
import type { PiholeReading } from '../enforce/pihole/pihole-poll.ts';
import type { Publisher } from '../enforce/publisher.ts';
import type { IntakeCounters } from '../eve/intake-counters.ts';
import type { FeedStatus } from '../sources/feeds/feed-status.ts';
import type { Store } from '../store/store.ts';
import { RESERVED_LANES } from '../triage/lane.ts';
import type { LookupDesk } from '../triage/lookup-desk.ts';
import type { QuotaLedger } from '../triage/quota-ledger.ts';
import { DAY_MS } from '../triage/quota-window.ts';
import { centralFactsOf, centralWarnings } from './central-facts-of.ts';
import { piholeFacts, piholeWarnings } from './pihole-facts.ts';

/** What status is told from. */
export interface StatusSources {
  readonly sensor: string;
  readonly version: string;
  readonly startedAt: number;
  readonly eve: { readonly socket: string; readonly type: 'stream' | 'dgram' };
  readonly counters: IntakeCounters | undefined;
  readonly warnings: readonly WarningFacts[];
  /** Batches of events that the store did not take. */
  readonly batchesLost: number;
  readonly store: Store;
  readonly publisher: Publisher;
  /** Absent without a key. */
  readonly desk: LookupDesk | undefined;
  readonly ledger: QuotaLedger;
  /** Absent where there are no other sensors. */
  readonly fleet: { facts(): FleetFacts } | undefined;
  readonly feeds: readonly FeedStatus[];
  /** Absent where no Pi-hole is configured. */
  readonly pihole: PiholeReading | undefined;
  readonly sync: SyncFigures | undefined;
  readonly memoryBytes: number;
  readonly now: number;
}

/** No event for this long, while a Suricata is connected, is worth a word: its stats alone come every 8 s. */
const SILENCE_MS = 60_000;

/** From this share of lost DNS records on, names go unseen that matter. */
const LOSS_WORTH_A_WARNING = 0.001;

/** Blocks that wait, shown at most; `GET /v1/verdicts?held=true` lists them all. */
const MOST_HELD = 20;

/** Everything `guardian status` shows. */
export function statusOf(sources: StatusSources): StatusFacts {
  const { store, counters, now } = sources;
  const { length, oldestAt } = store.queue.size();
  const targets = targetFacts(sources);
  return {
    sensor: sources.sensor,
    version: sources.version,
    startedAt: sources.startedAt,
    eve: {
      ...sources.eve,
      connections: counters?.connectionsNow ?? 0,
      events: new Map(Object.entries(counters?.events ?? {})),
      dropped: new Map(Object.entries(counters?.dropped ?? {})),
      ...(counters === undefined || counters.loss.dnsTransactions === 0 ? {} : { lossEstimate: counters.loss.ratio }),
      ...(counters === undefined || counters.lastEventAt === 0 ? {} : { lastEventAt: counters.lastEventAt }),
    },
    quota: quotaFacts(sources),
    sources: [sourceFacts(sources)],
    feeds: sources.feeds.map(feedFacts),
    queue: { length, ...(oldestAt === undefined ? {} : { oldestAt }) },
    verdicts: store.verdicts.countByState(),
    ...(sources.fleet === undefined ? {} : { fleet: sources.fleet.facts() }),
    ...heldFacts(store),
    targets,
    ...(sources.pihole === undefined ? {} : { pihole: piholeFacts(sources.pihole, targets) }),
    ...(sources.sync === undefined ? {} : { central: centralFactsOf(sources.sync, store) }),
    ...canaryFacts(store),
    alertsLastDay: store.alerts.countSince(now - DAY_MS),
    disclosures: store.lookups.disclosedCount(),
    warnings: [
      ...sources.warnings,
      ...blindSpots(sources),
      ...piholeWarnings(sources.pihole),
      ...centralWarnings(sources.sync),
    ],
    memoryBytes: sources.memoryBytes,
  };
}

function quotaFacts({ ledger, desk, store }: StatusSources): readonly QuotaFacts[] {
  const { nextAt, usedByLane } = ledger.burnDown();
  const next = desk === undefined || store.queue.size().length === 0 ? {} : { nextLookupAt: nextAt.new };
  return ledger.use().map(({ window, allowed, used }) => ({
    source: 'virustotal',
    window,
    allowed,
    used,
    spent: new Map(window === 'day' ? Object.entries(usedByLane) : []),
    reserved: window === 'day' ? reservedBy(ledger) : new Map<string, number>(),
    ...(window === 'day' ? next : {}),
  }));
}

function heldFacts(store: Store): { readonly held: number; readonly heldBlocks: readonly HeldFacts[] } {
  const held = store.verdicts.held();
  const heldBlocks = held.slice(0, MOST_HELD).map(({ observable, ratio, since, reasons }) => ({
    observable: observable.value,
    ...(ratio === undefined ? {} : { ratio }),
    since,
    why: reasons.find(({ code }) => code === 'held')?.text ?? '',
  }));
  return { held: held.length, heldBlocks };
}

function canaryFacts({ canaries }: Store): Pick<StatusFacts, 'canary'> {
  const canary = canaries.last();
  return canary === undefined ? {} : { canary };
}

function feedFacts({ name, role, state, entries, fetchedAt, nextAt, problem, licence }: FeedStatus): FeedFacts {
  return {
    name,
    role,
    state,
    entries,
    ...(fetchedAt === undefined ? {} : { fetchedAt }),
    ...(nextAt === undefined ? {} : { nextAt }),
    ...(problem === undefined ? {} : { problem }),
    ...(licence === undefined ? {} : { licence }),
  };
}

function reservedBy(ledger: QuotaLedger): ReadonlyMap<string, number> {
  const { reserves, usedByLane } = ledger.burnDown();
  return new Map(RESERVED_LANES.map((lane) => [lane, Math.max(0, reserves[lane] - (usedByLane[lane] ?? 0))]));
}

function sourceFacts({ desk }: StatusSources): SourceFacts {
  const source = 'virustotal';
  const state = desk?.state();
  if (state === undefined) return { source, state: 'no_key', reason: 'no key is configured, so nothing is asked' };
  if (state.kind === 'stopped') return { source, state: 'bad_key', reason: state.why };
  if (state.kind === 'waiting') return { source, state: 'resting', restingUntilAt: state.until, reason: state.why };
  return { source, state: 'asking' };
}

function targetFacts({ publisher, store }: StatusSources): readonly TargetFacts[] {
  const counts = store.publications.counts();
  const proofs = store.publications.lastProofs();
  return publisher.standing().map((standing) => {
    const count = counts.get(standing.name) ?? { published: 0, proved: 0, failed: 0 };
    const lastProofAt = standing.lastProofAt ?? proofs.get(standing.name);
    return {
      name: standing.name,
      published: count.published + count.proved,
      proved: count.proved,
      failed: count.failed,
      ...(standing.notice === undefined ? {} : { notice: standing.notice }),
      ...(lastProofAt === undefined ? {} : { lastProofAt }),
    };
  });
}

function blindSpots({ counters, now, desk, eve, startedAt, batchesLost }: StatusSources): readonly WarningFacts[] {
  const warnings: WarningFacts[] = [];
  if (batchesLost > 0) {
    warnings.push({
      code: 'store',
      text: `${batchesLost} batches of events could not be kept.`,
      hint: 'Read the log; check that the disk of data_dir has room.',
    });
  }
  if (desk === undefined) {
    warnings.push({
      code: 'no_key',
      text: 'VirusTotal is not asked: there is no key.',
      hint: 'Put a key into the file that virustotal.api_key_file names.',
    });
  }
  if (counters === undefined || counters.connectionsEver === 0) {
    if (now - startedAt > SILENCE_MS) {
      warnings.push({
        code: 'eve_unconnected',
        text: `Suricata never connected to ${eve.socket}.`,
        hint: 'Add the eve-log output of native-config/suricata to suricata.yaml and restart Suricata.',
      });
    }
  } else if (now - counters.lastEventAt > SILENCE_MS) {
    warnings.push({
      code: 'eve_silent',
      text: `No event since ${new Date(counters.lastEventAt).toISOString()}.`,
      hint: 'Check that Suricata runs; include "stats" in the types of its eve-log output.',
    });
  }
  if (counters !== undefined && counters.loss.ratio > LOSS_WORTH_A_WARNING) {
    const percent = (counters.loss.ratio * 100).toFixed(1);
    warnings.push({
      code: 'eve_loss',
      text: `About ${counters.loss.lost} DNS events (${percent} %) never arrived.`,
      hint: 'Raise net.core.wmem_default, and net.unix.max_dgram_qlen for dgram (native-config/sysctl).',
    });
  }
  return warnings;
}
