import type { DesiredState } from '../core/indicator.ts';
import type { Log } from '../lib/log.ts';
import type { DriveOutcome, Target } from './target.ts';

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

/** The desired state with a number that grows with every change of it. */
export interface NumberedState {
  readonly state: DesiredState;
  readonly revision: number;
}

export interface TargetLaneOptions {
  readonly target: Target;
  readonly desired: () => NumberedState;
  /** A drive went through; what came of it is to be kept. */
  readonly record: (target: string, outcome: DriveOutcome, at: number) => void;
  /** After each drive, well or badly. */
  readonly onDriven: () => void;
  readonly log: Log;
  readonly now: () => number;
}

/** A target in trouble is driven again after this long, then after twice as long, up to the time at which everything is. */
const RETRY_MS = 5_000;
/** Everything is driven once in a while anyway, so that what somebody else removed comes back. */
const RECONCILE_MS = 5 * 60_000;
/** How often a target is asked whether something happened to it between drives. */
const WATCH_MS = 10_000;

/**
 * Drives one target, at its own pace: a slow or failing one holds up no other. One drive at a time; changes that arrive meanwhile
 * are one more.
 */
export class TargetLane {
  readonly #options: TargetLaneOptions;
  #standing: TargetStanding;
  #driving: Promise<PublishResult> | undefined;
  #again: Promise<PublishResult> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #watching: Promise<void> | undefined;
  #abort = new AbortController();
  #stopped = true;
  /** Drives in a row that failed, and that went through unproved. Counted apart: a target that was long unproved is not slow to mend what fails. */
  #failed = 0;
  #unproved = 0;
  #proved = 0;

  constructor(options: TargetLaneOptions) {
    this.#options = options;
    const { name } = options.target;
    this.#standing = { name, lastDriveAt: undefined, lastProofAt: undefined, failures: 0, notice: undefined };
  }

  get name(): string {
    return this.#options.target.name;
  }

  get target(): Target {
    return this.#options.target;
  }

  get standing(): TargetStanding {
    return this.#standing;
  }

  /** The newest revision of the desired state that this target proved; 0 for none. */
  get provedRevision(): number {
    return this.#proved;
  }

  start(): void {
    this.#stopped = false;
    this.#abort = new AbortController();
    this.schedule(0);
    if (this.#options.target.watch !== undefined)
      this.#watch = setInterval(() => {
        this.#watching ??= this.#look().finally(() => {
          this.#watching = undefined;
        });
      }, WATCH_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#abort.abort();
    await Promise.allSettled([this.#driving, this.#again, this.#watching]);
    clearTimeout(this.#timer);
  }

  /** Drives after so long, and not at the time that was set before. */
  schedule(delayMs: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.drive(), delayMs);
  }

  /** Drives now and resolves when that is done. */
  drive(): Promise<PublishResult> {
    if (this.#driving === undefined) {
      this.#driving = this.#driveOnce().finally(() => {
        this.#driving = undefined;
      });
      return this.#driving;
    }
    // A drive under way may have read the desired state before our caller's change: one more follows it, shared by all who wait.
    this.#again ??= this.#driving
      .catch(() => undefined)
      .then(() => {
        this.#again = undefined;
        return this.drive();
      });
    return this.#again;
  }

  async #driveOnce(): Promise<PublishResult> {
    const { target, desired, onDriven } = this.#options;
    clearTimeout(this.#timer);
    try {
      // One that waited for another to end, which stopping ended.
      this.#abort.signal.throwIfAborted();
      const { state, revision } = desired();
      const outcome = await target.drive(state, this.#abort.signal);
      this.#keep(outcome, revision);
      return { target: target.name, outcome, error: undefined };
    } catch (error) {
      return this.#keepFailure(error);
    } finally {
      onDriven();
    }
  }

  #keep(outcome: DriveOutcome, revision: number): void {
    const { target, record, log, now } = this.#options;
    const at = now();
    record(target.name, outcome, at);
    const whole = outcome.proved && outcome.failed.size === 0;
    if (whole) this.#proved = revision;
    this.#failed = outcome.failed.size === 0 ? 0 : this.#failed + 1;
    this.#unproved = outcome.proved ? 0 : this.#unproved + 1;
    this.#standing = {
      ...this.#standing,
      lastDriveAt: at,
      failures: this.#standing.failures + outcome.failed.size,
      notice: outcome.notice,
      ...(outcome.proved ? { lastProofAt: at } : {}),
    };
    if (outcome.added + outcome.removed > 0)
      log.info('published', {
        target: target.name,
        added: outcome.added,
        removed: outcome.removed,
        state: outcome.proved ? 'proved' : 'unproved',
      });
    this.schedule(Math.min(outcome.followUpMs ?? RECONCILE_MS, this.#pauseMs()));
  }

  #keepFailure(error: unknown): PublishResult {
    const { target, log } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    this.#failed += 1;
    this.#standing = { ...this.#standing, failures: this.#standing.failures + 1, notice: message };
    if (!this.#stopped) log.warn('cannot publish', { target: target.name, err: error });
    this.schedule(this.#pauseMs());
    return { target: target.name, outcome: undefined, error: message };
  }

  #pauseMs(): number {
    const troubles = this.#failed > 0 ? this.#failed : this.#unproved;
    return troubles === 0 ? RECONCILE_MS : Math.min(RECONCILE_MS, RETRY_MS * 2 ** (troubles - 1));
  }

  /** Drives at once when something happened at the target that a drive should see to. */
  async #look(): Promise<void> {
    const { target, log } = this.#options;
    try {
      if (this.#driving === undefined && (await target.watch?.(this.#abort.signal)) === true) this.schedule(0);
    } catch (error) {
      if (!this.#stopped) log.debug('cannot watch', { target: target.name, err: error });
    }
  }
}
