import type { Log } from '../../lib/log.ts';
import { COMMENT_PREFIX, isOurComment } from './entry-comment.ts';
import { GravitySchedule } from './gravity-schedule.ts';
import { ListMemory } from './list-memory.ts';
import type { PiholeList } from './pihole-answers.ts';
import type { PiholeClient } from './pihole-client.ts';

/** What the tier of the list works with. */
export interface ListTierOptions {
  readonly client: PiholeClient;
  /** Our list as Pi-hole reaches it: `file:///...` or `http://...`. */
  readonly address: string;
  readonly memoryFile: string;
  readonly gravityEveryMs: number;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
}

const LIST_COMMENT = `${COMMENT_PREFIX}kept by Home Network Guardian`;
/** So many names are looked up before a list is believed to hold what its length says. */
const CHECKED = 10;
const MINUTE_MS = 60_000;

/** `status` of a list (gravity.sh): read anew, or unchanged since. */
const READ_STATUS = new Set([1, 2]);
const NOT_READ_STATUS = new Set([3, 4]);

/** Keeps Pi-hole subscribed to our list, and has it read again rarely. A run takes minutes, so nobody waits for it. */
export class ListTier {
  readonly #options: ListTierOptions;
  readonly #memory: ListMemory;
  readonly #schedule: GravitySchedule;
  #abort = new AbortController();
  #running: Promise<void> | undefined;
  /** A run ended that no drive has looked at yet. */
  #hasNews = false;
  #failure: string | undefined;
  #notice: string | undefined;
  /** What the list looked like when it was last verified, and what it should have held. */
  #verified = '';

  constructor(options: ListTierOptions) {
    this.#options = options;
    this.#memory = new ListMemory(options.memoryFile);
    this.#schedule = new GravitySchedule({ ...options, everyMs: options.gravityEveryMs });
  }

  /** The names that Pi-hole certainly blocks by our list. */
  get held(): ReadonlySet<string> {
    return this.#memory.state.held;
  }

  /** Whether Pi-hole was subscribed to our list when it was last looked at. */
  get isSubscribed(): boolean {
    return this.#memory.state.subscribed;
  }

  /** Our records are about another Pi-hole. */
  forget(): void {
    this.#memory.forget();
    this.#verified = '';
  }

  /** What a person should know. */
  get notice(): string | undefined {
    return this.#notice;
  }

  /** Whether a run of ours is under way. */
  get isReading(): boolean {
    return this.#running !== undefined;
  }

  /** Whether a run ended since the last `look`. */
  get hasNews(): boolean {
    return this.#hasNews;
  }

