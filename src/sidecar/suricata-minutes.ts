import type { SuricataStats } from '../eve/suricata-stats.ts';
import type { SuricataDelta } from '../store/stats-store.ts';

export interface SuricataMinutesOptions {
  /** Where the minutes are kept. */
  readonly stats: { addSuricata(at: number, delta: SuricataDelta): void };
  /** When this guardian began to listen, epoch milliseconds. */
  readonly listeningSince: number;
}

const NOTHING: SuricataDelta = { packets: 0, drops: 0, alerts: 0 };

/**
 * Turns Suricata's counters, which run since its start, into what happened within each minute. What a Suricata counted before
 * we listened belongs to no minute of ours; what it counted since a restart of its own does.
 */
export class SuricataMinutes {
  readonly #options: SuricataMinutesOptions;
  #last: SuricataStats | undefined;
  #total = NOTHING;

  constructor(options: SuricataMinutesOptions) {
    this.#options = options;
  }

  /** Everything since this guardian began to listen. */
  get total(): SuricataDelta {
    return this.#total;
  }

  /** Takes a `stats` record in. */
  add(record: SuricataStats): void {
    const last = this.#last;
    this.#last = record;
    const delta = this.#since(last, record);
    if (delta === undefined) return;
    const { packets, drops, alerts } = this.#total;
    this.#total = {
      packets: packets + delta.packets,
      drops: drops + delta.drops,
      alerts: alerts + delta.alerts,
    };
    this.#options.stats.addSuricata(record.at, delta);
  }

  #since(last: SuricataStats | undefined, record: SuricataStats): SuricataDelta | undefined {
    const startedAt = record.at - record.uptime * 1000;
    if (last === undefined) return startedAt >= this.#options.listeningSince ? sinceStart(record) : undefined;
    // Counters of a process only grow.
    const isRestarted = record.uptime < last.uptime || record.kernelPackets < last.kernelPackets;
    return isRestarted ? sinceStart(record) : between(last, record);
  }
}

function sinceStart({ kernelPackets, kernelDrops, alerts }: SuricataStats): SuricataDelta {
  return { packets: kernelPackets, drops: kernelDrops, alerts };
}

function between(last: SuricataStats, record: SuricataStats): SuricataDelta {
  return {
    packets: record.kernelPackets - last.kernelPackets,
    drops: Math.max(0, record.kernelDrops - last.kernelDrops),
    alerts: Math.max(0, record.alerts - last.alerts),
  };
}
