import type { FleetFacts } from '../api/fleet-facts.ts';
import { sum } from '../central/allowance-view.ts';
import { CentralError } from '../central/central-error.ts';
import type { CentralPool } from '../central/central-pool.ts';
import { Elsewhere } from '../central/elsewhere.ts';
import { FleetPulse } from '../central/fleet-pulse.ts';
import { poolOfConfig } from '../central/pool-of-config.ts';
import { accountOf, type LeaseOutcome, QuotaLeases } from '../central/quota-leases.ts';
import { ReportFlow } from '../central/report-flow.ts';
import type { Spent } from '../central/shared-allowance.ts';
import { SharedReports } from '../central/shared-reports.ts';
import type { Standing } from '../central/sync-figures.ts';
import { type FleetWord, WordFlow } from '../central/word-flow.ts';
import type { Config } from '../config/schema.ts';
import type { Secret } from '../config/secrets.ts';
import type { Observable } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import type { Log } from '../lib/log.ts';
import type { Store } from '../store/store.ts';
import type { Fleet as Companionship, FleetDraw, FleetSpending, FleetTurn } from '../triage/fleet.ts';
import type { Lane } from '../triage/lane.ts';
import { SharedAnswers } from '../triage/shared-answers.ts';
import type { Rejudged } from '../triage/verdict-keeper.ts';
import { sharedBook } from './books.ts';
import type { Judgement } from './judgement.ts';
import type { Companions } from './questions.ts';

export interface FleetOptions {
  readonly config: Config;
  readonly store: Store;
  readonly judgement: Judgement;
  readonly apiKey: Secret | undefined;
  readonly centralPassword: () => string;
  /** How this sensor stands in the centre: under a name that another has, or with another schema, it keeps to itself. */
  readonly standing: () => Standing;
  readonly questions: () => {
    /** What this sensor spent by its own account book. */
    readonly ledger: { spentHere(): Spent };
    /** Questions that wait here and could be asked. */
    waiting(): number;
    /** The others are in reach: what they spent is known. */
    readAllowancesAgain(): void;
    /** What follows from a verdict, in the transaction that keeps it. */
    afterVerdict(rejudged: Rejudged): void;
  };
  /** What came from other sensors changed what should be published. */
  readonly onDecided: () => void;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
}

/** The sessions of the fleet are for small questions: what takes longer than this is a centre in trouble, and nobody waits for it. */
const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 5_000;
/** A turn takes twice the statements of a beat, and has 5 s. Once may be a hiccup, which is no reason to go alone. */
const SLOW_BEAT_MS = 2_500;
/** No answer is trusted for longer (`recheck`), so that older ones are of no use. */
const MAX_AGE_MS = 90 * 86_400_000;
/** Sources whose answers count here, whoever asked them. */
const SOURCES: ReadonlySet<string> = new Set(['virustotal', 'abuseipdb', 'quad9', 'cloudflare-security']);

/** The fleet of a configuration; `undefined` where no central database is shared. @throws ConfigError as the constructor */
export function fleetOf(options: FleetOptions): Fleet | undefined {
  const { central } = options.config;
  return central?.fleet === true ? new Fleet(options, central) : undefined;
}

/** The other sensors on the same central database: answers, operators' words and one account's allowance, shared. */
export class Fleet implements Companions, Companionship {
  readonly answers: SharedAnswers;
  readonly fleet: Companionship = this;
  readonly #options: FleetOptions;
  readonly #pool: CentralPool;
  readonly #pulse: FleetPulse;
  readonly #reports: SharedReports;
  readonly #flow: ReportFlow;
  readonly #words: WordFlow;
  readonly #leases: QuotaLeases;
  readonly #elsewhere: Elsewhere;
  #apiKey: Secret | undefined;
  #alone = 0;
  /** In a row. */
  #slowBeats = 0;

