import type { Observable } from '../core/observable.ts';
import type { Via } from '../core/sighting.ts';
import type { VerdictState } from '../core/verdict.ts';
import type { PublicationFacts } from './control-stores.ts';
import type { DocumentOf } from './document.ts';
import type { StatusFacts } from './status-facts.ts';

/** An observable as pages name it. */
export interface NamedFacts {
  readonly observable: string;
  readonly kind: Observable['kind'];
}

/** The latest answer of VirusTotal about one observable. */
export interface ScanFacts extends NamedFacts {
  readonly scannedAt: number;
  readonly lastAnalysisAt?: number;
  /** Engines that accuse it, and engines in all: the ratio `7/92`. */
  readonly positives: number;
  readonly total: number;
  readonly state: VerdictState;
  /** Whether it is to be blocked at present. */
  readonly blocked: boolean;
  readonly permalink: string;
}

/** What was asked and answered in the period. */
export interface ScansFacts {
  /** Questions to VirusTotal by what came of them. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Observables that VirusTotal knows. */
  readonly answered: number;
  /** How many observables each number of accusing engines has. */
  readonly byPositives: readonly { readonly positives: number; readonly observables: number }[];
  /** Whatever the period. */
  readonly lastScanAt?: number;
  /** How old the analyses are that the answers rest on. */
  readonly ages: {
    readonly withinDay: number;
    readonly withinWeek: number;
    readonly withinMonth: number;
    readonly older: number;
    readonly unknown: number;
  };
  /** Share (0 to 1) of the names first seen in the period that have an answer. */
  readonly coverage?: number;
  readonly vectors: readonly {
    readonly vector: string;
    readonly scanned: number;
    readonly suspicious: number;
    readonly malicious: number;
  }[];
  readonly classes: readonly { readonly name: string; readonly observables: number; readonly engines: number }[];
  /** The worst first; `answered` says how many there are in all. */
  readonly rows: readonly ScanFacts[];
}

/** How many things were used, and by how many devices that are known by an address. */
export interface UsedFacts {
  readonly observables: number;
  readonly clients: number;
}

/** A device and something flagged that it used. */
export interface ContactFacts extends NamedFacts {
  readonly client: string;
  readonly state: VerdictState;
  readonly ratio?: string;
  readonly vias: readonly Via[];
  readonly count: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** Something that is blocked, and where. */
export interface BlockFacts extends NamedFacts {
  readonly ratio: string;
  readonly source: string;
  readonly since: number;
  readonly expiresAt: number;
  readonly publications: readonly PublicationFacts[];
}

/** What is shown over time: rows of steps, each step named by its start. Steps in which nothing happened are left out. */
export interface SeriesFacts {
  readonly scans: readonly ({ readonly at: number } & Readonly<Record<VerdictState, number>>)[];
  readonly newNames: readonly { readonly at: number; readonly names: number }[];
  /** Severity 1 (worst) to 4. */
  readonly alerts: readonly { readonly at: number; readonly counts: readonly number[] }[];
  readonly pihole: readonly {
    readonly at: number;
    readonly queries: number;
    readonly blocked: number;
    readonly cached: number;
    readonly forwarded: number;
    /** Its blocking was off at some time of the step. */
    readonly wasOff: boolean;
  }[];
  readonly suricata: readonly {
    readonly at: number;
    readonly packets: number;
    readonly drops: number;
    readonly alerts: number;
  }[];
  readonly turnedMalicious: readonly (NamedFacts & { readonly since: number })[];
  /** Questions of each UTC day that touches the period. */
  readonly spent: readonly { readonly at: number; readonly used: number }[];
}

/** Everything `guardian report` shows of a period. */
export interface ReportPanels {
  /** The first moment of the period: the beginning of a step. */
  readonly since: number;
  readonly untilAt: number;
  readonly stepMs: number;
  /** Engines from which something is so, by the policy. */
  readonly thresholds: { readonly suspicious: number; readonly malicious: number; readonly strong: number };
  readonly scans: ScansFacts;
  readonly series: SeriesFacts;
  readonly used: { readonly malicious: UsedFacts; readonly suspicious: UsedFacts };
  /** The worst first, then the latest; `used` says how many there are in all. */
  readonly contacts: readonly ContactFacts[];
  readonly signatures: readonly {
    readonly sid: number;
    readonly signature: string;
    readonly severity: number;
    readonly count: number;
    readonly clients: number;
    readonly lastAt: number;
  }[];
  /** Who asked Pi-hole for what we block there. */
  readonly hits: readonly (NamedFacts & {
    readonly client: string;
    readonly count: number;
    readonly lastSeenAt: number;
  })[];
  /** The newest blocks, and how many there are in all. */
  readonly blocks: readonly BlockFacts[];
  readonly blockCount: number;
  /** As of the moment of asking. */
  readonly status: StatusFacts;
}

/** `GET /v1/report`. */
export type ReportDocument = DocumentOf<ReportPanels>;
