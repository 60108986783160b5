import { ControlServer } from './api/control-server.ts';
import type { WarningFacts } from './api/status-facts.ts';
import type { Config } from './config/schema.ts';
import { observableOfKey } from './core/observable.ts';
import { Canary } from './enforce/canary/canary.ts';
import { EveIntake } from './eve/eve-intake.ts';
import type { IntakeBatch } from './eve/intake-batch.ts';
import type { IntakeCounters } from './eve/intake-counters.ts';
import { Metrics } from './ops/metrics.ts';
import { blindSpotsOf } from './sidecar/blind-spots.ts';
import { Blocking } from './sidecar/blocking.ts';
import { upkeepBook } from './sidecar/books.ts';
import { Centre } from './sidecar/centre.ts';
import { controlOf } from './sidecar/control-of.ts';
import { FeedWords } from './sidecar/feed-words.ts';
import { Feeds } from './sidecar/feeds.ts';
import { type Fleet, fleetOf } from './sidecar/fleet.ts';
import { Judgement } from './sidecar/judgement.ts';
import { metricsOf } from './sidecar/metrics-of.ts';
import { controlOptions, eveOptions } from './sidecar/part-options.ts';
import { headlineOf, type Pulse } from './sidecar/pulse.ts';
import { Questions } from './sidecar/questions.ts';
import { restartNeeded } from './sidecar/restart-needed.ts';
import { SecondOpinions } from './sidecar/second-opinions.ts';
import type { SidecarOptions } from './sidecar/sidecar-options.ts';
import { statusOf } from './sidecar/status-of.ts';
import { storeOf } from './sidecar/store-of.ts';
import { SuricataMinutes } from './sidecar/suricata-minutes.ts';
import type { FreshObservable } from './store/sighting-store.ts';
import type { Store } from './store/store.ts';
import { Upkeep } from './triage/upkeep.ts';

/**
 * The whole sidecar: the only place where the parts meet. From top to bottom this file is the path of a name:
 * received, kept, asked about, judged, published, proved; and beside it those who ask what happened.
 */
export class Sidecar {
  readonly #options: SidecarOptions;
  readonly #store: Store;
  readonly #words: FeedWords;
  readonly #judgement: Judgement;
  readonly #questions: Questions;
  readonly #second: SecondOpinions;
  readonly #feeds: Feeds;
  readonly #blocking: Blocking;
  readonly #centre: Centre;
  readonly #suricataMinutes: SuricataMinutes;
  /** Absent where no central database is configured, or it is only sent to. */
  readonly #fleet: Fleet | undefined;
  readonly #canary: Canary;
  readonly #upkeep: Upkeep;
  readonly #intake: EveIntake;
  readonly #metrics: Metrics;
  readonly #control: ControlServer;
  readonly #warnings: WarningFacts[] = [];
  #config: Config;
  #counters: IntakeCounters | undefined;
  #batchesLost = 0;
  #startedAt = 0;
  #isReady = false;

