import type { BlockFacts, NamedFacts, ReportPanels, ScansFacts } from '../api/report-facts.ts';
import type { StatusFacts } from '../api/status-facts.ts';
import type { Observable } from '../core/observable.ts';
import type { Policy } from '../core/policy.ts';
import type { PanelRange } from '../store/scan-panels.ts';
import type { Store } from '../store/store.ts';

/** What a report is made of. */
export interface ReportSources {
  readonly store: Store;
  readonly status: StatusFacts;
  readonly policy: Policy;
  readonly since: number;
  readonly now: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Widths a step may have: people think in these. */
const STEPS_MS = [
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  4 * DAY_MS,
];
/** More would be narrower than a finger or a pixel on a phone. */
const MOST_STEPS = 100;

/** Rows of the tables; beyond them nobody reads on, and the document says how many there are. */
const MOST_SCANS = 500;
const MOST_ROWS = 200;
const MOST_CLASSES = 12;
/** Marks on the axis. */
const MOST_MARKS = 100;

/** What a period looked like. Reads what lies in the period and nothing else, so that the intake is not held up. */
export function reportOf({ store, status, policy, since: from, now }: ReportSources): ReportPanels {
  const stepMs = STEPS_MS.find((step) => (now - from) / step <= MOST_STEPS) ?? (STEPS_MS.at(-1) as number);
  const range: PanelRange = { since: from - (from % stepMs), now, stepMs };
  const { networkPanels: network, scanPanels: scans } = store;
  return {
    since: range.since,
    untilAt: now,
    stepMs,
    thresholds: { suspicious: policy.suspiciousAt, malicious: policy.maliciousAt, strong: policy.strongAt },
    scans: scansFacts(store, range),
    series: {
      scans: scans.overTime(range),
      newNames: network.newNames(range),
      alerts: network.alertSteps(range),
      pihole: network.piholeSteps(range),
      suricata: network.suricataSteps(range),
      turnedMalicious: network.turnedMalicious(range, MOST_MARKS).map(named),
      spent: network.spentByDay(range),
    },
    used: { malicious: network.used(range, 'malicious'), suspicious: network.used(range, 'suspicious') },
    contacts: network.contacts(range, MOST_ROWS).map(named),
    signatures: network.signatures(range, MOST_ROWS),
    hits: network.hits(range, MOST_ROWS).map(named),
    ...blocks(store, now),
    status,
  };
}

function scansFacts({ scanPanels: panels, lookups, verdicts }: Store, range: PanelRange): ScansFacts {
  const lastScanAt = panels.lastScanAt(range);
  const coverage = verdicts.coverage(range);
  return {
    outcomes: lookups.counts('virustotal', range),
    answered: panels.rowCount(range),
    byPositives: panels.byPositives(range),
    ...(lastScanAt === undefined ? {} : { lastScanAt }),
    ages: panels.ages(range),
    ...(coverage === undefined ? {} : { coverage }),
    vectors: panels.vectors(range),
    classes: panels.classes(range, MOST_CLASSES),
    rows: panels.rows(range, MOST_SCANS).map(named),
  };
}

function blocks({ indicators, publications }: Store, now: number): Pick<ReportPanels, 'blocks' | 'blockCount'> {
  const desired = [...indicators.desired(now).values()];
  const newest = desired.sort((a, b) => b.since - a.since).slice(0, MOST_ROWS);
  return {
    blockCount: desired.length,
    blocks: newest.map(
      ({ observable, ratio, source, since, expiresAt }): BlockFacts => ({
        observable: observable.value,
        kind: observable.kind,
        ratio,
        source,
        since,
        expiresAt,
        publications: publications.of(observable),
      }),
    ),
  };
}

function named<T extends { readonly observable: Observable }>({
  observable,
  ...rest
}: T): NamedFacts & Omit<T, 'observable'> {
  return { observable: observable.value, kind: observable.kind, ...rest };
}
