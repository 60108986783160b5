/** Bounds of the intake. Every one has a default; what exceeds one is counted by reason. */
export interface IntakeLimits {
  /** Longest line, bytes. Suricata drops records over 10 MiB itself; ours never come near 1 MiB. */
  readonly maxLineBytes: number;
  /** (client, name) pairs remembered as known by DNS; a quarter as many for each other protocol. */
  readonly maxKnownPairs: number;
  /** Rows that may wait for hand-over. */
  readonly maxPendingRows: number;
  /** Alerts that may wait for hand-over. */
  readonly maxPendingAlerts: number;
  /** New names one client may bring at once, and then each second. */
  readonly newNamesBurst: number;
  readonly newNamesPerSecond: number;
  /** New names all clients known for an hour together may bring at once, and then each second; and all others again: sources can be forged. */
  readonly totalNamesBurst: number;
  readonly totalNamesPerSecond: number;
  /** New hosts a registrable domain may show in an hour before it is folded. */
  readonly newHostsPerDomainHour: number;
  readonly maxConnections: number;
}

/**
 * A household's device meets some thousand names in its first days and a few hundred a day after; half a kilobyte is held
 * for each while it is new, and a row kept in SQLite. The budgets are several times what an office needs, and what goes
 * beyond them was invented: a million forged names cost what 50,000 do.
 */
export const DEFAULT_LIMITS: IntakeLimits = {
  maxLineBytes: 1_048_576,
  maxKnownPairs: 65_536,
  maxPendingRows: 65_536,
  maxPendingAlerts: 10_000,
  newNamesBurst: 5_000,
  newNamesPerSecond: 5,
  totalNamesBurst: 25_000,
  totalNamesPerSecond: 100,
  newHostsPerDomainHour: 2_000,
  maxConnections: 32,
};
