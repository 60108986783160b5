/**
 * Which share of the quota pays for a question. `alert`: Suricata alerted on it. `manual`: a person asks.
 * `recheck`: a kept answer is getting old. `new`: seen for the first time.
 */
export const LANES = ['alert', 'manual', 'recheck', 'new'] as const;
export type Lane = (typeof LANES)[number];

/** Lanes that have a reserve of their own. `new` lives on what is left. */
export const RESERVED_LANES = ['alert', 'manual', 'recheck'] as const;
export type ReservedLane = (typeof RESERVED_LANES)[number];
