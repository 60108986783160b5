import { basename } from 'node:path';
import type { LiveSets } from './live-sets.ts';
import type { RulesFile } from './rules-file.ts';
import type { FailedRule, RulesetStats, SuricataCommands } from './suricata-commands.ts';

/**
 * A reload holds additions up for half a second (100,000 entries), and brings those that are proved already no more than words of
 * their own. While they keep coming it is done once in so long, so that fewer than one in a hundred meets it.
 */
export const LONGEST_PUT_OFF_MS = 60_000;

/** What a reload brought, asked back and not believed. */
export interface ReloadOutcome {
  /** Our rules are loaded, all of them. */
  readonly ok: boolean;
  /** What a person should know when they are not. */
  readonly problem?: string;
  /** Counts over all rule files, ours or not. */
  readonly stats: RulesetStats;
}

/** What a reload brought, and when it was by Suricata's own word, epoch milliseconds. */
export interface TimedReload extends ReloadOutcome {
  readonly lastReloadAt: number | undefined;
}

/** What a reload works with. */
export interface RulesReloadParts {
  readonly commands: SuricataCommands;
  readonly live: LiveSets;
  readonly rules: RulesFile;
  readonly rulesFile: string;
}

/**
 * Makes Suricata read its rules and finds out whether it took ours: the reload itself says OK to broken, empty and missing
 * files alike. When it refused one of ours, the previous file goes back and is loaded again.
 */
export class RulesReload {
  readonly #parts: RulesReloadParts;
  #isRunning = false;

  constructor(parts: RulesReloadParts) {
    this.#parts = parts;
  }

  /** Whether a reload of ours is under way, which explains that Suricata says a new time for the last one. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** @throws UnavailableError when Suricata cannot be reached or refuses to reload at all. */
  async run(signal: AbortSignal): Promise<TimedReload> {
    this.#isRunning = true;
    try {
      const outcome = await this.#reload(signal);
      return { ...outcome, lastReloadAt: await this.#parts.commands.lastReloadAt(signal) };
    } finally {
      this.#isRunning = false;
    }
  }

  async #reload(signal: AbortSignal): Promise<ReloadOutcome> {
    const first = await this.#load(signal);
    if (first.refused === undefined) return this.#proved(first.stats, signal);
    const { line, error } = first.refused;
    const problem = `Suricata refused line ${line} of ${this.#parts.rulesFile}${error === '' ? '' : `: ${error}`}`;
    if (!(await this.#parts.rules.restore())) return { ok: false, problem, stats: first.stats };
    const { stats } = await this.#load(signal);
    return { ok: false, problem: `${problem}; the previous rules are back`, stats };
  }

  async #load(
    signal: AbortSignal,
  ): Promise<{ readonly stats: RulesetStats; readonly refused: FailedRule | undefined }> {
    const { commands, rulesFile } = this.#parts;
    await commands.reloadRules(signal);
    const stats = await commands.rulesetStats(signal);
    const failed = stats.failed > 0 ? await commands.failedRules(signal) : [];
    // Others' broken rules are their own concern. The name alone is compared, since Suricata may know the folder by another path.
    return { stats, refused: failed.find(({ filename }) => basename(filename) === basename(rulesFile)) };
  }

  async #proved(stats: RulesetStats, signal: AbortSignal): Promise<ReloadOutcome> {
    if (await this.#parts.live.areLoaded(signal)) return { ok: true, stats };
    const { rulesFile } = this.#parts;
    const problem = `Suricata reloaded and did not read ${rulesFile}: add it under rule-files in suricata.yaml`;
    return { ok: false, problem, stats };
  }
}
