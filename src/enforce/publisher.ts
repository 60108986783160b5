import { isCanary } from '../core/canary.ts';
import type { DesiredState, Indicator } from '../core/indicator.ts';
import { keyOf, type ObservableKey, observableOfKey } from '../core/observable.ts';
import type { Log } from '../lib/log.ts';
import type { Addition } from './haste.ts';
import type { DriveOutcome, Target } from './target.ts';
import { type NumberedState, type PublishResult, TargetLane, type TargetStanding } from './target-lane.ts';

export type { PublishResult, TargetStanding } from './target-lane.ts';

/** Where the desired state is read and what came of a drive is kept. */
export interface PublicationBook {
  desired(now: number): DesiredState;
  /** What may have changed since the last call, as far as that is known: undefined for what is not wanted any more. */
  takeChanges(): ReadonlyMap<ObservableKey, Indicator | undefined> | undefined;
  isWanted(key: ObservableKey, now: number): boolean;
  record(drive: {
    target: string;
    proved: boolean;
    failed: ReadonlyMap<ObservableKey, string>;
    unsupported: ReadonlySet<ObservableKey>;
    /** The drive was about these alone. */
    only?: ReadonlySet<ObservableKey>;
    at: number;
    /** When the state that was driven was read: what was decided after that was not part of it. */
    asOf: number;
  }): void;
}

export interface PublisherOptions {
  readonly targets: readonly Target[];
  readonly book: PublicationBook;
  /** How long a change took from answer to proof at every target, in milliseconds. */
  readonly onEnforced: (tookMs: number) => void;
  readonly log: Log;
  readonly now: () => number;
}

/** Changes that are not proved everywhere yet and are timed. Beyond it the oldest are no longer timed; all are published. */
const MAX_TIMED = 1000;

/** A state that was read this long ago is read anew: indicators end by the clock, too. */
const MAX_STATE_AGE_MS = 10_000;

/**
 * Drives every target to the desired state: at once when it changes, again with back-off when a target was away, when something
 * happened to it, and once in a while anyway. Each target goes at its own pace.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #lanes: readonly TargetLane[];
  #revision = 1;
  #read: NumberedState | undefined;
  /** What is published besides the desired state: canaries. */
  readonly #guests = new Map<ObservableKey, Indicator>();
  /** Changes that are not proved everywhere yet: when they were decided, the oldest first. */
  #timed: { readonly revision: number; readonly at: number }[] = [];

  constructor(options: PublisherOptions) {
    const { targets, log, now } = options;
    this.#options = options;
    this.#lanes = targets.map(
      (target) =>
        new TargetLane({
          target,
          desired: () => this.#desired(),
          record: (name, outcome, asOf) => this.#record(name, outcome, asOf),
          recordHastened: (name, keys) => this.#recordHastened(name, keys),
          isWanted: (key) => options.book.isWanted(key, now()),
          onDriven: () => this.#noteProved(),
          log,
          now,
        }),
    );
  }

  start(): void {
    for (const lane of this.#lanes) lane.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
  }

  /** The desired state changed at `at`. Returns at once. */
  changed(at: number): void {
    this.#revision += 1;
    this.#timed.push({ revision: this.#revision, at });
    if (this.#timed.length > MAX_TIMED) this.#timed.shift();
    const addition = this.#addition();
    for (const lane of this.#lanes) lane.changed(addition);
  }

  /** Drives every target now and resolves when that is done. */
  publish(): Promise<readonly PublishResult[]> {
    return Promise.all([...this.publishEach().values()]);
  }

  /** As `publish`, with a promise for each target. None rejects. */
  publishEach(): ReadonlyMap<string, Promise<PublishResult>> {
    this.#revision += 1;
    // Whatever changed so far is part of what is driven now.
    this.#options.book.takeChanges();
    return new Map(this.#lanes.map((lane) => [lane.name, lane.drive()]));
  }

  /** Publishes an indicator besides the desired state from the next drive on, until `dismiss`. It is not kept anywhere. */
  invite(guest: Indicator): void {
    this.#guests.set(keyOf(guest.observable), guest);
  }

  /** Takes a guest out of what is published, from the next drive on. */
  dismiss(key: ObservableKey): void {
    this.#guests.delete(key);
  }

  get targets(): readonly Target[] {
    return this.#options.targets;
  }

  /** What `publish` would change at each target. */
  async preview(): Promise<
    readonly { target: string; add: readonly ObservableKey[]; remove: readonly ObservableKey[] }[]
  > {
    const { targets } = this.#options;
    this.#revision += 1;
    const { state } = this.#desired();
    return Promise.all(targets.map(async (target) => ({ target: target.name, ...(await target.preview(state)) })));
  }

  standing(): readonly TargetStanding[] {
    return this.#lanes.map(({ standing }) => standing);
  }

  /** Read once for all lanes: 100,000 indicators are not read again for each. */
  #desired(): NumberedState {
    const { book, now } = this.#options;
    const at = now();
    const known = this.#read;
    if (known?.revision === this.#revision && at - known.at < MAX_STATE_AGE_MS && at >= known.at) return known;
    const wanted = book.desired(at);
    const state = this.#guests.size === 0 ? wanted : new Map([...wanted, ...this.#guests]);
    this.#read = { state, revision: this.#revision, at };
    return this.#read;
  }

  /** What came with this revision, where something came and nothing went: that need not wait for a drive. */
  #addition(): Addition | undefined {
    const changes = this.#options.book.takeChanges();
    if (changes === undefined || changes.size === 0) return undefined;
    const indicators: Indicator[] = [];
    for (const indicator of changes.values()) {
      if (indicator === undefined) return undefined;
      indicators.push(indicator);
    }
    return { revision: this.#revision, indicators };
  }

  #record(target: string, { proved, failed, declined, unsupported }: DriveOutcome, asOf: number): void {
    // A canary is no indicator, so nothing is kept about it; also not when it could not be withdrawn.
    const isKept = (key: ObservableKey): boolean => !isCanary(observableOfKey(key));
    this.#options.book.record({
      target,
      proved,
      failed: new Map([...(declined ?? []), ...failed].filter(([key]) => isKept(key))),
      unsupported: new Set([...unsupported].filter(isKept)),
      at: this.#options.now(),
      asOf,
    });
  }

  #recordHastened(target: string, only: ReadonlySet<ObservableKey>): void {
    const at = this.#options.now();
    const { book } = this.#options;
    book.record({ target, proved: true, failed: new Map(), unsupported: new Set(), only, at, asOf: at });
  }

  #noteProved(): void {
    const isDone = ({ revision }: { readonly revision: number }): boolean =>
      this.#lanes.every((lane) => lane.hasProved(revision));
    const done = this.#timed.filter(isDone);
    if (done.length === 0) return;
    this.#timed = this.#timed.filter((one) => !isDone(one));
    for (const { at } of done) this.#options.onEnforced(this.#options.now() - at);
  }
}
