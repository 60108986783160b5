import { CANARY_ZONE } from '../../core/canary.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { Indicator } from '../../core/indicator.ts';
import { keyOf, type Observable, type ObservableKey } from '../../core/observable.ts';
import type { Log } from '../../lib/log.ts';
import type { PublishResult } from '../publisher.ts';
import type { Target } from '../target.ts';
import type { CanaryOutcome, CanaryRun, TargetProof } from './canary-run.ts';

/** The publisher as a canary needs it. */
export interface CanaryPublisher {
  readonly targets: readonly Target[];
  invite(guest: Indicator): void;
  dismiss(key: ObservableKey): void;
  publishEach(): ReadonlyMap<string, Promise<PublishResult>>;
}

/** Where runs are kept, so that a restart does not repeat a day's run. */
export interface CanaryBook {
  last(): CanaryRun | undefined;
  keep(run: CanaryRun): void;
}

export interface CanaryOptions {
  readonly publisher: CanaryPublisher;
  readonly book: CanaryBook;
  /** 0 runs only when asked. */
  readonly everyMs: number;
  readonly log: Log;
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** How long one target may take to publish, and to withdraw. */
  readonly timeoutMs?: number;
}

/** A reload on a small machine takes a minute; what takes longer is told as such. */
const TIMEOUT_MS = 90_000;
/** A timer holds 24 days at most, and clocks are set. */
const LOOK_MS = 60_000;
/** After a start everything is published first. */
const FIRST_AFTER_MS = 30_000;
/** Should the process die half way, nothing of a canary stands anywhere for longer. */
const LIFE_MS = 3_600_000;

/**
 * Proves that publishing works: a harmless name of ours goes the way of every block, is asked back at each target, and is withdrawn.
 * It never meets `judge()`, whose guards rightly refuse `.test`, and nothing of it is kept but what came of it.
 */
export class Canary {
  readonly #options: CanaryOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<CanaryRun> | undefined;
  #abort = new AbortController();

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  start(): void {
    const { everyMs } = this.#options;
    this.#abort = new AbortController();
    if (everyMs > 0) this.#timer = setTimeout(() => this.#look(), FIRST_AFTER_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#abort.abort(new UnavailableError('Cannot end the canary: guardian stops'));
    await this.#running?.catch(() => undefined);
  }

  /** The last run, of this process or an earlier one. */
  last(): CanaryRun | undefined {
    return this.#options.book.last();
  }

  /** Runs now, or joins a run that is under way. */
  run(): Promise<CanaryRun> {
    this.#running ??= this.#runOnce().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #look(): void {
    const { everyMs, now, log } = this.#options;
    this.#timer = setTimeout(() => this.#look(), LOOK_MS);
    const lastAt = this.last()?.at ?? 0;
    // A last run in the future is a clock that was set back.
    if (now() - lastAt < everyMs && lastAt <= now()) return;
    this.run().catch((error: unknown) => log.error('canary failed', { err: error }));
  }

  async #runOnce(): Promise<CanaryRun> {
    const { publisher, book, log, now } = this.#options;
    const guest = this.#guest();
    const key = keyOf(guest.observable);
    const at = now();
    publisher.invite(guest);
    const came = await this.#askEach(guest.observable, true).finally(() => publisher.dismiss(key));
    const went = await this.#askEach(guest.observable, false);
    const targets = came.map((proof, at) => (proof.outcome === 'proved' ? (went[at] ?? proof) : proof));
    const run = {
      at,
      name: guest.observable.value,
      targets: targets.map((one, i) => ({ ...one, tookMs: came[i]?.tookMs ?? 0 })),
    };
    book.keep(run);
    for (const { target, outcome, why } of targets) {
      const fields = { target, outcome, ...(why === undefined ? {} : { reason: why }) };
      if (outcome === 'proved' || outcome === 'unsupported') log.info('canary', fields);
      else log.warn('canary', fields);
    }
    return run;
  }

  #guest(): Indicator {
    const { random, now } = this.#options;
    const label = Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
    return {
      observable: { kind: 'domain', value: `canary-${label}.${CANARY_ZONE}` },
      subdomains: false,
      source: 'canary',
      ratio: '',
      strong: false,
      engines: 0,
      permalink: '',
      since: now(),
      expiresAt: now() + LIFE_MS,
    };
  }

  /** Drives every target and asks each whether it holds the name, or no longer does. Never rejects. */
  #askEach(observable: Observable, wanted: boolean): Promise<readonly TargetProof[]> {
    const { publisher, now } = this.#options;
    const startedAt = now();
    const driven = publisher.publishEach();
    return Promise.all(
      publisher.targets.map(async (target) => {
        const { outcome, why } = await this.#askOne(target, driven.get(target.name), observable, wanted);
        return { target: target.name, outcome, tookMs: now() - startedAt, ...(why === undefined ? {} : { why }) };
      }),
    );
  }

  async #askOne(
    target: Target,
    driven: Promise<PublishResult> | undefined,
    observable: Observable,
    wanted: boolean,
  ): Promise<{ readonly outcome: CanaryOutcome; readonly why?: string | undefined }> {
    const { signal: stopping } = this.#abort;
    const limit = new AbortController();
    const { signal } = limit;
    const end = (): void => limit.abort(new UnavailableError('Cannot wait for the target any longer'));
    // Not AbortSignal.any() with a timeout: Node may collect the timeout before it fires.
    const timer = setTimeout(end, this.#options.timeoutMs ?? TIMEOUT_MS);
    stopping.addEventListener('abort', end, { once: true });
    try {
      const result = await within(driven, signal);
      const refused = result === undefined ? undefined : whyNotInPlace(result, keyOf(observable));
      if (refused !== undefined) return refused;
      const notice = result?.outcome?.notice;
      if (target.holds === undefined)
        return result?.outcome?.proved === true ? { outcome: 'proved' } : { outcome: 'unproved', why: notice };
      const holds = await target.holds(observable, signal);
      if (holds === wanted) return { outcome: 'proved' };
      return wanted ? { outcome: 'unproved', why: notice ?? 'the target does not hold it' } : LEFT_BEHIND;
    } catch (error) {
      const why = signal.aborted ? 'the target took too long' : error instanceof Error ? error.message : String(error);
      return wanted ? { outcome: 'unproved', why } : { ...LEFT_BEHIND, why };
    } finally {
      clearTimeout(timer);
      stopping.removeEventListener('abort', end);
    }
  }
}

const LEFT_BEHIND = { outcome: 'left_behind', why: 'the target still holds it after it was withdrawn' } as const;

function whyNotInPlace(
  { outcome, error }: PublishResult,
  key: ObservableKey,
): { readonly outcome: CanaryOutcome; readonly why?: string } | undefined {
  if (outcome === undefined) return { outcome: 'failed', why: error ?? 'the target could not be driven' };
  if (outcome.unsupported.has(key)) return { outcome: 'unsupported' };
  const failure = outcome.failed.get(key) ?? outcome.declined?.get(key);
  return failure === undefined ? undefined : { outcome: 'failed', why: failure };
}

/** The result, or a throw when the signal comes first. */
async function within<T>(work: Promise<T> | undefined, signal: AbortSignal): Promise<T | undefined> {
  if (work === undefined) return undefined;
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop));
}
