import { UnavailableError } from '../../core/errors.ts';
import type { DesiredState, Indicator } from '../../core/indicator.ts';
import { keyOf, type Observable, type ObservableKey } from '../../core/observable.ts';
import { gently } from '../../lib/gently.ts';
import type { Log } from '../../lib/log.ts';
import type { DriveOutcome, Target } from '../target.ts';
import { CommandSocket } from './command-socket.ts';
import { DatasetFiles, hashesChanged } from './dataset-files.ts';
import type { LiveSet } from './datasets.ts';
import { Enforcement } from './enforcement.ts';
import { entryContext } from './entry-context.ts';
import { FeatureProbe } from './feature-probe.ts';
import {
  indicatorsOnLines,
  isQuick,
  keysOf,
  ownRulesIn,
  type Publication,
  type PublicationOptions,
  placeOf,
  planPublication,
  publicationInSteps,
} from './publication.ts';
import { anyRuleWent, anyUrlCame, countsOf, failures, noticeOf, type Put } from './put-report.ts';
import type { RuleAction } from './rule-text.ts';
import { type PutOutcome, RulesFile } from './rules-file.ts';
import { RulesLock } from './rules-lock.ts';
import type { ContextOf } from './set-entry.ts';
import { keyOfEntry } from './set-entry.ts';
import type { SidBook, SidRange } from './sid-range.ts';
import type { SuricataStatus } from './suricata-status.ts';
import { explainWrites } from './write-failure.ts';

/** Everything the Suricata target is given. Paths are absolute. */
export interface SuricataTargetOptions {
  /** Suricata's command socket, `unix-command.filename` of its configuration. */
  readonly commandSocket: string;
  /** For `suricata -T`. */
  readonly binary: string;
  /** The user's suricata.yaml; only the folder it lies in is looked at. */
  readonly config: string;
  readonly rulesFile: string;
  readonly datasetsDir: string;
  readonly action: RuleAction;
  /** `none`: Suricata is never told to reload, and rules wait for somebody else to do so. */
  readonly reload: 'ruleset' | 'none';
  /** How many indicators get a rule of their own. With 0 the datasets do all the work, and URLs are unsupported. */
  readonly maxRules: number;
  readonly sidRange: SidRange;
  /** Put rules in place unchecked when `binary` is not installed. */
  readonly allowUnchecked: boolean;
  readonly sids: SidBook;
  /** This process, which holds the rules file. */
  readonly pid: number;
  readonly log: Log;
  /** Epoch milliseconds, of the clock that file times and Suricata use. */
  readonly now: () => number;
  /** How long changes of rules are gathered before one reload. */
  readonly debounceMs?: number;
}

const DEFAULT_DEBOUNCE_MS = 5000;

/**
 * Publishes to Suricata: every indicator in a dataset at once, the strongest also as a rule with its own words.
 * Files first, since Suricata reads them whenever it starts; then the running one through its command socket.
 */
export class SuricataTarget implements Target {
  readonly name = 'suricata';
  readonly #options: SuricataTargetOptions;
  readonly #lock: RulesLock;
  readonly #files: DatasetFiles;
  readonly #rules: RulesFile;
  readonly #enforcement: Enforcement;
  readonly #socket: CommandSocket;
  readonly #withoutRule = new Set<ObservableKey>();
  #started: Promise<void> | undefined;
  readonly #probe: FeatureProbe;
  /** What alerts tell of an entry is taken from here: the state last driven, and what was hastened since. */
  #desired: DesiredState = new Map();
  readonly #lately = new Map<ObservableKey, Indicator>();

