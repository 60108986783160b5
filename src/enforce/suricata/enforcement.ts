import { setTimeout as pause } from 'node:timers/promises';
import { UnavailableError } from '../../core/errors.ts';
import { type DatasetChanges, hashesChanged, NO_CHANGES } from './dataset-files.ts';
import { Debounce } from './debounce.ts';
import type { EnforcementOptions } from './enforcement-options.ts';
import { EntryRotation } from './entry-rotation.ts';
import { countOf, entriesOf, LiveSets, type WrongEntry } from './live-sets.ts';
import { RecentEntries } from './recent-entries.ts';
import { LONGEST_PUT_OFF_MS, RulesReload } from './rules-reload.ts';
import { keyOfEntry, type SetEntry } from './set-entry.ts';
import type { LiveState, Settlement, SettlementReport } from './settlement.ts';
import { SuricataCommands } from './suricata-commands.ts';
import { type Contact, SuricataContact } from './suricata-contact.ts';
import { StatusBoard, type SuricataStatus } from './suricata-status.ts';
import { Turns } from './turns.ts';

/** Beyond this many changes, one reload is quicker than telling them one by one (0.1 ms each, half a second a reload). */
const MAX_LIVE_CHANGES = 2000;
/** Entries that are asked back at each drive besides those that changed, in turn, so that all are asked in time. */
const SAMPLE = 200;
const STOP_TIMEOUT_MS = 3000;

/** Drives a running Suricata to what stands in our files, and proves it. Owns every word said to the command socket. */
export class Enforcement {
  readonly #options: EnforcementOptions;
  readonly #commands: SuricataCommands;
  readonly #contact: SuricataContact;
  readonly #live: LiveSets;
  readonly #reload: RulesReload;
  /** Work on the rules file and reloads, which may put the previous rules back. */
  readonly #rulesTurns = new Turns();
  readonly #rotation: EntryRotation;
  readonly #board = new StatusBoard();
  readonly #later: Debounce;
  #ended = new AbortController();
  /** Suricata may hold something else than our files say; the next contact compares times. */
  #unsure = true;
  /** Grows whenever `#unsure` is set, so that a proof does not end a doubt that came up while it went on. */
  #doubts = 0;
  readonly #recent: RecentEntries;
  /** A proof failed where nothing explains it. */
  #lost = false;
  /** A reload at this time did not bring our sets: our file is not in suricata.yaml, so do not try again and again. */
  #fruitlessAt: number | undefined;
  #onlyByReload = false;
  /** When Suricata had last read its rules, as far as a drive or a reload of ours knows. */
  #seenReloadAt: number | undefined;
  #refused: { readonly text: string; readonly reason: string } | undefined;

