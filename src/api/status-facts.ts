import type { VerdictState } from '../core/verdict.ts';
import type { CentralFacts } from './central-facts.ts';
import type { DocumentOf } from './document.ts';
import type { FleetFacts } from './fleet-facts.ts';

/** The intake as a person should see it. */
export interface EveFacts {
  readonly socket: string;
  readonly type: 'stream' | 'dgram';
  readonly connections: number;
  readonly events: ReadonlyMap<string, number>;
  readonly dropped: ReadonlyMap<string, number>;
  /** Share (0 to 1) of DNS transactions that Suricata reports and we did not receive; absent while not known. */
  readonly lossEstimate?: number;
  readonly lastEventAt?: number;
}

/** One window of a source's allowance. */
export interface QuotaFacts {
  readonly source: string;
  readonly window: string;
  readonly allowed: number;
  readonly used: number;
  /** What each lane spent, by lane. */
  readonly spent: ReadonlyMap<string, number>;
  /** How much of what is left each lane may still take for itself, by lane. */
  readonly reserved: ReadonlyMap<string, number>;
  /** When the next ordinary lookup is due; absent when nothing waits. */
  readonly nextLookupAt?: number;
}

/** Whether a source can be asked. */
export interface SourceFacts {
  readonly source: string;
  readonly state: 'asking' | 'no_key' | 'bad_key' | 'resting';
  /** Until when it rests. */
  readonly restingUntilAt?: number;
  readonly reason?: string;
}

/** How one feed stands. */
export interface FeedFacts {
  readonly name: string;
  readonly role: string;
  /** `kept`: the last attempt failed and the last good version counts. */
  readonly state: 'waiting' | 'current' | 'kept' | 'missing';
  readonly entries: number;
  readonly fetchedAt?: number;
  readonly nextAt?: number;
  readonly problem?: string;
  readonly licence?: string;
}

/** How one target stands. */
export interface TargetFacts {
  readonly name: string;
  readonly published: number;
  readonly proved: number;
  readonly failed: number;
  readonly notice?: string;
  readonly lastProofAt?: number;
}

/** What the Pi-hole does, as it was read last. */
export interface PiholeFacts {
  /** `unread`: the last attempt brought nothing, and the figures are older. */
  readonly state: 'waiting' | 'read' | 'unread';
  readonly problem?: string;
  readonly readAt?: number;
  /** Absent until figures were read. */
  readonly figures?: {
    /** Absent where Pi-hole does not say. */
    readonly blocking?: boolean;
    /** In its window of the last 24 hours, as the three below. */
    readonly queries: number;
    readonly blocked: number;
    readonly cached: number;
    readonly forwarded: number;
    /** Answered as if nothing were blocked, because its database was held by another process. */
    readonly unchecked: number;
    readonly queriesPerSecond: number;
    readonly activeClients: number;
    readonly listedNames: number;
    /** Share (0 to 1) of one CPU. */
    readonly cpuShare: number;
    readonly cacheEvicted: number;
    readonly uptimeMs: number;
  };
  /** Blocked queries that were too many to look at, since the start. */
  readonly missedQueries: number;
}

/** Something that is not seen or does not work, and what to do about it. */
export interface WarningFacts {
  /** Stable, for programs: `eve_silent`. */
  readonly code: string;
  readonly text: string;
  readonly hint?: string;
}

/** What came of the last canary: a harmless name of ours that was published, asked back and withdrawn. */
export interface CanaryFacts {
  readonly at: number;
  readonly name: string;
  readonly targets: readonly {
    readonly target: string;
    /** Only `proved` (and `unsupported`, by a target that holds no names) is well. */
    readonly outcome: 'proved' | 'unproved' | 'unsupported' | 'failed' | 'left_behind';
    readonly tookMs: number;
    readonly why?: string;
  }[];
}

/** A block that waits for `guardian block` or `guardian allow`. */
export interface HeldFacts {
  readonly observable: string;
  readonly ratio?: string;
  readonly since: number;
  /** Why it waits. */
  readonly why: string;
}

/** Everything `guardian status` shows. Times are epoch milliseconds. */
export interface StatusFacts {
  readonly sensor: string;
  readonly version: string;
  readonly startedAt: number;
  readonly eve: EveFacts;
  readonly quota: readonly QuotaFacts[];
  readonly sources: readonly SourceFacts[];
  readonly feeds: readonly FeedFacts[];
  readonly queue: { readonly length: number; readonly oldestAt?: number };
  readonly verdicts: Readonly<Record<VerdictState, number>>;
  /** Malicious verdicts that wait for a person. */
  readonly held: number;
  /** The latest of those, with what their block would have hit. */
  readonly heldBlocks: readonly HeldFacts[];
  /** Absent where no central database is shared. */
  readonly fleet?: FleetFacts;
  readonly targets: readonly TargetFacts[];
  /** Absent where no Pi-hole is configured. */
  readonly pihole?: PiholeFacts;
  /** Absent where no central database is configured. */
  readonly central?: CentralFacts;
  /** Absent before the first. */
  readonly canary?: CanaryFacts;
  readonly alertsLastDay: number;
  /** Different things ever sent to a source. */
  readonly disclosures: number;
  /** What it cannot see or do at present; empty when all is well. */
  readonly warnings: readonly WarningFacts[];
  readonly memoryBytes: number;
}

/** `GET /v1/status`. */
export type StatusDocument = DocumentOf<StatusFacts>;
