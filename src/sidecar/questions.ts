import type { Config } from '../config/schema.ts';
import type { Secret } from '../config/secrets.ts';
import type { Alert } from '../core/alert.ts';
import { CredentialsError } from '../core/errors.ts';
import { whyNeverAsk } from '../core/guards.ts';
import type { Observable } from '../core/observable.ts';
import type { SightingBatch } from '../core/sighting-batch.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Log } from '../lib/log.ts';
import { VirusTotalSource } from '../sources/virustotal/virustotal-source.ts';
import type { FreshObservable } from '../store/sighting-store.ts';
import type { Store } from '../store/store.ts';
import { AllowanceWatch } from '../triage/allowance-watch.ts';
import type { FleetAccess } from '../triage/asker.ts';
import type { Service } from '../triage/collapse.ts';
import type { FleetSpending } from '../triage/fleet.ts';
import { IntakeDesk } from '../triage/intake-desk.ts';
import { type Asked, LookupDesk } from '../triage/lookup-desk.ts';
import { QuotaLedger, type QuotaLimits } from '../triage/quota-ledger.ts';
import type { Score } from '../triage/score.ts';
import type { Rejudged } from '../triage/verdict-keeper.ts';
import { lookupBook, questionBook } from './books.ts';
import type { FeedWords } from './feed-words.ts';
import type { Judgement } from './judgement.ts';

export interface QuestionsOptions {
  readonly config: Config;
  readonly apiKey: Secret | undefined;
  readonly store: Store;
  readonly judgement: Judgement;
  readonly words: FeedWords;
  /** An answer is on disk. */
  readonly onVerdict: (verdict: Verdict) => void;
  /** An answer changed what should be published. Called when the answer is on disk. */
  readonly onDecided: () => void;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  /** Milliseconds on a clock that never jumps. */
  readonly uptimeMs: () => number;
  /** The other sensors of the account; absent where there is no central database. */
  readonly fleet?: Companions;
}

/** The other sensors of the account, as whoever asks sees them. */
export interface Companions extends FleetAccess {
  /** What they spent, as far as this sensor heard. */
  readonly others: () => FleetSpending | undefined;
  /** Brings `others` up to date, as far as they are in reach. */
  readonly hear: () => Promise<void>;
}