  /** @throws ConfigError when the certificate of the central database cannot be read. */
  constructor(options: FleetOptions, central: NonNullable<Config['central']>) {
    const { config, store, judgement, log, now, random } = options;
    const { sensor } = config;
    this.#options = options;
    this.#apiKey = options.apiKey;
    this.#pool = poolOfConfig(central, {
      password: options.centralPassword,
      random,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      queryTimeoutMs: QUERY_TIMEOUT_MS,
    });
    this.#pulse = new FleetPulse({
      // In this order: what holds is known before what is judged by it.
      rounds: [() => this.#words.exchange(), () => this.#beat()],
      later: (signal) => this.#flow.read(signal),
      admission: () => admissionOf(options.standing()),
      onReached: () => options.questions().readAllowancesAgain(),
      log,
      now,
    });
    const shared = { pool: this.#pool, pulse: this.#pulse, memory: store.outbox, sensor, now };
    this.#reports = new SharedReports({ ...shared, source: 'virustotal', maxAgeMs: MAX_AGE_MS });
    this.#flow = new ReportFlow({
      ...shared,
      maxAgeMs: MAX_AGE_MS,
      onReports: (reports) => this.#takeReports(reports),
    });
    this.#words = new WordFlow({ ...shared, book: store.sharedOverrides, onWords: (words) => this.#takeWords(words) });
    this.#leases = new QuotaLeases({
      ...shared,
      reports: this.#reports,
      // A mended key is another account.
      account: () => accountOf('virustotal', this.#apiKey?.reveal() ?? ''),
      // Whoever has its name has its key too, most likely: a copy of its configuration.
      atLeast: () => (isNameTaken(options.standing()) ? 2 : 1),
    });
    this.#elsewhere = new Elsewhere(shared);
    this.answers = new SharedAnswers({
      book: sharedBook(store),
      sources: SOURCES,
      surroundings: () => judgement.surroundings,
      trustedUntil: (report) => judgement.trustedUntil(report),
      rejudge: (observable) => judgement.rejudge(observable),
      afterVerdict: (rejudged) => options.questions().afterVerdict(rejudged),
      now,
    });
  }

  start(): void {
    this.#sayAllowList();
    this.#pulse.start();
  }

  /** Ends within a moment, whatever the network does. */
  async stop(): Promise<void> {
    this.#pool.close();
    await this.#pulse.stop();
  }

  /** Follows a changed configuration. */
  follow(apiKey: Secret | undefined): void {
    this.#apiKey = apiKey;
    this.#sayAllowList();
  }

  /** A word was said here for all sensors. */
  tell(): void {
    this.#pulse.hurry();
  }

  /** Whether the other sensors are in reach. */
  get isWell(): boolean {
    return this.#pulse.isWell;
  }

  known(observable: Observable): Promise<Report | undefined> {
    return this.#reports.find(observable);
  }

  async take(
    observable: Observable,
    draw: FleetDraw & { readonly serves?: (report: Report) => boolean },
  ): Promise<FleetTurn> {
    const outcome: LeaseOutcome = await this.#leases.take(observable, draw);
    if (outcome.granted && outcome.alone) this.#alone += 1;
    return outcome;
  }

  settle(report: Report): void {
    void this.#leases.settle(report);
  }

  giveBack(observable: Observable, lane: Lane, charged: boolean): void {
    void (charged ? this.#leases.release(observable) : this.#leases.giveBack(observable, { lane }));
  }

  readonly others = (): FleetSpending | undefined => {
    const view = this.#leases.allowance.view;
    if (view === undefined) return undefined;
    return { dayStartsAt: view.dayStartsAt, byLane: view.othersByLane, inMonth: view.othersInMonth };
  };

  readonly hear = async (): Promise<void> => {
    if (this.#pulse.isWell) await this.#beat().catch(() => this.#pulse.doubt());
  };

  /** Who used something at the other sensors; `undefined` where they are out of reach. */
  elsewhere(observables: readonly Observable[]): ReturnType<Elsewhere['find']> {
    return this.#elsewhere.find(observables);
  }

  /** For `guardian status`. */
  facts(): FleetFacts {
    const { store } = this.#options;
    const view = this.#leases.allowance.view;
    const refused = this.#flow.counts.refused + this.#reports.counts.refused + this.#words.counts.refused;
    const { private: internal, future, source } = this.answers.counts;
    const { illness, wellAt } = this.#pulse;
    return {
      state: this.#pulse.isWell ? 'in_reach' : 'away',
      where: this.#pool.where,
      ...(illness === undefined ? {} : { why: illness }),
      ...(wellAt === undefined ? {} : { lastHeardAt: wellAt }),
      sensors: this.#leases.members,
      askedHere: sum(this.#options.questions().ledger.spentHere().byLane.values()),
      askedElsewhere: sum(view?.othersByLane.values() ?? []),
      askedAlone: this.#alone,
      lookupsSaved: Number(store.outbox.recall('lookups_saved') ?? 0),
      reportsTaken: this.answers.counts.taken,
      refused: refused + internal + future + source,
      wordsUntold: store.sharedOverrides.pending(MOST_UNTOLD).length,
    };
  }

  async #beat(): Promise<boolean> {
    if (this.#apiKey === undefined) return false;
    const questions = this.#options.questions();
    const startedAt = performance.now();
    await this.#leases.beat(questions.waiting(), questions.ledger.spentHere());
    const tookMs = performance.now() - startedAt;
    this.#slowBeats = tookMs > SLOW_BEAT_MS ? this.#slowBeats + 1 : 0;
    if (this.#slowBeats > 1)
      throw new CentralError(`it answers too slowly to share with it (${(tookMs / 1000).toFixed(1)} s for a beat)`, {
        failure: 'lost',
      });
    return false;
  }

  /** Returns how many are of another time than this machine's clock tells. */
  #takeReports(reports: readonly Report[]): number {
    const untimely = () => this.answers.counts.future + this.answers.counts.old;
    const before = untimely();
    const all = this.answers.takeAll(reports);
    if (all.some(({ indicatorChanged }) => indicatorChanged)) this.#options.onDecided();
    return untimely() - before;
  }

  #takeWords(words: readonly FleetWord[]): void {
    const { store, judgement, onDecided, log, now } = this.#options;
    const changed = store.transactDurably(() => {
      const fresh = words.filter((word) => store.sharedOverrides.hear(word, now()));
      const isBlockChanged = judgement.operator.follow(fresh.map(({ pattern }) => pattern));
      return { fresh, isBlockChanged };
    });
    for (const { pattern, action, sensor } of changed.fresh)
      log.info('word of another sensor', { observable: pattern.text, outcome: action, source: sensor });
    // Taken back by one sensor, and in the list of this one still: the word of either holds for all.
    if (changed.fresh.some(({ action, origin }) => action === 'forget' && origin === 'config')) this.#sayAllowList();
    if (changed.isBlockChanged) onDecided();
  }

  /** Says the `allow` list of the configuration to all, where that is asked; and takes back what is no longer in it. */
  #sayAllowList(): void {
    const { config, store, judgement, now } = this.#options;
    const { sensor, central } = config;
    const isMine = (word: { readonly origin: string; readonly sensor?: string }) =>
      word.origin === 'config' && word.sensor === sensor;
    store.transactDurably(() => {
      const listed = central?.shareAllow === true ? judgement.configuredOverrides : [];
      const said = store.sharedOverrides.current(now()).filter(isMine);
      for (const { pattern } of listed)
        if (store.sharedOverrides.find(pattern.text) === undefined)
          store.sharedOverrides.say({ pattern, action: 'allow', reason: '', origin: 'config', sensor, saidAt: now() });
      for (const { pattern } of said)
        if (!listed.some((one) => one.pattern.text === pattern.text))
          store.sharedOverrides.say({ pattern, action: 'forget', reason: '', origin: 'config', sensor, saidAt: now() });
    });
  }
}

/** Where the centre is out of reach, the beat itself tells. */
function admissionOf(standing: Standing): 'open' | 'unknown' | { readonly barred: string } {
  return standing === 'claimed' || standing === 'unclaimed' ? 'open' : standing;
}

function isNameTaken(standing: Standing): boolean {
  return typeof standing === 'object' && standing.by === 'name';
}

/** Words that are counted for `status`. */
const MOST_UNTOLD = 1_000;
