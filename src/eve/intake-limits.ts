/** Bounds of the intake. Every one has a default; what exceeds one is counted by reason. */
export interface IntakeLimits {
  /** Longest line, bytes. Suricata drops records over 10 MiB itself; ours never come near 1 MiB. */
  readonly maxLineBytes: number;
  /** (client, name) pairs remembered as known, for each protocol. */
  readonly maxKnownPairs: number;
  /** Rows that may wait for hand-over. */
  readonly maxPendingRows: number;
  /** Alerts that may wait for hand-over. */
  readonly maxPendingAlerts: number;
  /** New names one client may bring at once, and then each second. */
  readonly newNamesBurst: number;
  readonly newNamesPerSecond: number;
  /** New hosts a registrable domain may show in an hour before it is folded. */
  readonly newHostsPerDomainHour: number;
  readonly maxConnections: number;
}

export const DEFAULT_LIMITS: IntakeLimits = {
  maxLineBytes: 1_048_576,
  maxKnownPairs: 100_000,
  maxPendingRows: 200_000,
  maxPendingAlerts: 10_000,
  newNamesBurst: 20_000,
  newNamesPerSecond: 20,
  newHostsPerDomainHour: 2_000,
  maxConnections: 32,
};
