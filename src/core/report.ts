import type { Observable } from './observable.ts';

/** Counts of engines by category, with VirusTotal's spelling. */
export interface AnalysisStats {
  readonly malicious: number;
  readonly suspicious: number;
  readonly harmless: number;
  readonly undetected: number;
  readonly timeout: number;
}

/** One engine that flagged the observable. Engines that did not are only counted. */
export interface FlaggingEngine {
  readonly engine: string;
  readonly category: 'malicious' | 'suspicious';
  /** What the engine called it: `phishing`, `malware`. */
  readonly result: string;
}

/**
 * One source's answer about one observable. A question that could not be asked makes no report.
 * `not_found` means the source answered that it has no record: an answer, not an acquittal.
 */
export interface Report {
  readonly observable: Observable;
  /** `virustotal`, or the name of a feed. */
  readonly source: string;
  readonly outcome: 'found' | 'not_found';
  /** When we asked, epoch milliseconds. */
  readonly askedAt: number;
  /** When the source itself last analysed it, epoch milliseconds; absent where it does not say. */
  readonly lastAnalysisAt?: number;
  readonly stats: AnalysisStats;
  readonly flagged: readonly FlaggingEngine[];
  /** The source's community score; negative is bad, and larger numbers are better founded. 0 where unknown. */
  readonly reputation: number;
  readonly votes: { readonly harmless: number; readonly malicious: number };
  readonly categories: readonly string[];
  /** Remarks such as a "crowdsourced context" line: shown, and never counted as evidence. */
  readonly remarks: readonly string[];
  /** When the name was registered, epoch milliseconds, where the source knows. */
  readonly createdAt?: number;
  /** Report page a person can open; never an API address. Empty where the source has none. */
  readonly permalink: string;
  /** The sensor that asked, where it was another one of the fleet; `askedAt` is then by the clock of that sensor. */
  readonly sensor?: string;
}

/** No engine said anything. */
export const NO_STATS: AnalysisStats = { malicious: 0, suspicious: 0, harmless: 0, undetected: 0, timeout: 0 };

/**
 * All engines of a report: the denominator people know from VirusTotal's page (`1/92`).
 * Silent ones count; those without an opinion are silent, not innocent.
 */
export function enginesIn(stats: AnalysisStats): number {
  return stats.malicious + stats.suspicious + stats.harmless + stats.undetected + stats.timeout;
}

/** Engines that have an opinion. Zero of them means nobody knows. */
export function enginesWithOpinion(stats: AnalysisStats): number {
  return stats.malicious + stats.suspicious + stats.harmless;
}

/** The detection ratio as people read it: `7/92`. */
export function detectionRatio(report: Report): string {
  return `${report.stats.malicious}/${enginesIn(report.stats)}`;
}
