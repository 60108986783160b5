import type { DesiredState } from '../core/indicator.ts';
import type { ObservableKey } from '../core/observable.ts';
import type { Log } from '../lib/log.ts';
import { type Addition, Haste } from './haste.ts';
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
  /** When it was read. */
  readonly at: number;
}

export interface TargetLaneOptions {
  readonly target: Target;
  readonly desired: () => NumberedState;
  /** A drive of the state read at `asOf` went through; what came of it is to be kept. */
  readonly record: (target: string, outcome: DriveOutcome, asOf: number) => void;
  /** These were put in force and proved past any drive. */
  readonly recordHastened: (target: string, keys: ReadonlySet<ObservableKey>) => void;
  /** Whether an indicator is wanted still. */
  readonly isWanted: (key: ObservableKey) => boolean;
  /** After each drive, well or badly. */
  readonly onDriven: () => void;
  readonly log: Log;
  readonly now: () => number;
}

/** A target in trouble is driven again after this long, then after twice as long, up to the time at which everything is. */
const RETRY_MS = 5_000;
/** Everything is driven once in a while anyway, so that what somebody else removed comes back. */
const RECONCILE_MS = 5 * 60_000;
/** What was put in force past a drive is followed by one after so long: it can wait, and takes along what comes meanwhile. */
const AFTER_HASTE_MS = 2_000;
/**
 * To plan and write 100,000 indicators keeps a processor busy for half a second. With this rest for each of them that is a fifth of
 * the time, however fast changes come; a thousand rest for 20 ms.
 */
const REST_MS_PER_INDICATOR = 0.02;
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
  #isProvable = true;
  #proved = 0;
  readonly #haste: Haste;
  /** A drive is to follow what was hastened. */
  #isOwed = false;
  #dueAt = Number.POSITIVE_INFINITY;
  #restUntil = 0;

  constructor(options: TargetLaneOptions) {
    this.#options = options;
    const { target, recordHastened, isWanted, onDriven, log } = options;
    const { name } = target;
    this.#haste = new Haste({
      target,
      record: recordHastened,
      isWanted,
      onDone: (whole) => {
        if (whole) this.#isOwed = true;
        this.schedule(whole ? AFTER_HASTE_MS : 0);
        onDriven();
      },
      log,
    });
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

  /** Whether this target proved what came with a revision of the desired state. */
  hasProved(revision: number): boolean {
    return revision <= this.#proved || this.#haste.hasProved(revision);
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
    this.#clearTimer();
    clearInterval(this.#watch);
    this.#abort.abort();
    await Promise.allSettled([this.#driving, this.#again, this.#watching, this.#haste.stop()]);
    this.#clearTimer();
  }

  /** The desired state changed; with `addition`, by that alone. */
  changed(addition: Addition | undefined): void {
    if (this.#stopped) return;
    const { hasten } = this.#options.target;
    // A target that did not prove what it has is not told more in haste.
    const isWell = this.#standing.lastDriveAt !== undefined && this.#failed + this.#unproved === 0;
    if (hasten === undefined || addition === undefined || !isWell) {
      this.schedule(0);
      return;
    }
    this.#haste.ask(addition);
  }

  /** Drives after so long, or when it is due already if that is sooner; not before the target has rested. */
  schedule(delayMs: number): void {
    const { now } = this.#options;
    if (this.#stopped) return;
    const at = Math.max(now() + delayMs, Math.min(this.#restUntil, now() + RECONCILE_MS));
    if (at >= this.#dueAt) return;
    this.#setTimer(at);
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
    const { target, desired, onDriven, now } = this.#options;
    this.#clearTimer();
    // What is being hastened was wanted when it was asked; the state that is read after it knows whether it is now.
    await this.#haste.pause();
    this.#isOwed = false;
    try {
      // One that waited for another to end, which stopping ended.
      this.#abort.signal.throwIfAborted();
      const read = desired();
      const driven = target.drive(read.state, this.#abort.signal);
      this.#haste.resume();
      const outcome = await driven;
      this.#restUntil = now() + read.state.size * REST_MS_PER_INDICATOR;
      this.#keep(outcome, read);
      return { target: target.name, outcome, error: undefined };
    } catch (error) {
      return this.#keepFailure(error);
    } finally {
      this.#haste.resume();
      onDriven();
    }
  }

  #setTimer(at: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(
      () => {
        this.#dueAt = Number.POSITIVE_INFINITY;
        void this.drive();
      },
      Math.max(0, at - this.#options.now()),
    );
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #keep(outcome: DriveOutcome, { revision, at: asOf }: NumberedState): void {
    const { target, record, log, now } = this.#options;
    const at = now();
    record(target.name, outcome, asOf);
    const whole = outcome.proved && outcome.failed.size === 0;
    if (whole) this.#proved = revision;
    this.#haste.forgetUpTo(this.#proved);
    this.#failed = outcome.failed.size === 0 ? 0 : this.#failed + 1;
    this.#unproved = outcome.proved ? 0 : this.#unproved + 1;
    this.#isProvable = outcome.provable !== false;
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
    this.schedule(this.#pauseMs());
    if (this.#isOwed) this.schedule(AFTER_HASTE_MS);
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
    const troubles = this.#failed > 0 || !this.#isProvable ? this.#failed : this.#unproved;
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
