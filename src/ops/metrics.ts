import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricsSnapshot } from './metrics-snapshot.ts';

const PREFIX = 'guardian_';

/** From "at once" (a dataset entry) to "after the next reload and a retry". */
const PROTECTION_BUCKETS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** One sample: labels and value. `undefined` is not known, and left out. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | undefined];

/** A metric that is filled from the snapshot. */
interface Series {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (snapshot: MetricsSnapshot) => readonly Sample[];
}

/** Every metric but the histogram and `build_info`. Dashboards hold on to these names. */
const SERIES: readonly Series[] = [
  series('counter', 'eve_events_total', 'EVE events received', ['event_type'], (s) => byKey(s.eveEvents, 'event_type')),
  series('counter', 'eve_dropped_total', 'EVE events not taken', ['reason'], (s) => byKey(s.eveDropped, 'reason')),
  series('counter', 'eve_malformed_total', 'EVE lines that were no event', [], (s) => [[{}, s.eveMalformed]]),
  series('counter', 'eve_truncated_total', 'EVE datagrams cut at 64 KiB', [], (s) => [[{}, s.eveTruncated]]),
  series('counter', 'lookups_total', 'Questions asked', ['source', 'outcome'], (s) =>
    s.lookups.map(({ source, outcome, count }) => [{ source, outcome }, count]),
  ),
  series('gauge', 'quota_used', 'Lookups spent in the window', ['window'], (s) =>
    s.quotas.map(({ window, used }) => [{ window }, used]),
  ),
  series('gauge', 'quota_allowed', 'Lookups allowed in the window', ['window'], (s) =>
    s.quotas.map(({ window, allowed }) => [{ window }, allowed]),
  ),
  series('gauge', 'queue_length', 'Questions that wait', [], (s) => [[{}, s.queueLength]]),
  series('gauge', 'queue_oldest_seconds', 'Age of the question that waits longest', [], (s) => [
    [{}, s.queueOldestSeconds],
  ]),
  series('gauge', 'verdicts', 'Observables by verdict', ['state'], (s) => byKey(s.verdicts, 'state')),
  series('gauge', 'verdicts_held', 'Blocks that wait for a person', [], (s) => [[{}, s.verdictsHeld]]),
  series('gauge', 'published', 'Indicators in place', ['target'], (s) =>
    s.targets.map(({ target, published }) => [{ target }, published]),
  ),
  series('gauge', 'proved', 'Indicators the target confirmed', ['target'], (s) =>
    s.targets.map(({ target, proved }) => [{ target }, proved]),
  ),
  series('counter', 'publish_failures_total', 'Indicators that could not be put in place', ['target'], (s) =>
    s.targets.map(({ target, failures }) => [{ target }, failures]),
  ),
  series('gauge', 'seconds_since_proof', 'Time since the target last confirmed', ['target'], (s) =>
    s.targets.map(({ target, secondsSinceProof }) => [{ target }, secondsSinceProof]),
  ),
  series('gauge', 'outbox_rows', 'Rows that wait for the central database', [], (s) => [[{}, s.outboxRows]]),
  series('gauge', 'sync_lag_seconds', 'Age of the oldest of those rows', [], (s) => [[{}, s.syncLagSeconds]]),
  series('gauge', 'fleet_in_reach', 'Whether the other sensors are in reach', [], (s) => [
    [{}, s.fleet === undefined ? undefined : Number(s.fleet.inReach)],
  ]),
  series('gauge', 'fleet_sensors', 'Sensors that share the key', [], (s) => [[{}, s.fleet?.sensors]]),
  series('counter', 'fleet_lookups_saved_total', 'Questions that another sensor had answered, ever', [], (s) => [
    [{}, s.fleet?.lookupsSaved],
  ]),
  series('counter', 'fleet_reports_taken_total', 'Reports of other sensors taken over', [], (s) => [
    [{}, s.fleet?.reportsTaken],
  ]),
  series('counter', 'fleet_refused_total', 'Rows of the central database that were not believed', [], (s) => [
    [{}, s.fleet?.refused],
  ]),
  series('gauge', 'coverage_ratio', 'Share of the names first seen today that have an answer', [], (s) => [
    [{}, s.coverageRatio],
  ]),
];

/** The metrics of the daemon in a registry of their own, filled from a snapshot whenever they are asked for. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #snapshot: () => MetricsSnapshot;
  readonly #filled: readonly { readonly series: Series; readonly metric: Counter | Gauge }[];
  readonly #protection: Histogram;

  constructor(options: { readonly version: string; readonly snapshot: () => MetricsSnapshot }) {
    this.#snapshot = options.snapshot;
    const registers = [this.#registry];
    this.#filled = SERIES.map((one) => {
      const config = { name: PREFIX + one.name, help: one.help, labelNames: [...one.labels], registers };
      return { series: one, metric: one.type === 'counter' ? new Counter(config) : new Gauge(config) };
    });
    this.#protection = new Histogram({
      name: `${PREFIX}protection_seconds`,
      help: 'Time from the answer of a source until the block is in place',
      buckets: PROTECTION_BUCKETS_SECONDS,
      registers,
    });
    const build = new Gauge({ name: `${PREFIX}build_info`, help: 'What runs', labelNames: ['version'], registers });
    build.set({ version: options.version }, 1);
  }

  /** Media type of what `render` gives. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Notes that a block was in place this long after the answer that caused it. */
  observeProtection(seconds: number): void {
    this.#protection.observe(Math.max(0, seconds));
  }

  /** All metrics in Prometheus' text format, as they are now. */
  async render(): Promise<string> {
    const snapshot = this.#snapshot();
    for (const { series: one, metric } of this.#filled) {
      // Also forgets labels that are gone, such as a target that is no longer configured.
      metric.reset();
      // A gauge without labels shows 0 after a reset, which would be a lie where nothing is known.
      if (one.labels.length === 0) metric.remove();
      for (const [labels, value] of one.samples(snapshot)) {
        if (value !== undefined && Number.isFinite(value)) metric.inc({ ...labels }, value);
      }
    }
    return this.#registry.metrics();
  }
}

function series(
  type: Series['type'],
  name: string,
  help: string,
  labels: Series['labels'],
  samples: Series['samples'],
): Series {
  return { type, name, help, labels, samples };
}

function byKey(values: Readonly<Record<string, number>>, label: string): Sample[] {
  return Object.entries(values).map(([key, value]) => [{ [label]: key }, value]);
}
