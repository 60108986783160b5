import type { DesiredState } from '../core/indicator.ts';
import type { ObservableKey } from '../core/observable.ts';
import type { Log } from '../lib/log.ts';
import type { DriveOutcome, Target } from './target.ts';

/** Where the desired state is read and what came of a drive is kept. */
export interface PublicationBook {
  desired(now: number): DesiredState;
  record(drive: {
    target: string;
    proved: boolean;
    failed: ReadonlyMap<ObservableKey, string>;
    unsupported: ReadonlySet<ObservableKey>;
    at: number;
  }): void;
}

export interface PublisherOptions {
  readonly targets: readonly Target[];
  readonly book: PublicationBook;
  /** How long the longest-waiting change took from answer to enforced, in milliseconds. */
  readonly onEnforced: (tookMs: number) => void;
  readonly log: Log;
  readonly now: () => number;
}

/** Where one target stands, for `status`. */
export interface TargetStanding {
  readonly name: string;
  readonly lastDriveAt: number | undefined;
  readonly lastProofAt: number | undefined;
  readonly failures: number;
  /** What a person should know or do. */
  readonly notice: string | undefined;
}

/** What a publish came to at one target. */
export interface PublishResult {
  readonly target: string;
  readonly outcome: DriveOutcome | undefined;
  readonly error: string | undefined;
}

/** A target that was away is tried again after this long, and so is everything once in a while to notice drift. */
const RETRY_MS = 10_000;
const RECONCILE_MS = 5 * 60_000;

/**
 * Drives every target to the desired state: at once when it changes, again when a target was away, and once in a while
 * anyway, so that what somebody else removed comes back. One drive at a time; changes that arrive meanwhile are one more.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #standing = new Map<string, TargetStanding>();
  #driving: Promise<readonly PublishResult[]> | undefined;
  #again: Promise<readonly PublishResult[]> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #abort = new AbortController();
  #stopped = true;
  /** When the oldest change that is not enforced yet was decided. */
  #waitingSince: number | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.#abort = new AbortController();
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#abort.abort();
    await Promise.allSettled([this.#driving, this.#again]);
  }

  /** The desired state changed at `at`. Returns at once. */
  changed(at: number): void {
    this.#waitingSince ??= at;
    if (!this.#stopped) this.#schedule(0);
  }

  /** Drives every target now and resolves when that is done. */
  publish(): Promise<readonly PublishResult[]> {
    if (this.#driving === undefined) {
      this.#driving = this.#driveAll().finally(() => {
        this.#driving = undefined;
      });
      return this.#driving;
    }
    // A drive under way may have read the desired state before our caller's change: one more follows it, shared by all who wait.
    this.#again ??= this.#driving
      .catch(() => undefined)
      .then(() => {
        this.#again = undefined;
        return this.publish();
      });
    return this.#again;
  }

  /** What `publish` would change at each target. */
  async preview(): Promise<
    readonly { target: string; add: readonly ObservableKey[]; remove: readonly ObservableKey[] }[]
  > {
    const { targets, book, now } = this.#options;
    const desired = book.desired(now());
    return Promise.all(targets.map(async (target) => ({ target: target.name, ...(await target.preview(desired)) })));
  }

  standing(): readonly TargetStanding[] {
    return this.#options.targets.map(({ name }) => this.#standing.get(name) ?? newcomer(name));
  }

  async #driveAll(): Promise<readonly PublishResult[]> {
    const { targets, book, now } = this.#options;
    const waitingSince = this.#waitingSince;
    this.#waitingSince = undefined;
    const desired = book.desired(now());
    const results = await Promise.all(targets.map((target) => this.#drive(target, desired)));
    const whole = results.every((result) => result.error === undefined);
    if (waitingSince !== undefined && whole) this.#options.onEnforced(now() - waitingSince);
    if (!this.#stopped) this.#schedule(whole ? RECONCILE_MS : RETRY_MS);
    return results;
  }

  async #drive(target: Target, desired: DesiredState): Promise<PublishResult> {
    const { book, log, now } = this.#options;
    try {
      const outcome = await target.drive(desired, this.#abort.signal);
      const at = now();
      book.record({
        target: target.name,
        proved: outcome.proved,
        failed: outcome.failed,
        unsupported: outcome.unsupported,
        at,
      });
      this.#stand(target.name, {
        lastDriveAt: at,
        notice: outcome.notice,
        ...(outcome.proved ? { lastProofAt: at } : {}),
      });
      if (outcome.added + outcome.removed > 0)
        log.info('published', {
          target: target.name,
          added: outcome.added,
          removed: outcome.removed,
          state: outcome.proved ? 'proved' : 'unproved',
        });
      return { target: target.name, outcome, error: undefined };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const failures = (this.#standing.get(target.name)?.failures ?? 0) + 1;
      this.#stand(target.name, { failures, notice: message });
      if (!this.#stopped) log.warn('cannot publish', { target: target.name, err: error });
      return { target: target.name, outcome: undefined, error: message };
    }
  }

  #stand(name: string, news: Partial<TargetStanding>): void {
    this.#standing.set(name, { ...(this.#standing.get(name) ?? newcomer(name)), ...news });
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.publish(), delayMs);
  }
}

function newcomer(name: string): TargetStanding {
  return { name, lastDriveAt: undefined, lastProofAt: undefined, failures: 0, notice: undefined };
}