  constructor(options: EnforcementOptions) {
    this.#options = options;
    this.#commands = new SuricataCommands(options.socket);
    this.#contact = new SuricataContact(this.#commands, options.now);
    this.#live = new LiveSets(this.#commands, options.contextOf);
    this.#rotation = new EntryRotation(options.files, SAMPLE);
    this.#recent = new RecentEntries(options.now);
    this.#later = new Debounce({
      delayMs: options.debounceMs,
      longestMs: LONGEST_PUT_OFF_MS,
      work: () => void this.#reloadInBackground(),
    });
    this.#reload = new RulesReload({ ...options, commands: this.#commands, live: this.#live });
  }

  /** Why exactly this text is not worth another try, or `undefined`. */
  refusalOf(text: string): string | undefined {
    return this.#refused?.text === text ? this.#refused.reason : undefined;
  }

  /** See `SuricataStatus`. */
  status(): SuricataStatus {
    return this.#board.read(this.#later.isPending);
  }

  /**
   * Makes the changes that `changes` wrote. `filesChangedAt` is when our files had last changed before that: when it lies
   * after Suricata's last reload and we do not know why, only a reload tells for certain.
   */
  applyLive(changes: DatasetChanges, filesChangedAt: number, signal: AbortSignal): Promise<LiveState> {
    return this.#orAway(async () => {
      const { lastReloadAt } = await this.#meet(signal);
      const older = lastReloadAt === undefined || filesChangedAt >= lastReloadAt;
      const stale = this.#unsure && (older || this.#lost);
      const { mayReload } = this.#options;
      if (mayReload && countOf(changes.live) > MAX_LIVE_CHANGES) return { state: 'behind' };
      const all = stale && !mayReload ? this.#options.files.everything(changes.live) : changes.live;
      const { missingSet, wrong } = await this.#live.apply(all, signal);
      const behind = missingSet || (stale && mayReload) || !(await this.#live.areLoaded(signal));
      return behind && this.#fruitlessAt === undefined ? { state: 'behind' } : { state: 'live', wrong };
    });
  }

  /** Entries are about to come into our files, and `hasten` follows: whoever misses them in Suricata before that need not wonder. */
  expect(entries: readonly SetEntry[]): void {
    this.#recent.note(entries);
    this.#later.putOff();
  }

  /**
   * Adds entries that stand in our files, and were expected, and asks them back, also while a drive or a check of rules goes on: the command socket sends
   * one command after another, so that only a reload holds them up, and what it read too early comes after it. Resolves with those proved.
   */
  async hasten(entries: readonly SetEntry[], signal: AbortSignal): Promise<readonly SetEntry[]> {
    const done = await this.#orAway(async () => {
      await this.#meet(signal);
      const added = await this.#live.add(entries, signal);
      if (added.missingSet) return [];
      const { missingSet, wrong } = await this.#live.prove(entries, [], signal);
      if (missingSet) return [];
      const bad = new Set([...added.wrong, ...wrong].map(keyOfEntry));
      return entries.filter((entry) => !bad.has(keyOfEntry(entry)));
    });
    if ('state' in done) return [];
    this.#recent.settle(done);
    if (done.length === entries.length) this.#board.proved(this.#options.now());
    return done;
  }

  /** Whether Suricata was restarted, came, went, or read its rules without us since the last drive. */
  async happened(signal: AbortSignal): Promise<boolean> {
    const { connected } = this.#board.read(false);
    const met = await this.#orAway(() => this.#contact.ask(signal));
    if ('state' in met) return connected;
    if (met.isNew) this.#doubt();
    return met.isNew || met.lastReloadAt !== this.#seenReloadAt;
  }

  /** Whether a loaded set holds an entry: Suricata itself is asked. @throws UnavailableError when it does not answer. */
  holds(entry: SetEntry, signal: AbortSignal): Promise<boolean> {
    return this.#live.holds(entry, signal);
  }

  /** Asks Suricata who it is, for `status`. Never throws because it does not answer. */
  async greet(signal: AbortSignal): Promise<void> {
    await this.#orAway(() => this.#meet(signal));
  }

  /** Runs work on the rules file when no reload is under way, which might put the previous rules back meanwhile. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#rulesTurns.take(work);
  }

  /** Reloads now where it cannot wait, later where it can, and asks back what can be asked. */
  async settle(settlement: Settlement, signal: AbortSignal): Promise<SettlementReport> {
    const { early, changes, rulesChanged, sharedChanged } = settlement;
    this.#onlyByReload ||= settlement.onlyByReload;
    if (early.state === 'away') return { failed: new Map(), proved: false, notice: early.reason };
    const { mayReload } = this.#options;
    const urgent = early.state === 'behind' || sharedChanged || settlement.ownRemoved;
    if (mayReload && !urgent && (rulesChanged || hashesChanged(changes))) this.#later.ask(!this.#onlyByReload);
    const result = await this.#orAway(async () => {
      if (mayReload && urgent) await this.#rulesTurns.take(() => this.#reloadNow(signal));
      return this.#prove(changes, signal);
    });
    if ('state' in result) return { failed: new Map(), proved: false, notice: result.reason };
    const wrong: readonly WrongEntry[] = [...(early.state === 'live' ? early.wrong : []), ...result.wrong];
    const failed = new Map(wrong.map((entry) => [keyOfEntry(entry), entry.reason]));
    const notice = this.#board.problem ?? (await this.#waitingNotice(signal));
    return {
      failed,
      proved: result.proved && failed.size === 0 && notice === undefined && !this.#onlyByReload,
      ...(notice === undefined ? {} : { notice }),
    };
  }

  /** Does a pending reload at once, within a bound. What is left undone then, the next start finds by file times. */
  async stop(): Promise<void> {
    if (this.#later.cancel())
      await Promise.race([this.#reloadInBackground(), pause(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    this.#ended.abort();
    this.#ended = new AbortController();
  }

  async #meet(signal: AbortSignal): Promise<Contact> {
    const contact = await this.#contact.ask(signal);
    if (contact.isNew) this.#doubt();
    // One of ours, which loses nothing: what was added before it stood in the files that it read, and what comes meanwhile waits for it.
    if (contact.lastReloadAt !== this.#seenReloadAt && !this.#reload.isRunning) {
      this.#seenReloadAt = contact.lastReloadAt;
      // A reload by somebody else may have read our files before the newest entries stood in them, and dropped what was added meanwhile.
      await this.#live.add(this.#stillOurs(this.#recent.all), signal);
    }
    if (contact.lastReloadAt !== this.#fruitlessAt) {
      if (this.#fruitlessAt !== undefined) this.#board.loadedByOthers();
      this.#fruitlessAt = undefined;
    }
    // A restart, or somebody else's reload, brought what waited for one.
    if (contact.lastReloadAt !== undefined && (await this.#reloadableChangedAt()) < contact.lastReloadAt) {
      this.#onlyByReload = false;
    }
    this.#board.met(contact.version);
    return contact;
  }

  async #orAway<T>(work: () => Promise<T>): Promise<T | { readonly state: 'away'; readonly reason: string }> {
    try {
      return await work();
    } catch (error) {
      // Also when the caller gave up in the middle: what was told to Suricata by then is not known.
      this.#doubt();
      if (!(error instanceof UnavailableError)) throw error;
      const hint = error.hint === undefined ? '' : ` (${error.hint})`;
      const reason = `Files are written, and proof waits for Suricata: ${error.message}${hint}`;
      this.#board.silent(reason);
      return { state: 'away', reason };
    }
  }

  /** Of entries that were added once, those that are wanted still. */
  #stillOurs(entries: readonly SetEntry[]): readonly SetEntry[] {
    return entries.filter(({ set, entry }) => this.#options.files.live(set).has(entry));
  }

  #doubt(): void {
    this.#unsure = true;
    this.#doubts += 1;
  }

  async #reloadNow(signal: AbortSignal): Promise<void> {
    this.#later.cancel();
    const doubts = this.#doubts;
    const text = await this.#options.rules.read();
    const outcome = await this.#reload.run(signal);
    const { lastReloadAt } = outcome;
    this.#seenReloadAt = lastReloadAt;
    if (!outcome.ok) this.#doubt();
    else if (doubts === this.#doubts) this.#unsure = false;
    this.#lost = false;
    this.#onlyByReload &&= !outcome.ok;
    this.#fruitlessAt = outcome.ok ? undefined : lastReloadAt;
    if (!outcome.ok && text !== (await this.#options.rules.read())) {
      this.#refused = { text: text ?? '', reason: outcome.problem ?? '' };
    }
    this.#board.reloaded(outcome, lastReloadAt);
    const fields = { target: 'suricata', path: this.#options.rulesFile, count: outcome.stats.loaded };
    if (outcome.problem === undefined) this.#options.log.info('rules reloaded', fields);
    else this.#options.log.error('rules reloaded in vain', { ...fields, reason: outcome.problem });
  }

  async #prove({ live }: DatasetChanges, signal: AbortSignal) {
    const doubts = this.#doubts;
    const { unproved } = this.#recent;
    const present = [
      ...entriesOf(live, 'added').slice(0, MAX_LIVE_CHANGES),
      ...this.#stillOurs(unproved),
      ...this.#rotation.next(),
    ];
    const absent = entriesOf(live, 'removed').slice(0, MAX_LIVE_CHANGES);
    const first = await this.#live.prove(present, absent, signal);
    const lost = first.wrong.some((entry) => !(entry.wanted && this.#recent.has(entry))) && !first.missingSet;
    // Somebody changed our sets behind our back; what else is wrong in them only a reload finds out.
    this.#lost ||= lost;
    const isToRepair = first.wrong.length > 0 && !first.missingSet;
    const { missingSet, wrong } = isToRepair ? await this.#live.repair(first.wrong, signal) : first;
    const loaded = !missingSet && (await this.#live.areLoaded(signal));
    const proved = loaded && wrong.length === 0;
    if (!proved || lost) this.#doubt();
    else if (doubts === this.#doubts) this.#unsure = false;
    if (proved) this.#recent.settle(unproved);
    if (proved) this.#board.proved(this.#options.now());
    else if (!loaded) this.#board.notLoaded();
    return { proved, wrong };
  }

  /** With `reload: none`, what somebody else has still to reload. */
  async #waitingNotice(signal: AbortSignal): Promise<string | undefined> {
    if (this.#options.mayReload) return this.#onlyByReload ? 'some of it waits for the next reload' : undefined;
    const result = await this.#orAway(() => this.#commands.lastReloadAt(signal));
    if (typeof result === 'object') return result.reason;
    if (result !== undefined && (await this.#reloadableChangedAt()) < result) {
      this.#onlyByReload = false;
      return undefined;
    }
    return 'suricata.reload is none: changed rules wait until somebody reloads Suricata';
  }

  async #reloadableChangedAt(): Promise<number> {
    const { files, rules } = this.#options;
    return Math.max(await rules.changedAt(), await files.hashesChangedAt());
  }

  async #reloadInBackground(): Promise<void> {
    const { signal } = this.#ended;
    try {
      await this.#orAway(async () => {
        await this.#rulesTurns.take(() => this.#reloadNow(signal));
        await this.#prove(NO_CHANGES, signal);
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#options.log.error('reload failed', { target: 'suricata', err: error });
    }
  }
}
