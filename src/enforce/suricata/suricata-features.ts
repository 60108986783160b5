import { execFile } from 'node:child_process';

/** What a Suricata can do beyond version 7.0, as far as our rules make use of it. */
export interface SuricataFeatures {
  /** `match subdomain` of datasets: an entry with a leading dot stands for everything below it, whatever its number of labels. */
  readonly subdomains: boolean;
  /** Datasets in JSON: what is said of an entry stands in every alert about it, as `alert.context`. */
  readonly context: boolean;
}

/** What every Suricata from 7.0 on can do. */
export const NO_FEATURES: SuricataFeatures = { subdomains: false, context: false };

/** `match subdomain` came with 8.0.7 (main-8.0.x 0ded73ab59). What is older takes a rule with it, and finds the name alone (7.0.10). */
const SUBDOMAINS_SINCE = [8, 0, 7];
/** Datasets in JSON came with 8.0.0; ours were run with this one, and those before it had faults in adding to them. */
const CONTEXT_SINCE = [8, 0, 7];

/** What a Suricata of this version can do; `8.0.7 RELEASE`, `8.1.0-dev`. A version that cannot be read is an old one. */
export function featuresOf(version: string): SuricataFeatures {
  const numbers = /(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (numbers === undefined) return NO_FEATURES;
  return { subdomains: compare(numbers, SUBDOMAINS_SINCE) >= 0, context: compare(numbers, CONTEXT_SINCE) >= 0 };
}

/** What both can do: rules are read by the one that runs and checked by the one that is installed. */
export function commonFeatures(one: SuricataFeatures, other: SuricataFeatures): SuricataFeatures {
  return { subdomains: one.subdomains && other.subdomains, context: one.context && other.context };
}

const TIMEOUT_MS = 10_000;

/** The version that a program says it is (`suricata -V`); undefined when it cannot be run. */
export function versionOfBinary(binary: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(binary, ['-V'], { timeout: TIMEOUT_MS, signal }, (error, stdout) => {
      resolve(error === null ? /version (\S+)/.exec(stdout)?.[1] : undefined);
    });
  });
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((number, index) => number !== other[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