  /** Subscribes where needed and finds out what Pi-hole holds of our list, which should be `names`. */
  async look(names: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    this.#notice = undefined;
    this.#hasNews = false;
    const list = await this.#options.client.list(this.#options.address, signal);
    if (names.size === 0) return this.#leave(list, signal);
    if (list === undefined) return this.#subscribe(signal);
    if (!this.#memory.state.subscribed) this.#memory.keep({ subscribed: true });
    if (!list.enabled) {
      this.#memory.keep({ held: new Set() });
      this.#notice = 'a person switched our list off in Pi-hole, which is respected';
      return;
    }
    await this.#verify(list, names, signal);
    this.#noticeOf(list, names);
  }

  /** Has all lists read again when ours changed and it is time; `urgent` when names wait that nothing else can help. */
  refresh(names: ReadonlySet<string>, urgent: boolean): void {
    const { held, readAt, subscribed } = this.#memory.state;
    if (this.#running !== undefined) this.#notice ??= 'Pi-hole is reading its lists again';
    if (!subscribed || this.#notice !== undefined) return;
    if (names.size === held.size && [...names].every((name) => held.has(name))) return;
    if (this.#schedule.isDue(readAt, urgent)) this.#startGravity();
    else if (urgent) {
      const at = new Date(this.#schedule.nextAt(readAt, urgent)).toISOString().slice(0, 16);
      this.#notice = `names wait for Pi-hole to read its lists again at ${at}Z`;
    }
  }

  /** Ends the subscription, where it is ours. */
  async withdraw(signal: AbortSignal): Promise<void> {
    await this.#leave(await this.#options.client.list(this.#options.address, signal), signal);
  }

  /** Resolves when no run is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Stops waiting for a run. The run itself goes on: it cannot be stopped, and needs nobody. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    this.#abort = new AbortController();
  }

  async #subscribe(signal: AbortSignal): Promise<void> {
    if (this.#memory.state.subscribed) {
      this.#memory.keep({ held: new Set() });
      this.#notice = `a person ended the subscription of our list, which is respected: add ${this.#options.address} in Pi-hole to have it back`;
      return;
    }
    await this.#options.client.subscribe(this.#options.address, LIST_COMMENT, signal);
    this.#memory.keep({ subscribed: true, held: new Set() });
    this.#options.log.info('subscribed pi-hole to our list', { path: this.#options.address });
  }

  // The end of the subscription unblocks everything at once. Where a person subscribed it, only a run can.
  async #leave(list: PiholeList | undefined, signal: AbortSignal): Promise<void> {
    if (list === undefined) return this.#memory.forget();
    if (!isOurComment(list.comment)) {
      await this.#verify(list, new Set(), signal);
      return;
    }
    await this.#options.client.unsubscribe(list.address, signal);
    this.#memory.forget();
    this.#verified = '';
  }

  async #verify(list: PiholeList, names: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const look = [list.updatedAt, list.number, list.status, names.size].join(' ');
    if (look === this.#verified || this.#running !== undefined) return;
    // A run that ended with nothing is a known fault (a cache that cannot be written): then nothing is blocked by it.
    if (list.number === 0 && this.held.size > 0) this.#memory.keep({ held: new Set() });
    if (!READ_STATUS.has(list.status) || list.number !== names.size) return;
    const { held } = this.#memory.state;
    const come = [...names].filter((name) => !held.has(name));
    const gone = [...held].filter((name) => !names.has(name));
    if (come.length + gone.length === 0) return;
    for (const name of spread(come)) if (!(await this.#holds(name, signal))) return;
    for (const name of spread(gone)) if (await this.#holds(name, signal)) return;
    this.#verified = look;
    this.#memory.keep({ held: new Set(names) });
    this.#options.log.info('pi-hole holds our list', { count: names.size });
  }

  async #holds(name: string, signal: AbortSignal): Promise<boolean> {
    const { lists } = await this.#options.client.find(name, signal);
    return lists.some((list) => list.address === this.#options.address);
  }

  #noticeOf(list: PiholeList, names: ReadonlySet<string>): void {
    if (this.#failure !== undefined) this.#notice = this.#failure;
    else if (NOT_READ_STATUS.has(list.status)) {
      this.#notice = `Pi-hole could not fetch our list from ${list.address}: check pihole.list_address, and that others may read the file`;
    } else if (this.#memory.state.readAt > 0 && list.number < names.size && list.invalid > 0) {
      this.#notice = `Pi-hole took ${list.number} of ${names.size} names of our list`;
    }
    // These are reasons to try again at the usual time, not to stop trying.
    if (this.#notice !== undefined && this.#schedule.isDue(this.#memory.state.readAt, false)) this.#notice = undefined;
  }

  #startGravity(): void {
    const { client, log, now } = this.#options;
    this.#memory.keep({ readAt: now() });
    this.#failure = undefined;
    this.#notice = 'Pi-hole is reading its lists again';
    const startedAt = now();
    const { signal } = this.#abort;
    this.#running = client
      .gravity(signal)
      .then((done) => {
        if (!done) this.#failure = 'Pi-hole could not read its lists again: look at its Tools > Update Gravity';
        log.info('pi-hole read its lists again', { outcome: done ? 'done' : 'failed', took_ms: now() - startedAt });
      })
      .catch((error: unknown) => {
        if (signal.aborted) return;
        this.#failure = `Pi-hole did not say how reading its lists went, so nothing starts it again for ${Math.round(this.#options.gravityEveryMs / MINUTE_MS)} minutes`;
        log.warn('cannot follow pi-hole reading its lists', { err: error });
      })
      .finally(() => {
        this.#running = undefined;
        this.#hasNews = true;
      });
  }
}

/** Some of the names, from all over them. */
function spread(names: readonly string[]): readonly string[] {
  const step = Math.max(1, Math.floor(names.length / CHECKED));
  return names.filter((_, index) => index % step === 0).slice(0, CHECKED);
}
