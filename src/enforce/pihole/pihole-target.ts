import { join } from 'node:path';
import { CredentialsError, type OperatorError, QuotaError, UnavailableError } from '../../core/errors.ts';
import type { DesiredState } from '../../core/indicator.ts';
import type { Observable, ObservableKey } from '../../core/observable.ts';
import { gently, sortedInSteps } from '../../lib/gently.ts';
import type { Log } from '../../lib/log.ts';
import type { DriveOutcome, Target } from '../target.ts';
import { DnsProof } from './dns-proof.ts';
import type { DnsServer } from './dns-question.ts';
import { COMMENT_PREFIX, isOurComment } from './entry-comment.ts';
import { type EntryReport, EntryTier } from './entry-tier.ts';
import { joinNotices } from './join-notices.ts';
import { ListOnly } from './list-only.ts';
import { ListTier } from './list-tier.ts';
import type { PiholeBook } from './pihole-book.ts';
import { PiholeClient } from './pihole-client.ts';
import { PiholeHome } from './pihole-home.ts';
import { PiholeHttp } from './pihole-http.ts';
import { NoApiError } from './pihole-problem.ts';
import { PiholeProof } from './pihole-proof.ts';
import { PiholeSession } from './pihole-session.ts';
import {
  byWorth,
  listNames,
  NameScreen,
  nameOfWildcard,
  type PiholePlan,
  planForPihole,
  type WantedEntry,
} from './wanted-entry.ts';

/** Everything the Pi-hole target is given. */
export interface PiholeTargetOptions {
  /** Where the web page of the Pi-hole answers: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** PEM of the authority of its certificate, for `https:`. */
  readonly ca?: string;
  /** Gives the application password; `undefined` where none is configured. */
  readonly password: () => string | undefined;
  /** `api`: single entries. `list`: a person subscribed it to our list, nothing is told to it. `both`: both, by us. */
  readonly mode: 'api' | 'list' | 'both';
  /** Our `domains.txt` as Pi-hole reaches it: `file:///var/lib/guardian/lists/domains.txt` or `http://...`. */
  readonly listAddress: string;
  /** The DNS of the Pi-hole, for proofs. */
  readonly dns: DnsServer;
  readonly gravityEveryMs: number;
  /** Where the session and what the list holds are kept between runs. */
  readonly stateDir: string;
  readonly userAgent: string;
  readonly book: PiholeBook;
  readonly log: Log;
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** How many single entries it gets at most. Default: 1,000 for `api`, 300 for `both`. */
  readonly maxEntries?: number;
}

/** A regular expression costs every fresh question a microsecond (measured), so there are few. */
const MAX_WILDCARDS = 100;
const MAX_RELEASED = 200;
const RELEASE_COMMENT = `${COMMENT_PREFIX}released until the lists are read again`;
const MAX_ENTRIES = { api: 1000, both: 300, list: 0 } as const;

/**
 * Blocks names at a Pi-hole 6 in two tiers: the strongest and newest as single entries, in force within a fraction of a second,
 * and everything in a list that it reads rarely. What a person decided there is never touched, and every proof is a DNS question.
 */
export class PiholeTarget implements Target {
  readonly name = 'pihole';
  readonly #options: PiholeTargetOptions;
  readonly #session: PiholeSession;
  readonly #client: PiholeClient;
  readonly #entries: EntryTier;
  readonly #list: ListTier;
  readonly #proof: PiholeProof;
  readonly #listOnly: ListOnly;
  readonly #home: PiholeHome;
  readonly #screen: NameScreen;
  readonly #maxEntries: number;

