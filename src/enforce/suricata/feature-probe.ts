import {
  commonFeatures,
  featuresOf,
  NO_FEATURES,
  type SuricataFeatures,
  versionOfBinary,
} from './suricata-features.ts';

/** How both Suricatas are asked for their version. */
export interface FeatureProbeOptions {
  readonly binary: string;
  /** The version of the one that runs, as far as it is known. */
  readonly running: () => string | undefined;
  /** Asks the one that runs who it is. */
  readonly greet: (signal: AbortSignal) => Promise<void>;
}

/** Finds out what rules may make use of: what the Suricata that runs and the one installed can both do, which differ after an upgrade. */
export class FeatureProbe {
  readonly #options: FeatureProbeOptions;
  #asked: { readonly running: string | undefined; readonly installed: string | undefined } | undefined;
  #features = NO_FEATURES;

  constructor(options: FeatureProbeOptions) {
    this.#options = options;
  }

  /** What the last `ask` found. */
  get features(): SuricataFeatures {
    return this.#features;
  }

  /** Whether the one that ran at the last `ask` is the one that was heard of last. */
  get isCurrent(): boolean {
    return this.#options.running() === this.#asked?.running;
  }

  /** Asks anew where something may have changed. */
  async ask(signal: AbortSignal): Promise<void> {
    const { binary, running, greet } = this.#options;
    // One that was met is heard of with every command; when it is another one by then, `isCurrent` says so.
    if (running() === undefined) await greet(signal);
    if (this.#asked === undefined || !this.isCurrent) {
      this.#asked = { running: running(), installed: await versionOfBinary(binary, signal) };
    }
    const known = [this.#asked.running, this.#asked.installed].filter((version) => version !== undefined);
    this.#features = known.length === 0 ? NO_FEATURES : known.map(featuresOf).reduce(commonFeatures);
  }
}
