import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import { type Surroundings, whyNeverBlock } from '../core/guards.ts';
import type { Observable } from '../core/observable.ts';
import type { Override } from '../core/override.ts';
import { hostOfUrl } from '../core/web-url.ts';
import { readSurroundings, systemSources } from '../ops/surroundings.ts';
import type { Store } from '../store/store.ts';
import { OperatorDesk } from '../triage/operator-desk.ts';
import type { RecheckTable } from '../triage/recheck.ts';
import { type Rejudged, VerdictKeeper } from '../triage/verdict-keeper.ts';
import { blockBook } from './block-book.ts';
import { overrideBook, verdictBook } from './books.ts';
import type { FeedWords } from './feed-words.ts';

/** Verdicts judged anew in one transaction: enough to be quick, few enough to let events in between. */
const REJUDGE_PAGE = 500;

/** Who decides: the verdict keeper and the operator's desk, with what they need to know of config and surroundings. */
export class Judgement {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #keeper: VerdictKeeper;
  readonly operator: OperatorDesk;
  #config: Config;
  #surroundings: Surroundings;
  #allowed: readonly Override[];

  constructor(options: {
    readonly config: Config;
    readonly store: Store;
    readonly words: FeedWords;
    readonly now: () => number;
  }) {
    const { config, store, words, now } = options;
    this.#store = store;
    this.#now = now;
    this.#config = config;
    this.#surroundings = surroundingsOf(config);
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
      book: overrideBook(store, words),
      overrides: () => this.overrides(),
      surroundings: () => this.#surroundings,
      rejudge: (observable) => this.rejudge(observable),
    });
  }

  get surroundings(): Surroundings {
    return this.#surroundings;
  }

  /** The `allow` list of the configuration. */
  get configuredOverrides(): readonly Override[] {
    return this.#allowed;
  }

  /** Every word that holds now, the configuration's first. */
  overrides(): readonly Override[] {
    return [...this.#allowed, ...this.#store.overrides.current(this.#now())];
  }

  neverBlock(observable: Observable): string | undefined {
    return whyNeverBlock(observable, this.#surroundings);
  }

  /** Judges by what is known, and keeps verdict and desired state. */
  rejudge(observable: Observable): Rejudged {
    return this.#keeper.rejudge(observable);
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

  /** Judges everything anew that has a verdict: the policy or the allow list changed. Events come in between the pages. */
  async rejudgeAll(): Promise<void> {
    let cursor: number | undefined = 0;
    while (cursor !== undefined) {
      await nextTurn();
      const page: ReturnType<Store['verdicts']['page']> = this.#store.verdicts.page({ limit: REJUDGE_PAGE, cursor });
      this.#store.transact(() => {
        for (const { observable } of page.verdicts) this.rejudge(observable);
      });
      cursor = page.next;
    }
  }

  /** Follows a changed configuration. */
  follow(config: Config): void {
    this.#config = config;
    this.#surroundings = surroundingsOf(config);
    this.#allowed = allowList(config, this.#now());
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

/** The source that everything rests on, also where `base_url` names another host. */
const ALWAYS_NEEDED = ['virustotal.com'];

function surroundingsOf(config: Config): Surroundings {
  const urls = [config.virustotal.baseUrl, config.pihole?.url, ...config.feeds.map((feed) => feed.url)];
  const hosts = urls.flatMap((url) => (url === null || url === undefined ? [] : [hostOfUrl(String(url))]));
  return readSurroundings(systemSources(), [...ALWAYS_NEEDED, ...hosts, ...neighbours(config).map((one) => one.host)]);
}

function neighbours({ central, pihole }: Config): readonly { readonly host: string }[] {
  return [...(central?.hosts ?? []), ...(pihole?.dns == null ? [] : [pihole.dns])];
}

function allowList(config: Config, at: number): readonly Override[] {
  return config.allow.map((pattern) => ({ action: 'allow', pattern, reason: '', origin: 'config', createdAt: at }));
}
