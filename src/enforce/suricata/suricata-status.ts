import type { ReloadOutcome } from './rules-reload.ts';

/** What is known of Suricata. Times are epoch milliseconds. */
export interface SuricataStatus {
  readonly connected: boolean;
  readonly version?: string;
  /** Over all rule files, at our last reload. */
  readonly rulesLoaded?: number;
  readonly rulesFailed?: number;
  readonly lastReloadAt?: number;
  /** When every question about our entries was last answered as it should be. */
  readonly lastProofAt?: number;
  readonly reloadPending: boolean;
  readonly problem?: string;
}

/** Keeps a `SuricataStatus` up to date. A problem of the rules stays until a reload ends it; silence ends with an answer. */
export class StatusBoard {
  #status: Omit<SuricataStatus, 'problem' | 'reloadPending'> = { connected: false };
  #rulesProblem: string | undefined;
  #silence: string | undefined;

  /** The worst of what is wrong now. */
  get problem(): string | undefined {
    return this.#silence ?? this.#rulesProblem;
  }

  /** Suricata answered. */
  met(version: string): void {
    this.#silence = undefined;
    this.#status = { ...this.#status, connected: true, version };
  }

  /** Suricata did not answer. */
  silent(reason: string): void {
    this.#silence = reason;
    this.#status = { ...this.#status, connected: false };
  }

  /** Our rules are not what Suricata has loaded. */
  notLoaded(): void {
    this.#rulesProblem ??= 'Suricata has not loaded our rules: add the rules file under rule-files in suricata.yaml';
  }

  /** A reload was done, well or badly. */
  reloaded({ stats, problem }: ReloadOutcome, lastReloadAt: number | undefined): void {
    this.#rulesProblem = problem;
    this.#status = {
      ...this.#status,
      rulesLoaded: stats.loaded,
      rulesFailed: stats.failed,
      ...(lastReloadAt === undefined ? {} : { lastReloadAt }),
    };
  }

  /** Our sets were not loaded once, and now somebody else's reload or restart brought them. */
  loadedByOthers(): void {
    this.#rulesProblem = undefined;
  }

  /** All entries that were asked for were as they should be. */
  proved(at: number): void {
    this.#status = { ...this.#status, lastProofAt: at };
  }

  /** The status as it is now. */
  read(reloadPending: boolean): SuricataStatus {
    const { problem } = this;
    return { ...this.#status, reloadPending, ...(problem === undefined ? {} : { problem }) };
  }
}