  constructor(options: SuricataTargetOptions) {
    this.#options = options;
    this.#lock = new RulesLock(options.rulesFile, options.pid);
    this.#files = new DatasetFiles(options.datasetsDir);
    this.#rules = new RulesFile(options);
    this.#socket = new CommandSocket(options.commandSocket);
    this.#enforcement = new Enforcement({
      socket: this.#socket,
      files: this.#files,
      rules: this.#rules,
      rulesFile: options.rulesFile,
      contextOf: () => this.#contextOf(),
      mayReload: options.reload === 'ruleset',
      debounceMs: options.debounceMs ?? DEFAULT_DEBOUNCE_MS,
      log: options.log,
      now: options.now,
    });
    this.#probe = new FeatureProbe({
      binary: options.binary,
      running: () => this.#enforcement.status().version,
      greet: async (signal) => {
        if (options.commandSocket !== '') await this.#enforcement.greet(signal);
      },
    });
  }

  /**
   * Takes the rules file for this process and reads what an earlier run published. `drive` does it when nobody did.
   * @throws OperatorError when another guardian holds the rules file.
   * @throws UnavailableError when the files cannot be written.
   */
  start(): Promise<void> {
    this.#started ??= explainWrites(() => this.#open()).catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  /** Does a reload that is still to come, gives the rules file free and closes the socket. What is published stays. */
  async stop(): Promise<void> {
    await this.#started?.catch(() => undefined);
    await this.#enforcement.stop();
    this.#socket.close();
    await this.#lock.release();
    this.#started = undefined;
  }

  /**
   * See `Target`: files, live sets, rules. Suricata away is no throw: its files are written, and it reads them when it comes back.
   * What `hasten` adds meanwhile is left in place.
   */
  async drive(desired: DesiredState, signal: AbortSignal): Promise<DriveOutcome> {
    // At once: what is added from here on is not in `desired`.
    this.#files.begin();
    this.#desired = desired;
    this.#lately.clear();
    await this.start();
    await this.#probe.ask(signal);
    this.#files.describe(this.#contextOf());
    const planned = await gently(publicationInSteps(desired, this.#planOptions()), signal);
    const rules = (await this.#rules.read()) ?? '';
    const before = ownRulesIn(rules);
    const filesChangedAt = await this.#changedAt();
    const changes = await explainWrites(() => this.#files.write(planned));
    const early = await this.#enforcement.applyLive(changes, filesChangedAt, signal);
    const { plan, put } = await this.#enforcement.exclusively(() => this.#putRules(planned, desired, signal));
    if (put.outcome !== 'refused') await this.#files.tidy();
    const rulesChanged = put.outcome === 'put';
    const went = rulesChanged && anyRuleWent(before, plan);
    const report = await this.#enforcement.settle(
      {
        early,
        changes,
        rulesChanged,
        sharedChanged: rulesChanged && !rules.endsWith(plan.sharedRules),
        ownRemoved: went,
        // Live additions cannot stand in for these, so they are not proved before the reload.
        onlyByReload: hashesChanged(changes) || went || (rulesChanged && anyUrlCame(before, plan)),
      },
      signal,
    );
    return {
      unsupported: plan.unsupported,
      failed: failures(plan, put, changes, report.failed),
      declined: plan.failed,
      proved: report.proved && put.outcome !== 'refused' && this.#probe.isCurrent,
      ...(this.#options.commandSocket === '' ? { provable: false } : {}),
      ...countsOf(changes, before.urls, plan.onlyInRules),
      ...noticeOf(put, report.notice),
    };
  }

  /**
   * See `Target`: names and addresses go into their dataset, are asked back, and that is their proof. Their place in the rules file
   * follows with the next drive, since checking it takes longer than all the rest.
   */
  async hasten(indicators: readonly Indicator[], signal: AbortSignal): Promise<ReadonlySet<ObservableKey>> {
    await this.start();
    const quick = indicators.filter((one) => isQuick(one, this.#probe.features));
    for (const one of quick) this.#lately.set(keyOf(one.observable), one);
    const entries = quick.map(placeOf);
    const inSet = (set: LiveSet): readonly string[] =>
      entries.filter((entry) => entry.set === set).map(({ entry }) => entry);
    this.#enforcement.expect(entries);
    await explainWrites(() =>
      this.#files.add({ domains: inSet('domains'), dotted: inSet('dotted'), ips: inSet('ips') }),
    );
    const proved = await this.#enforcement.hasten(entries, signal);
    return new Set(proved.map(keyOfEntry));
  }

  /** See `Target`. Changes nothing, and needs no running Suricata. */
  async preview(desired: DesiredState) {
    await this.start();
    // A sid handed out here would be a sid burnt, so the rules are left unnumbered.
    const plan = planPublication(desired, { ...this.#planOptions(), sids: UNNUMBERED });
    const before = await this.#published();
    const after = keysOf(plan);
    return {
      add: [...after].filter((key) => !before.has(key)),
      remove: [...before].filter((key) => !after.has(key)),
    };
  }

  /** See `Target`. Names and addresses are asked of Suricata; URLs and hashes stand in files that it reads at a reload. */
  async holds({ kind, value }: Observable, signal: AbortSignal): Promise<boolean> {
    await this.start();
    const { commandSocket } = this.#options;
    if (kind === 'ip') return this.#enforcement.holds({ set: 'ips', entry: value }, signal);
    if (kind !== 'domain') return (await this.#published()).has(`${kind}:${value}`);
    if (commandSocket === '') throw new UnavailableError('Cannot ask Suricata: no command socket is configured');
    const exact = await this.#enforcement.holds({ set: 'domains', entry: value }, signal);
    return exact || this.#enforcement.holds({ set: 'dotted', entry: `.${value}` }, signal);
  }

  /** See `Target`: a restart, a reload by somebody else, Suricata coming or going. */
  async watch(signal: AbortSignal): Promise<boolean> {
    return this.#options.commandSocket !== '' && this.#enforcement.happened(signal);
  }

  /** What is known of Suricata, for `guardian status`. Asks nobody. */
  status(): SuricataStatus {
    return this.#enforcement.status();
  }

  async #open(): Promise<void> {
    await this.#rules.createFolder();
    await this.#lock.acquire();
    try {
      await this.#files.load();
    } catch (error) {
      await this.#lock.release();
      throw error;
    }
  }

  /** Puts the rules in place; those of single indicators that Suricata refuses are left out, once, and the rest tried again. */
  async #putRules(plan: Publication, desired: DesiredState, signal: AbortSignal): Promise<Put> {
    const put = await this.#put(plan, desired.size > 0, signal);
    if (put.outcome !== 'refused') return { plan, put };
    const bad = indicatorsOnLines(plan.rules, put.lines);
    if (bad.length === 0 || bad.length < put.lines.length) return { plan, put };
    for (const key of bad) this.#withoutRule.add(key);
    const rest = await gently(publicationInSteps(desired, this.#planOptions()), signal);
    return { plan: rest, put: await this.#put(rest, desired.size > 0, signal) };
  }

  async #put(plan: Publication, keepPrevious: boolean, signal: AbortSignal): Promise<PutOutcome> {
    const known = this.#enforcement.refusalOf(plan.rules);
    if (known !== undefined) return { outcome: 'refused', reason: known, lines: [] };
    const put = await explainWrites(() => this.#rules.put(plan.rules, keepPrevious, signal));
    if (put.outcome === 'refused') {
      const { reason } = put;
      this.#options.log.error('rules refused', { target: this.name, path: this.#options.rulesFile, reason });
    }
    return put;
  }

  #contextOf(): ContextOf | undefined {
    if (!this.#probe.features.context) return undefined;
    return (entry) => {
      const key = keyOfEntry(entry);
      return entryContext(entry.entry, this.#lately.get(key) ?? this.#desired.get(key));
    };
  }

  #planOptions(): PublicationOptions {
    return { ...this.#options, features: this.#probe.features, withoutRule: this.#withoutRule };
  }

  async #published(): Promise<ReadonlySet<ObservableKey>> {
    const { urls } = ownRulesIn((await this.#rules.read()) ?? '');
    return new Set([...this.#files.keys(), ...urls]);
  }

  async #changedAt(): Promise<number> {
    return Math.max(await this.#files.changedAt(), await this.#rules.changedAt());
  }
}

const UNNUMBERED: SidBook = { assign: () => ({ sid: 1, rev: 1 }) };