  /** @throws OperatorError when the store cannot be opened. */
  constructor(options: SidecarOptions) {
    const { config, log, now, version } = options;
    const onDecided = (): void => this.#blocking.publisher.changed(now());
    this.#options = options;
    this.#config = config;
    // Everything else reads and writes it.
    this.#store = storeOf(config);
    // Judges by what the store holds; nobody else decides.
    const words = new FeedWords(this.#store, options.feeds);
    this.#words = words;
    this.#judgement = new Judgement({ ...options, store: this.#store, words, onDecided });
    // Those who find out something, which is judged.
    const deciding = { ...options, store: this.#store, judgement: this.#judgement, onDecided };
    // What other sensors were answered, what their operators said, and one account's allowance: shared, where there are others.
    this.#fleet = fleetOf({ ...deciding, standing: () => this.#centre.standing, questions: () => this.#questions });
    // Decides what is worth asking, asks it, and has the answer judged in the same transaction.
    this.#questions = new Questions({
      ...deciding,
      words,
      uptimeMs: () => performance.now(),
      ...(this.#fleet === undefined ? {} : { fleet: this.#fleet }),
      onVerdict: (verdict) => this.#second.consider(verdict),
    });
    // Further voices on what VirusTotal left open, each on its own account.
    this.#second = new SecondOpinions({ ...deciding, sources: options.secondSources });
    // Whole lists instead of questions: evidence that costs no quota, and context.
    this.#feeds = new Feeds({ ...deciding, questions: this.#questions });
    // Where verdicts take effect.
    this.#blocking = new Blocking({
      ...options,
      store: this.#store,
      words,
      onEnforced: (tookMs) => this.#metrics.observeProtection(tookMs / 1000),
    });
    // Where all of it is seen by others: a database that may be away for days.
    this.#centre = new Centre({
      ...options,
      store: this.#store,
      counters: () => this.#counters,
      blindSpots: () => blindSpotsOf({ ...this.#facts(), suricata: this.#suricataMinutes.total }),
      metrics: () => metricsOf(this.#facts()),
    });
    this.#suricataMinutes = new SuricataMinutes({ stats: this.#store.stats, listeningSince: now() });
    // Proves now and then that all of this works, with a name that means nothing.
    this.#canary = new Canary({
      ...options,
      publisher: this.#blocking.publisher,
      book: this.#store.canaries,
      everyMs: config.canaryEveryMs ?? 0,
    });
    this.#upkeep = new Upkeep({
      book: upkeepBook(this.#store, config.retention),
      considerRecheck: (observable) => this.#questions.considerRecheck(observable),
      sweep: () => this.#questions.sweep(),
      expire: (observable) => this.#judgement.expire(observable),
      endWords: (at) => this.#judgement.operator.endWords(at),
      onExpired: onDecided,
      onRechecks: () => this.#questions.wake(),
      log,
      now,
    });
    // The source of it all. Last, since it must find everybody else ready.
    this.#intake = new EveIntake({
      ...eveOptions(config),
      ...(options.receiver === undefined ? {} : { host: options.receiver }),
      log,
      onBatch: (batch) => this.#receive(batch),
      onWarning: (text, hint) => this.#warnings.push({ code: 'eve_socket', text, hint }),
      onFailure: options.onFailure,
    });
    this.#metrics = new Metrics({ version, snapshot: () => metricsOf(this.#facts()) });
    this.#control = new ControlServer(
      controlOptions(config, options.apiToken),
      controlOf({
        ...options,
        store: this.#store,
        judgement: this.#judgement,
        words,
        questions: this.#questions,
        publisher: this.#blocking.publisher,
        fleet: this.#fleet,
        canary: this.#canary,
        metrics: this.#metrics,
        status: () =>
          statusOf({
            ...this.#facts(),
            ...this.#identity(),
            warnings: [...this.#warnings, ...this.#second.warnings()],
            batchesLost: this.#batchesLost,
            desk: this.#questions.desk,
            feeds: this.#feeds.status(),
            pihole: this.#blocking.pihole(),
            memoryBytes: options.memoryBytes(),
          }),
        suricataRules: (desired) => this.#blocking.rulesFor(desired),
        ready: () => ({ ready: this.#isReady, why: this.#isReady ? [] : ['starting or stopping'] }),
      }),
    );
  }

  /** The store of this sidecar, for whoever runs it in the same process. */
  get store(): Store {
    return this.#store;
  }

  /** What answers and keeps starts first, then the source: nothing received meets a part that is not there yet. */
  async start(): Promise<void> {
    this.#startedAt = this.#options.now();
    // First, since a second guardian on the same rules file is refused before anything is touched.
    await this.#blocking.claim();
    this.#judgement.start();
    this.#centre.start();
    this.#fleet?.start();
    this.#canary.start();
    this.#questions.start();
    this.#feeds.start();
    this.#upkeep.start();
    await this.#control.start();
    await this.#intake.start();
    // After all that a start waits for, since the first drives keep a core busy.
    this.#blocking.start();
    this.#isReady = true;
    this.#options.log.info('ready', { version: this.#options.version, path: this.#config.eve.socket });
  }

  /** The source stops first and is drained; what it brought is kept before the store closes. */
  async stop(): Promise<void> {
    this.#isReady = false;
    await this.#intake.stop();
    this.#upkeep.stop();
    await this.#feeds.stop();
    await this.#judgement.stop();
    await this.#second.stop();
    await this.#questions.stop();
    await this.#fleet?.stop();
    await this.#canary.stop();
    await this.#blocking.stop();
    await this.#centre.stop();
    await this.#control.stop();
    this.#store.close();
    this.#options.log.info('stopped');
  }

  /** What the service manager is told. */
  get pulse(): Pulse {
    const headline = () => headlineOf(this.#config.eve.socket, this.#facts());
    return { isAlive: () => this.#intake.isAlive(), headline };
  }

  /**
   * Takes over what may change while running (allow, policy, the feeds, the key) and judges anew by it.
   * Returns the keys whose change waits for a restart.
   */
  reload(config: Config, { apiKey, feeds }: Pick<SidecarOptions, 'apiKey' | 'feeds'>): readonly string[] {
    const waiting = restartNeeded(this.#config, config, { hadKey: this.#questions.desk !== undefined, apiKey });
    // The words first: by them everything is judged.
    this.#words.follow(feeds);
    this.#judgement.follow(config);
    this.#feeds.follow(feeds);
    this.#questions.follow(config, apiKey);
    this.#fleet?.follow(apiKey);
    this.#config = config;
    return waiting;
  }

  /** Drives every target to the desired state and resolves when that is done. */
  async publish(): Promise<void> {
    await this.#blocking.publisher.publish();
  }

  /** The whole way of what was seen, in one transaction: kept, and made a question where it is worth one. */
  #receive(batch: IntakeBatch): void {
    this.#counters = batch.counters;
    try {
      this.#keep(batch);
    } catch (error) {
      // A full disk, or a row that the store refuses: what was seen is lost and told, and the next batch is as welcome.
      this.#batchesLost++;
      this.#options.log.error('cannot keep what was seen', { err: error, count: this.#batchesLost });
      return;
    }
    this.#questions.wake();
  }

  #keep(batch: IntakeBatch): void {
    this.#store.transact(() => {
      const fresh = this.#store.sightings.record(batch.sightings);
      for (const alert of batch.alerts) this.#store.alerts.keep(alert);
      if (batch.stats !== undefined) this.#suricataMinutes.add(batch.stats);
      this.#judgeListed(fresh);
      this.#questions.consider(fresh, batch.alerts, batch.sightings);
    });
  }

  /** What a feed lists already is judged when it is seen, without a question. */
  #judgeListed(fresh: readonly FreshObservable[]): void {
    if (this.#words.isSilent) return;
    let decided = false;
    for (const { key } of fresh) decided = this.#judgement.rejudge(observableOfKey(key)).indicatorChanged || decided;
    if (decided) this.#blocking.publisher.changed(this.#options.now());
  }

  #facts() {
    return {
      counters: this.#counters,
      batchesLost: this.#batchesLost,
      store: this.#store,
      publisher: this.#blocking.publisher,
      ledger: this.#questions.ledger,
      fleet: this.#fleet,
      lookups: this.#questions.outcomes,
      sync: this.#centre.figures(),
      now: this.#options.now(),
    };
  }

  #identity() {
    const { sensor, eve } = this.#config;
    return {
      sensor,
      version: this.#options.version,
      startedAt: this.#startedAt,
      eve: { socket: eve.socket, type: eve.type },
    };
  }
}
