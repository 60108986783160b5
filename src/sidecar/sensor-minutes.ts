import type { IntakeCounters } from '../eve/intake-counters.ts';
import type { Log } from '../lib/log.ts';
import type { MetricsSnapshot } from '../ops/metrics-snapshot.ts';
import type { SensorMinute, StatsStore } from '../store/stats-store.ts';

export interface SensorMinutesOptions {
  readonly stats: StatsStore;
  readonly snapshot: () => MetricsSnapshot;
  readonly counters: () => IntakeCounters | undefined;
  readonly memoryBytes: () => number;
  readonly log: Log;
  readonly now: () => number;
}

const MINUTE_MS = 60_000;
/** Suricata's own stats come every 8 s: what is silent for this long is not heard. */
const SILENCE_MS = 60_000;

type Counted = Pick<SensorMinute, 'events' | 'dropped' | 'malformed' | 'truncated' | 'lost'>;

const NOTHING: Counted = { events: 0, dropped: 0, malformed: 0, truncated: 0, lost: 0 };

/** Writes down once a minute how this sensor fares, for the dashboards. */
export class SensorMinutes {
  readonly #options: SensorMinutesOptions;
  #before: Counted = NOTHING;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SensorMinutesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#before = this.#counted();
    this.#timer = setInterval(() => this.note(), MINUTE_MS);
    this.#timer.unref();
  }

  /** Notes what was counted since the last minute. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.note();
  }

  /** Adds what was counted since the last call to the present minute. What cannot be kept, as on a full disk, is told with the next. */
  note(): void {
    const { stats, memoryBytes, now, log } = this.#options;
    const counted = this.#counted();
    const since = differences(counted, this.#before);
    try {
      stats.addSensor(now(), { ...since, ...this.#standing(), memoryBytes: memoryBytes() });
      this.#before = counted;
    } catch (error) {
      // Thrown from a timer it would end the daemon, for the sake of a picture.
      log.error('cannot keep a minute of this sensor', { err: error });
    }
  }

  #standing(): Omit<SensorMinute, keyof Counted | 'memoryBytes'> {
    const { snapshot, counters, now } = this.#options;
    const metrics = snapshot();
    const day = metrics.quotas.find(({ window }) => window === 'day');
    const ages = metrics.targets.map(({ secondsSinceProof }) => secondsSinceProof).filter((age) => age !== undefined);
    return {
      isBlind: now() - (counters()?.lastEventAt ?? 0) > SILENCE_MS,
      queueLength: metrics.queueLength,
      queueOldestS: metrics.queueOldestSeconds,
      quotaUsed: day?.used,
      quotaAllowed: day?.allowed,
      coverage: metrics.coverageRatio,
      proofAgeS: ages.length === 0 ? undefined : Math.max(...ages),
      syncLagS: metrics.syncLagSeconds,
      outboxRows: metrics.outboxRows ?? 0,
    };
  }

  #counted(): Counted {
    const counters = this.#options.counters();
    if (counters === undefined) return NOTHING;
    const { malformed, truncated, loss } = counters;
    return { events: sum(counters.events), dropped: sum(counters.dropped), malformed, truncated, lost: loss.lost };
  }
}

/** What was counted since. A receiver that was started again counts from nothing, and an estimate may shrink. */
function differences(now: Counted, before: Counted): Counted {
  const since = (name: keyof Counted) =>
    now.events < before.events ? now[name] : Math.max(0, now[name] - before[name]);
  return {
    events: since('events'),
    dropped: since('dropped'),
    malformed: since('malformed'),
    truncated: since('truncated'),
    lost: since('lost'),
  };
}

function sum(counts: Readonly<Record<string, number | undefined>>): number {
  return Object.values(counts).reduce((total: number, count) => total + (count ?? 0), 0);
}
