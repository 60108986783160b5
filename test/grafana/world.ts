/** Rows of the central database as a test makes them up, and as the expected numbers are counted from. Times are epoch milliseconds. */
export interface World {
  readonly scans: readonly Scan[];
  readonly sightings: readonly Sighting[];
  readonly verdicts: readonly Verdict[];
  readonly changes: readonly Change[];
  readonly alerts: readonly Alert[];
  readonly published: readonly Published[];
  readonly sensors: readonly Sensor[];
  readonly minutes: readonly Minute[];
  readonly pihole: readonly Pihole[];
  readonly piholeHits: readonly PiholeHit[];
  readonly suricata: readonly Suricata[];
  readonly lookups: readonly Lookup[];
  readonly quotas: readonly Quota[];
  readonly members: readonly Member[];
}

export interface Thing {
  readonly kind: 'domain' | 'ip' | 'url' | 'file';
  readonly value: string;
}

export interface Scan extends Thing {
  readonly source: string;
  readonly at: number;
  readonly sensor: string;
  readonly outcome: 'found' | 'not_found';
  readonly analysedAt: number | null;
  readonly positives: number;
  readonly total: number;
  readonly permalink: string;
  readonly results: readonly string[];
}

export interface Sighting extends Thing {
  readonly hour: number;
  readonly client: string;
  readonly via: string;
  readonly sensor: string;
  readonly count: number;
  readonly nxdomain: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

export interface Verdict extends Thing {
  readonly sensor: string;
  readonly state: string;
  readonly held: 0 | 1;
  readonly ratio: string | null;
  readonly since: number;
  readonly judged: number;
}

export interface Change extends Thing {
  readonly sensor: string;
  readonly at: number;
  readonly from: string;
  readonly to: string;
}

export interface Alert extends Thing {
  readonly minute: number;
  readonly sensor: string;
  readonly sid: number;
  readonly client: string;
  readonly peer: string;
  readonly signature: string;
  readonly category: string;
  readonly severity: number;
  readonly action: 'allowed' | 'blocked';
  readonly count: number;
}

export interface Published extends Thing {
  readonly sensor: string;
  readonly target: string;
  readonly state: string;
  readonly error: string | null;
  readonly published: number | null;
  readonly proved: number | null;
}

export interface Sensor {
  readonly sensor: string;
  readonly version: string;
  readonly started: number;
  readonly heartbeat: number;
  readonly skewMs: number;
  readonly syncedUntil: number | null;
  readonly outboxRows: number;
  readonly setAside: number;
  readonly thinned: number;
}

export interface Minute {
  readonly minute: number;
  readonly sensor: string;
  readonly events: number;
  readonly dropped: number;
  readonly malformed: number;
  readonly truncated: number;
  readonly lost: number;
  readonly blind: 0 | 1;
  readonly queue: number;
  readonly oldest: number;
  readonly used: number | null;
  readonly allowed: number | null;
  readonly coverage: number | null;
  readonly proofAge: number | null;
  readonly lag: number | null;
  readonly outboxRows: number;
}

export interface Pihole {
  readonly minute: number;
  readonly sensor: string;
  readonly queries: number;
  readonly blocked: number;
  readonly cached: number;
  readonly forwarded: number;
  readonly blocking: 0 | 1 | null;
}

export interface PiholeHit extends Thing {
  readonly hour: number;
  readonly client: string;
  readonly sensor: string;
  readonly count: number;
}

export interface Suricata {
  readonly minute: number;
  readonly sensor: string;
  readonly packets: number;
  readonly drops: number;
}

export interface Lookup extends Thing {
  readonly source: string;
  readonly at: number;
  readonly sensor: string;
  readonly outcome: string;
  readonly tookMs: number;
}

export interface Quota {
  readonly source: string;
  readonly startsAt: number;
  readonly sensor: string;
  readonly used: number;
  readonly allowed: number | null;
}

/** Under which account a sensor spoke to the others, and when last. */
export interface Member {
  readonly account: string;
  readonly sensor: string;
  readonly seen: number;
}

export const EMPTY: World = {
  scans: [],
  sightings: [],
  verdicts: [],
  changes: [],
  alerts: [],
  published: [],
  sensors: [],
  minutes: [],
  pihole: [],
  piholeHits: [],
  suricata: [],
  lookups: [],
  quotas: [],
  members: [],
};

/** "Now" of every test: the session is told so. */
export const NOW = Date.UTC(2026, 5, 15, 12, 34, 56);
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** Start of the bucket that holds a time. */
export function floorTo(at: number, length: number): number {
  return at - (at % length);
}