  constructor(options: PiholeTargetOptions) {
    const { mode, listAddress: address, stateDir } = options;
    this.#options = options;
    this.#home = new PiholeHome(join(stateDir, 'pihole-home'), options.url);
    this.#screen = new NameScreen(neededBy(options));
    this.#maxEntries = options.maxEntries ?? MAX_ENTRIES[mode];
    const http = new PiholeHttp(options);
    this.#session = new PiholeSession({ ...options, http, sidFile: join(stateDir, 'pihole-session') });
    this.#client = new PiholeClient({ http, session: this.#session });

    this.#list = new ListTier({
      ...options,
      client: this.#client,
      address,
      memoryFile: join(stateDir, 'pihole-list.json'),
    });
    this.#entries = new EntryTier({
      ...options,
      client: this.#client,
      ourList: address,
      isReading: () => this.#list.isReading,
    });
    this.#proof = new PiholeProof({
      client: this.#client,
      dns: new DnsProof({ server: options.dns, random: options.random }),
    });
    this.#listOnly = new ListOnly({ ...options, proof: this.#proof });
  }

  /** For whoever reads its figures: one session, and so one seat, serves both. */
  get client(): PiholeClient {
    return this.#client;
  }

  /** See `Target`. A Pi-hole 5 has no API; it gets the list alone, and the notice says so. */
  async drive(desired: DesiredState, signal: AbortSignal): Promise<DriveOutcome> {
    const plan = await gently(planForPihole(desired, this.#screen), signal);
    if (this.#options.mode === 'list') return this.#listOnly.look(plan, undefined, signal);
    try {
      return await this.#tell(plan, signal);
    } catch (error) {
      if (error instanceof NoApiError)
        return this.#listOnly.look(
          plan,
          `there is no API of Pi-hole 6 at ${this.#options.url}, so it gets only the list`,
          signal,
        );
      throw unavailable(error);
    }
  }

  async preview(desired: DesiredState): Promise<{ add: readonly ObservableKey[]; remove: readonly ObservableKey[] }> {
    const plan = await gently(planForPihole(desired, this.#screen));
    const published = new Set(this.#list.held);
    for (const entry of this.#options.book.all()) {
      if (entry.state === 'removed') continue;
      if (entry.place === 'deny/exact') published.add(entry.item);
      if (entry.place === 'deny/regex') published.add(nameOfWildcard(entry.item));
      if (entry.place === 'allow/exact') published.delete(entry.item);
    }
    const wanted = new Set([...plan.names, ...plan.wildcards].map((entry) => entry.name));
    return {
      add: [...wanted].filter((name) => !published.has(name)).map((name) => `domain:${name}`),
      remove: [...published].filter((name) => !wanted.has(name)).map((name) => `domain:${name}`),
    };
  }

  /** What its API says it holds of ours, and what its DNS says to a device that asks. */
  async holds({ kind, value }: Observable, signal: AbortSignal): Promise<boolean> {
    if (kind !== 'domain') return false;
    try {
      if (this.#options.mode !== 'list') {
        const { rows, lists } = await this.#client.find(value, signal);
        const isHeld =
          rows.some((row) => row.place.startsWith('deny/') && isOurComment(row.comment)) ||
          lists.some((list) => list.address === this.#options.listAddress);
        if (!isHeld) return false;
      }
    } catch (error) {
      throw unavailable(error);
    }
    return this.#proof.isBlocked(value, signal);
  }

  /** Whether Pi-hole has read its lists since the last drive, minutes after it was told to. */
  async watch(): Promise<boolean> {
    return this.#list.hasNews;
  }

  /** Removes every trace of ours, the subscription too. */
  async withdraw(signal: AbortSignal): Promise<void> {
    if (this.#options.mode === 'list') return;
    await this.drive(new Map(), signal);
    await this.#list.withdraw(signal);
  }

  /** Resolves when Pi-hole is not reading its lists for us. */
  settled(): Promise<void> {
    return this.#list.settled();
  }

  /** Gives the seat at the API back. What is published stays. */
  async stop(): Promise<void> {
    await this.#list.stop();
    await this.#session.end();
  }

  async #tell(plan: PiholePlan, signal: AbortSignal): Promise<DriveOutcome> {
    const isBlocking = await this.#client.isBlocking(signal);
    if (this.#home.isElsewhere()) this.#moveIn();
    // The list of a time when `mode` was `both`.
    if (this.#options.mode === 'api' && this.#list.isSubscribed) await this.#list.withdraw(signal);
    // Gravity may have lost what was changed while it ran.
    if (this.#list.hasNews) this.#entries.lookAgain();
    const listed = this.#options.mode === 'both' ? await this.#lookAtList(plan, signal) : new Set<string>();
    const unlisted = plan.names.filter((entry) => !listed.has(entry.name));
    const hot = await gently(sortedInSteps(unlisted, byWorth), signal);
    const wildcards = [...plan.wildcards].sort(byWorth);
    const kept = [...hot.slice(0, this.#maxEntries), ...wildcards.slice(0, MAX_WILDCARDS)];
    const late = [...hot.slice(this.#maxEntries), ...wildcards.slice(MAX_WILDCARDS)];
    const released = this.#released(plan);
    const report = await this.#entries.drive([...kept, ...released], signal);
    if (this.#options.mode === 'both') this.#list.refresh(listNames(plan), late.length + released.length > 0);
    const inList = plan.names.filter((entry) => listed.has(entry.name));
    const standing = [...report.standing.filter((entry) => entry.place !== 'allow/exact'), ...inList];
    const proof = await this.#proof.prove({ added: report.added, standing, isBlocking }, signal);
    if (proof.failed.size + proof.declined.size > 0) this.#entries.lookAgain();
    // A release that a person does not want is no indicator.
    const wanted = new Set(kept.map((entry) => entry.key));
    const ofWanted = ([key]: readonly [ObservableKey, string]): boolean => wanted.has(key);
    const tooMany = this.#lateReasons(late);
    // Until the lists are read again, or for good: who keeps to single entries gets no more than these.
    const isWaiting = this.#options.mode === 'both';
    const open = [...report.declined, ...proof.declined].filter(ofWanted);
    return {
      unsupported: plan.unsupported,
      failed: new Map([...[...report.failed].filter(ofWanted), ...(isWaiting ? tooMany : []), ...proof.failed]),
      declined: new Map([...plan.refused, ...open, ...(isWaiting ? [] : tooMany)]),
      proved: proof.proved,
      added: report.added.filter((entry) => entry.place !== 'allow/exact').length,
      removed: report.removed,
      ...joinNotices([proof.notice, this.#list.notice, strangersIn(report), openIn(open.length)]),
    };
  }

  // Only after it answered: a wrong address in the config must not cost the records.
  #moveIn(): void {
    this.#entries.forgetAll();
    this.#list.forget();
    this.#home.settle();
  }

  async #lookAtList(plan: PiholePlan, signal: AbortSignal): Promise<ReadonlySet<string>> {
    await this.#list.look(listNames(plan), signal);
    return this.#list.held;
  }

  // The list holds them until it is read again, and who is blocked by mistake cannot wait for that.
  #released(plan: PiholePlan): readonly WantedEntry[] {
    if (this.#options.mode !== 'both') return [];
    const wanted = listNames(plan);
    return [...this.#list.held]
      .filter((name) => !wanted.has(name))
      .slice(0, MAX_RELEASED)
      .map((name) => ({
        key: `domain:${name}`,
        place: 'allow/exact',
        item: name,
        name,
        comment: () => RELEASE_COMMENT,
        // Never again once a person deleted it.
        since: 0,
        strong: false,
        engines: 0,
      }));
  }

  #lateReasons(late: readonly WantedEntry[]): ReadonlyMap<ObservableKey, string> {
    const why =
      this.#options.mode === 'both'
        ? 'waits for Pi-hole to read its lists again'
        : `Pi-hole gets at most ${this.#maxEntries} names one by one; set pihole.mode to both`;
    const many = `Pi-hole gets at most ${MAX_WILDCARDS} names with everything below them`;
    return new Map(late.map((entry) => [entry.key, entry.place === 'deny/regex' ? many : why]));
  }
}

function neededBy({ url, listAddress }: PiholeTargetOptions): readonly string[] {
  return [url, listAddress]
    .map((address) => (URL.canParse(address) ? new URL(address).hostname : ''))
    .filter((host) => host.includes('.'));
}

function strangersIn({ strangers }: EntryReport): string | undefined {
  return strangers === 0
    ? undefined
    : `${strangers} entries in Pi-hole carry our comment and are not ours: another guardian's, or of one whose data is gone`;
}

function openIn(names: number): string | undefined {
  if (names === 0) return undefined;
  return `${names} ${names === 1 ? 'name stays' : 'names stay'} open in Pi-hole because a person wants it so there`;
}

// What `status` shows is the message alone, so what a person should do must be in it.
function unavailable(error: unknown): unknown {
  if (!(error instanceof CredentialsError || error instanceof QuotaError)) return error;
  const { hint } = error as OperatorError;
  const again = error instanceof QuotaError ? ` Tried again after ${new Date(error.retryAt).toISOString()}.` : '';
  return new UnavailableError(`${error.message}. ${hint ?? ''}${again}`, { cause: error });
}