/** Who asks: what becomes a question, the account book, and VirusTotal itself. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #intake: IntakeDesk;
  readonly #source: VirusTotalSource | undefined;
  readonly #watch: AllowanceWatch | undefined;
  readonly ledger: QuotaLedger;
  /** Absent without a key. */
  readonly desk: LookupDesk | undefined;
  /** Questions asked since the start, by outcome. */
  readonly outcomes = new Map<string, number>();

  constructor(options: QuestionsOptions) {
    const { config, apiKey, store, judgement, words, log, now, random } = options;
    const surroundings = () => judgement.surroundings;
    this.#options = options;
    this.#intake = new IntakeDesk({
      book: questionBook(store),
      surroundings,
      memory: store.queue.candidates,
      names: {
        isPopular: (registrable) => words.isPopular(registrable),
        isDynamicDns: (name) => words.isDynamicDns(name),
        feedsNaming: (observable) => words.naming(observable),
      },
      now,
    });
    this.ledger = new QuotaLedger({
      source: 'virustotal',
      book: store.quota,
      limits: limitsOf(config),
      now,
      uptimeMs: options.uptimeMs,
      ...(options.fleet === undefined ? {} : { others: options.fleet.others }),
    });
    if (apiKey === undefined) return;
    const source = new VirusTotalSource({
      apiKey: apiKey.reveal(),
      baseUrl: config.virustotal.baseUrl,
      clock: now,
      log,
      random,
    });
    this.#source = source;
    this.desk = new LookupDesk({
      source,
      ledger: this.ledger,
      book: lookupBook(store),
      rejudge: (observable) => judgement.rejudge(observable),
      surroundings,
      afterVerdict: (rejudged) => this.afterVerdict(rejudged),
      ...(options.fleet === undefined ? {} : { shared: options.fleet }),
      servedBy: (observable) => this.#intake.serviceOf(observable),
      onAnswer: (rejudged, asked) => this.#answered(rejudged, asked),
      log,
      now,
      random,
    });
    this.#watch = new AllowanceWatch({
      read: async (signal) => {
        const told = await source.readAllowances(signal);
        // What the source counts holds what the other sensors spent until now.
        await options.fleet?.hear();
        return told;
      },
      ledger: this.ledger,
      log,
      onRead: () => this.wake(),
    });
  }

  start(): void {
    if (this.desk === undefined)
      this.#options.log.warn('no virustotal key, nothing is asked', { hint: 'Set virustotal.api_key_file.' });
    this.desk?.start();
    this.#watch?.start();
  }

  async stop(): Promise<void> {
    this.#watch?.stop();
    await this.desk?.stop();
  }

  /** Makes questions of what was seen for the first time and of what Suricata alerted on. */
  consider(fresh: readonly FreshObservable[], alerts: readonly Alert[], batch: SightingBatch): void {
    this.#intake.considerNew(fresh, batch);
    this.#intake.considerAlerts(alerts);
  }

  /** Makes a question of what a feed names and somebody here uses. */
  considerFeedHit(observable: Observable, feeds: readonly string[]): void {
    this.#intake.considerFeedHit(observable, feeds);
  }

  /** One step of the slow walk over what was seen and what waits. Call it in a transaction. */
  sweep(): void {
    this.#intake.sweep();
  }

  /** What a question about it is worth now. */
  worthOf(observable: Observable): Score {
    return this.#intake.worthOf(observable);
  }

  /** The answer of another observable that serves this one. */
  serviceOf(observable: Observable): Service | undefined {
    return this.#intake.serviceOf(observable);
  }

  considerRecheck(observable: Observable): void {
    this.#intake.considerRecheck(observable);
  }

  /** What the other sensors spent is known now: what VirusTotal counted of it is no stranger's. */
  readAllowancesAgain(): void {
    this.#watch?.lookAgain();
  }

  /** Questions that wait and could be asked: a desk that cannot ask waits for nothing. */
  waiting(): number {
    return this.desk === undefined || this.desk.state().kind === 'stopped'
      ? 0
      : this.#options.store.queue.size().length;
  }

  wake(): void {
    this.desk?.wake();
  }

  /**
   * Asks now, for a person who waits; `again` also where another sensor has an answer.
   * @throws as `LookupDesk.askNow`, and CredentialsError without a key.
   */
  async askNow(observable: Observable, again: boolean): Promise<Rejudged> {
    if (this.desk === undefined) {
      throw new CredentialsError(`Cannot ask about ${observable.value}: there is no VirusTotal key`, {
        hint: 'Put one into the file that virustotal.api_key_file names, and restart.',
      });
    }
    return this.desk.askNow(observable, { again });
  }

  neverAsk(observable: Observable): string | undefined {
    return whyNeverAsk(observable, this.#options.judgement.surroundings);
  }

  /** Follows a changed configuration; a mended key is tried at once. */
  follow(config: Config, apiKey: Secret | undefined): void {
    this.ledger.limit(limitsOf(config));
    this.#source?.reset(apiKey?.reveal());
    this.desk?.resume();
  }

  /** What follows from a verdict, in the transaction that keeps it: hosts to ask about. */
  afterVerdict({ verdict }: Rejudged): void {
    this.#intake.considerVerdict(verdict);
  }

  #answered({ verdict, before, indicatorChanged }: Rejudged, asked: Asked | undefined): void {
    const { log, onDecided, onVerdict } = this.#options;
    if (asked !== undefined) this.outcomes.set(asked.outcome, (this.outcomes.get(asked.outcome) ?? 0) + 1);
    const state = verdict?.state ?? 'unasked';
    const observable = (asked?.observable ?? verdict?.observable)?.value ?? '';
    const how = asked === undefined ? { outcome: 'shared' } : { outcome: asked.outcome, took_ms: asked.tookMs };
    const fields = { observable, state, ...how };
    if (state !== before && (state === 'malicious' || before === 'malicious')) log.info('verdict changed', fields);
    else log.debug('answered', fields);
    if (indicatorChanged) onDecided();
    if (verdict !== undefined) onVerdict(verdict);
  }
}

function limitsOf({ virustotal }: Config): QuotaLimits {
  const { alerts, manual, recheck } = virustotal.reserve;
  return {
    maxPerMinute: virustotal.maxPerMinute,
    maxPerDay: virustotal.maxPerDay,
    reserve: { alert: alerts, manual, recheck },
  };
}
