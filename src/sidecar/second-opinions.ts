import { CredentialsError } from '../core/errors.ts';
import { whyNeverAsk } from '../core/guards.ts';
import { keyOf, type Observable } from '../core/observable.ts';
import type { Verdict, VerdictState } from '../core/verdict.ts';
import type { Log } from '../lib/log.ts';
import type { Source } from '../sources/source.ts';
import type { Store } from '../store/store.ts';
import { outcomeOf } from '../triage/asked.ts';
import { QuotaLedger } from '../triage/quota-ledger.ts';
import type { Judgement } from './judgement.ts';
import type { SecondSource } from './second-source.ts';

export interface SecondOpinionsOptions {
  readonly sources: readonly SecondSource[];
  readonly store: Store;
  readonly judgement: Judgement;
  /** An opinion changed what should be published. */
  readonly onDecided: () => void;
  readonly log: Log;
  readonly now: () => number;
}

/** Where one more voice can change or explain something. A clean or strongly malicious name needs none. */
const WORTH_ASKING: ReadonlySet<VerdictState> = new Set([
  'not_found',
  'no_opinion',
  'noise',
  'suspicious',
  'malicious',
]);

/** An opinion that is younger counts and is not asked for again. Lists of such services change within days. */
const FRESH_MS = 7 * 86_400_000;

/** Questions that wait for one source. What does not fit is not asked: it costs nothing but one voice. */
const MAX_WAITING = 200;

const NO_RESERVES = { alert: 0, manual: 0, recheck: 0 } as const;

/** Asks optional further sources about what VirusTotal left open, each at its own pace and on its own account book. */
export class SecondOpinions {
  readonly #desks: readonly SecondDesk[];

  constructor(options: SecondOpinionsOptions) {
    this.#desks = options.sources.map((second) => new SecondDesk(second, options));
  }

  /** Considers a verdict that is on disk. */
  consider(verdict: Verdict): void {
    if (!WORTH_ASKING.has(verdict.state) || verdict.strong) return;
    for (const desk of this.#desks) desk.consider(verdict.observable);
  }

  /** Sources that refuse us for good. */
  warnings(): readonly { readonly code: string; readonly text: string; readonly hint: string }[] {
    const hint = 'Mend that and restart; everything else goes on.';
    return this.#desks.flatMap(({ problem }) =>
      problem === undefined ? [] : [{ code: 'second_source', text: problem, hint }],
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#desks.map((desk) => desk.stop()));
  }
}

class SecondDesk {
  readonly #source: Source;
  readonly #ledger: QuotaLedger;
  readonly #options: SecondOpinionsOptions;
  readonly #waiting = new Map<string, Observable>();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  #problem: string | undefined;

  constructor({ source, maxPerMinute, maxPerDay }: SecondSource, options: SecondOpinionsOptions) {
    this.#source = source;
    this.#options = options;
    const limits = { maxPerMinute, maxPerDay, reserve: NO_RESERVES };
    this.#ledger = new QuotaLedger({ source: source.name, book: options.store.quota, limits, now: options.now });
  }

  /** Why it is not asked any more, until a restart. */
  get problem(): string | undefined {
    return this.#problem;
  }

  consider(observable: Observable): void {
    const { store, judgement, now } = this.#options;
    if (this.#problem !== undefined || !this.#source.kinds.has(observable.kind)) return;
    const isFresh = store.reports
      .latest(observable)
      .some(({ source, askedAt }) => source === this.#source.name && now() - askedAt < FRESH_MS);
    const mayAsk = whyNeverAsk(observable, judgement.surroundings) === undefined;
    if (isFresh || !mayAsk || this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.set(keyOf(observable), observable);
    this.#wake(0);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#abort.abort();
    await this.#asking;
  }

  #wake(delayMs: number): void {
    if (this.#asking !== undefined || this.#abort.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#asking = this.#drain().finally(() => {
        this.#asking = undefined;
      });
    }, delayMs);
  }

  async #drain(): Promise<void> {
    for (const [key, observable] of this.#waiting) {
      const permit = this.#ledger.permit('alert');
      if (!permit.granted) {
        // Set after the drain has ended, so that it is not refused as "already asking".
        setImmediate(() => this.#wake(Math.max(0, permit.retryAt - this.#options.now())));
        return;
      }
      this.#waiting.delete(key);
      await this.#ask(observable);
      if (this.#abort.signal.aborted) return;
    }
  }

  async #ask(observable: Observable): Promise<void> {
    const { store, judgement, onDecided, log, now } = this.#options;
    const source = this.#source.name;
    const at = now();
    const asked = { at, source, observable, lane: 'alert' } as const;
    const spending = store.transactDurably(() => {
      store.lookups.disclose(source, observable.value, at);
      return this.#ledger.spend('alert');
    });
    try {
      const report = await this.#source.lookUp(observable, this.#abort.signal);
      const { indicatorChanged } = store.transactDurably(() => {
        store.reports.keep(report);
        store.lookups.keep({ ...asked, outcome: report.outcome, tookMs: now() - at, error: undefined });
        return judgement.rejudge(observable);
      });
      if (indicatorChanged) onDecided();
    } catch (error) {
      const outcome = outcomeOf(error);
      // A bug is not an opinion that could not be had.
      if (outcome === undefined && !this.#abort.signal.aborted) throw error;
      const message = error instanceof Error ? error.message : String(error);
      store.transact(() => {
        this.#ledger.giveBack(spending);
        if (outcome !== undefined) store.lookups.keep({ ...asked, outcome, tookMs: now() - at, error: message });
      });
      log.debug('no second opinion', { source, observable: observable.value, err: error });
      if (error instanceof CredentialsError) this.#giveUp(error);
    }
  }

  /** A key that is refused would be refused again: everything that waits is let go, and status says so. */
  #giveUp(error: CredentialsError): void {
    this.#problem = `${error.message}. ${error.hint ?? ''}`.trim();
    this.#waiting.clear();
    this.#options.log.error('source is not asked any more', { source: this.#source.name, err: error });
  }
}
