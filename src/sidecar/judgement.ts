import { createHash } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { type Surroundings, whyNeverBlock } from '../core/guards.ts';
import type { Observable } from '../core/observable.ts';
import type { Override } from '../core/override.ts';
import type { Policy } from '../core/policy.ts';
import type { Report } from '../core/report.ts';
import { type Log, SILENT } from '../lib/log.ts';
import type { Store } from '../store/store.ts';
import { OperatorDesk } from '../triage/operator-desk.ts';
import type { RecheckTable } from '../triage/recheck.ts';
import { type Rejudged, VerdictKeeper } from '../triage/verdict-keeper.ts';
import { blockBook } from './block-book.ts';
import { overrideBook, verdictBook } from './books.ts';
import type { FeedWords } from './feed-words.ts';
import { Rejudging } from './rejudging.ts';
import { surroundingsOf } from './surroundings-of.ts';

export interface JudgementOptions {
  readonly config: Config;
  readonly store: Store;
  readonly words: FeedWords;
  readonly now: () => number;
  /** What should be published may have changed after everything was judged anew. */
  readonly onDecided?: () => void;
  readonly log?: Log;
}

/** Who decides: the verdict keeper and the operator's desk, with what they need to know of config and surroundings. */
export class Judgement {
  readonly #store: Store;
  readonly #words: FeedWords;
  readonly #now: () => number;
  readonly #keeper: VerdictKeeper;
  readonly #rejudging: Rejudging;
  readonly operator: OperatorDesk;
  #config: Config;
  #surroundings: Surroundings;
  #allowed: readonly Override[];

  constructor({ config, store, words, now, onDecided = () => undefined, log = SILENT }: JudgementOptions) {
    this.#store = store;
    this.#words = words;
    this.#now = now;
    this.#config = config;
    this.#surroundings = surroundingsOf(config, words.urls());
    this.#allowed = allowList(config, now());
    this.#keeper = new VerdictKeeper({
      book: verdictBook(store, words),
      blocks: blockBook(store, words),
      policy: () => this.#config.policy,
      surroundings: () => this.#surroundings,
      overrides: () => this.overrides(),
      rechecks: () => recheckTable(this.#config),
      popular: (observable) => words.popularity(observable),
      sharing: (observable) => words.sharing(observable),
      corrections: () => store.corrections.counts(),
      now,
    });
    this.operator = new OperatorDesk({
      book: overrideBook(store, words, { sensor: config.sensor, now }),
      overrides: () => this.overrides(),
      surroundings: () => this.#surroundings,
      rejudge: (observable) => this.rejudge(observable),
    });
    this.#rejudging = new Rejudging({
      store,
      basis: () => this.#basis(),
      rejudge: (observable) => this.rejudge(observable),
      onDecided,
      log,
    });
  }

  /** Judges everything anew where the configuration, the feeds or the surroundings changed since that was last done. */
  start(): void {
    this.#rejudging.start();
  }

  /** Nothing is judged anew after it has resolved. */
  stop(): Promise<void> {
    return this.#rejudging.stop();
  }

  get surroundings(): Surroundings {
    return this.#surroundings;
  }

  /** What it judges by at present. */
  get policy(): Policy {
    return this.#config.policy;
  }

  /** The `allow` list of the configuration. */
  get configuredOverrides(): readonly Override[] {
    return this.#allowed;
  }

  /** Every word that holds now, the configuration's first. */
  overrides(): readonly Override[] {
    const now = this.#now();
    return [...this.#allowed, ...this.#store.overrides.current(now), ...this.#store.sharedOverrides.current(now)];
  }

  neverBlock(observable: Observable): string | undefined {
    return whyNeverBlock(observable, this.#surroundings);
  }

  /**
   * Judges by what is known, and keeps verdict and desired state. Whatever turned it bad (an engine, a feed, an oracle, an operator),
   * who had used it until then is kept as a finding. Call it in a transaction.
   */
  rejudge(observable: Observable): Rejudged {
    const rejudged = this.#keeper.rejudge(observable);
    const { verdict, before } = rejudged;
    if (verdict?.state === 'malicious' && before !== 'malicious')
      this.#store.findings.lookBack(observable, verdict.judgedAt);
    return rejudged;
  }

  /** Until when an answer is trusted, judged by itself. */
  trustedUntil(report: Report): number | undefined {
    return this.#keeper.trustedUntil(report);
  }

  /**
   * Ends a block whose evidence was not confirmed in time: judged again, it is no block any more. The verdict stays as history; the
   * block does not come back without an answer.
   */
  expire(observable: Observable): void {
    const { verdict } = this.#keeper.rejudge(observable);
    // Wanted and past its end although the judgement stands: a clock that was set. It is gone, and wanted anew by the next answer.
    const indicator = verdict === undefined ? undefined : this.#store.indicators.find(observable);
    if (indicator !== undefined && indicator.expiresAt <= this.#now()) this.#store.indicators.unwant(observable);
  }

  /** Follows a changed configuration, and judges everything anew by it. */
  follow(config: Config): void {
    this.#config = config;
    this.#surroundings = surroundingsOf(config, this.#words.urls());
    this.#allowed = allowList(config, this.#now());
    this.start();
  }

  #basis(): string {
    const { policy, recheck } = this.#config;
    const { names, addresses, hosts } = this.#surroundings;
    const allowed = this.#allowed.map(({ pattern }) => pattern.text);
    const around = [names, addresses, hosts].map((set) => [...set].sort());
    const text = JSON.stringify([policy, recheck, allowed, this.#words.basis(), around]);
    return createHash('sha256').update(text).digest('hex');
  }
}

function recheckTable({ recheck }: Config): RecheckTable {
  return {
    not_found: recheck.notFound,
    no_opinion: recheck.noOpinion,
    clean: recheck.clean,
    clean_established: recheck.cleanEstablished,
    noise: recheck.noise,
    suspicious: recheck.suspicious,
    malicious: recheck.malicious,
    file_malicious: recheck.fileMalicious,
    file_unknown: recheck.fileUnknown,
  };
}

function allowList(config: Config, at: number): readonly Override[] {
  return config.allow.map((pattern) => ({ action: 'allow', pattern, reason: '', origin: 'config', createdAt: at }));
}
