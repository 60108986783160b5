/** What is kept of one `stats` record. Counters are cumulative since Suricata started; 0 where it does not say. */
export interface SuricataStats {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Seconds since Suricata started; smaller than before means it was restarted. */
  readonly uptime: number;
  /** What was received; where the way of capture does not count that (nfqueue, a recording), what was decoded. */
  readonly kernelPackets: number;
  readonly kernelDrops: number;
  /** `stats.detect.alert`. */
  readonly alerts: number;
  /** DNS transactions over UDP and TCP (`stats.app_layer.tx.dns_udp` and `.dns_tcp`). */
  readonly dnsTransactions: number;
}

/** Reads a `stats` object. Fields that are missing or no number count as 0: builds differ in what they report. */
export function readSuricataStats(stats: unknown, at: number): SuricataStats {
  const tx = ['app_layer', 'tx'];
  return {
    at,
    uptime: numberAt(stats, ['uptime']),
    kernelPackets: numberAt(stats, ['capture', 'kernel_packets']) || numberAt(stats, ['decoder', 'pkts']),
    kernelDrops: numberAt(stats, ['capture', 'kernel_drops']),
    alerts: numberAt(stats, ['detect', 'alert']),
    dnsTransactions: numberAt(stats, [...tx, 'dns_udp']) + numberAt(stats, [...tx, 'dns_tcp']),
  };
}

function numberAt(value: unknown, path: readonly string[]): number {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return 0;
    at = (at as Record<string, unknown>)[key];
  }
  return typeof at === 'number' && Number.isFinite(at) && at >= 0 ? at : 0;
}
