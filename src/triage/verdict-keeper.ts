import { type Surroundings, whyNeverBlock } from '../core/guards.ts';
import type { Indicator } from '../core/indicator.ts';
import { judge } from '../core/judge.ts';
import type { Observable } from '../core/observable.ts';
import type { Override } from '../core/override.ts';
import type { Pattern } from '../core/pattern.ts';
import { virusTotalPage } from '../core/permalink.ts';
import type { Policy } from '../core/policy.ts';
import type { Report } from '../core/report.ts';
import { sharedHosting } from '../core/shared-hosting.ts';
import type { Judgement, Reason, Verdict, VerdictState } from '../core/verdict.ts';
import { type DeviceUse, whyHeld } from './backtest.ts';
import { DEFAULT_RECHECKS, ESTABLISHED_AFTER_MS, type RecheckTable, recheckAt } from './recheck.ts';
import { confirmedAt, keptForNow, lastCallAt, withoutBlock } from './release.ts';
import { overrideFor } from './word-order.ts';

/** Where evidence is read and verdicts are kept. */
export interface VerdictBook {
  latestReports(observable: Observable): readonly Report[];
  find(observable: Observable): Verdict | undefined;
  /** Keeps a verdict and returns the state it had before. */
  keep(verdict: Verdict): VerdictState;
  remove(observable: Observable): void;
  /** How many answers were got at or after `since`. */
  answersSince(observable: Observable, since: number): number;
  want(indicator: Indicator): void;
  unwant(observable: Observable): boolean;
}

/** What is known of blocks beyond the verdict: it decides which of them wait, go on and end. */
export interface BlockBook {
  /** What is wanted published, whether or not it is past its end. */
  wanted(observable: Observable): Indicator | undefined;
  /** What the devices here did with it. */
  uses(observable: Observable): readonly DeviceUse[];
  /** The newest answer of any source, and the latest report of each source before it. */
  before(observable: Observable): { readonly newest: Report; readonly reports: readonly Report[] } | undefined;
}

export interface VerdictKeeperOptions {
  readonly book: VerdictBook;
  /** Absent: no block waits for a person, and none outlives the first answer that speaks against it. */
  readonly blocks?: BlockBook;
  readonly policy: () => Policy;
  readonly surroundings: () => Surroundings;
  /** The operator's words that hold now, the configuration's allow list included. */
  readonly overrides: () => readonly Override[];
  readonly now: () => number;
  /** Why the name counts as popular (`rank list of ...`), or undefined. Absent: nothing is popular. */
  readonly popular?: (observable: Observable) => string | undefined;
  /** Why strangers share its host, beyond what `sharedHosting` knows. */
  readonly sharing?: (observable: Observable) => string | undefined;
  /** How often operators overruled each voice here, by `familyOf`. */
  readonly corrections?: () => ReadonlyMap<string, number>;
  /** How long answers are trusted; `DEFAULT_RECHECKS` where absent. */
  readonly rechecks?: () => RecheckTable;
}

/** What judging again came to. */
export interface Rejudged {
  readonly verdict: Verdict | undefined;
  readonly before: VerdictState;
  /** The desired state of enforcement may have changed. */
  readonly indicatorChanged: boolean;
}

/** Judges an observable by what is known, keeps the verdict, and keeps the desired state in step with it. */
export class VerdictKeeper {
  readonly #options: VerdictKeeperOptions;

  constructor(options: VerdictKeeperOptions) {
    this.#options = options;
  }

  /** Judges from the kept reports and the operator's words. Call it inside the transaction that brought the evidence. */
  rejudge(observable: Observable): Rejudged {
    const { book } = this.#options;
    const reports = book.latestReports(observable);
    const override = overrideFor(observable, this.#options.overrides());
    const known = book.find(observable);
    if (reports.length === 0 && override === undefined) return this.#forget(observable, known);
    const judged = this.#judge(observable, reports, override);
    const kept = override === undefined ? this.#keptBlock(observable, judged, known) : undefined;
    const judgement = kept?.judgement ?? (override === undefined ? this.#ifConfirmed(judged, reports) : judged);
    const hold = override === undefined ? this.#hold(observable, judgement, known) : undefined;
    const verdict = this.#verdictOf({ observable, judgement, answered: judged.state, known, reports, hold });
    const before = book.keep(verdict);
    if (kept !== undefined) return { verdict, before, indicatorChanged: false };
    const indicatorChanged =
      verdict.block && !verdict.held ? this.#want(verdict, reports, override) : book.unwant(observable);
    return { verdict, before, indicatorChanged };
  }

  /** Until when an answer is trusted, judged by itself; `undefined` where no answer is ever asked for again. */
  trustedUntil(report: Report): number | undefined {
    const { observable, askedAt, createdAt = askedAt } = report;
    const { state } = this.#judge(observable, [report], undefined);
    const isOld = this.#options.now() - createdAt > ESTABLISHED_AFTER_MS;
    const established = isOld || this.#options.popular?.(observable) !== undefined;
    const facts = { kind: observable.kind, established };
    return recheckAt(state, 1, askedAt, facts, this.#options.rechecks?.() ?? DEFAULT_RECHECKS);
  }

  /** The block that goes on although the newest answer speaks against it, since it is the first one that does. */
  #keptBlock(
    observable: Observable,
    latest: Judgement,
    known: Verdict | undefined,
  ): { judgement: Judgement } | undefined {
    const { blocks, now } = this.#options;
    if (latest.block || latest.state === 'malicious' || !isBlockedByPolicy(known)) return undefined;
    const indicator = blocks?.wanted(observable);
    if (indicator === undefined || indicator.expiresAt <= now()) return undefined;
    const earlier = blocks?.before(observable);
    if (earlier === undefined || earlier.reports.length === 0) return undefined;
    const before = this.#judge(observable, earlier.reports, undefined);
    return before.block ? { judgement: keptForNow(before, latest, earlier.newest, indicator.expiresAt) } : undefined;
  }

  /** No block by evidence that nobody confirmed within `policy.block_expires`. */
  #ifConfirmed(judgement: Judgement, reports: readonly Report[]): Judgement {
    const { policy, now } = this.#options;
    const at = confirmedAt(reports);
    const isOver = judgement.block && at !== undefined && at + policy().blockExpiresMs <= now();
    return isOver ? withoutBlock(judgement, at) : judgement;
  }

  #hold(observable: Observable, judgement: Judgement, known: Verdict | undefined): Reason | undefined {
    const { blocks, policy } = this.#options;
    if (blocks === undefined) return undefined;
    return whyHeld(judgement, {
      known,
      isPublished: isBlockedByPolicy(known) && blocks.wanted(observable) !== undefined,
      holdIfSeenBy: policy().holdIfSeenBy,
      uses: () => blocks.uses(observable),
    });
  }

  #judge(observable: Observable, reports: readonly Report[], override: Override | undefined): Judgement {
    const guard = whyNeverBlock(observable, this.#options.surroundings());
    const shared = sharedHosting(observable) ?? this.#options.sharing?.(observable);
    const popular = this.#options.popular?.(observable);
    const evidence = {
      reports,
      ...(override === undefined ? {} : { override }),
      ...(guard === undefined ? {} : { guard }),
      ...(shared === undefined ? {} : { sharedHosting: shared }),
      ...(popular === undefined ? {} : { popular }),
      corrections: this.#options.corrections?.() ?? NO_CORRECTIONS,
      now: this.#options.now(),
    };
    return judge(evidence, this.#options.policy());
  }

  #want(verdict: Verdict, reports: readonly Report[], override: Override | undefined): boolean {
    const { book, policy } = this.#options;
    const report = reports.find((one) => one.outcome === 'found');
    const byOperator = override?.action === 'block';
    const confirmed = confirmedAt(reports) ?? verdict.judgedAt;
    book.want({
      observable: verdict.observable,
      subdomains: byOperator && override.pattern.kind === 'below' && patternIsOf(override.pattern, verdict.observable),
      source: byOperator ? 'operator' : (report?.source ?? 'operator'),
      ratio: verdict.ratio ?? '',
      strong: verdict.strong,
      engines: report?.stats.malicious ?? 0,
      permalink: report?.permalink ?? virusTotalPage(verdict.observable),
      since: verdict.since,
      expiresAt: byOperator ? (override.expiresAt ?? NEVER) : confirmed + policy().blockExpiresMs,
    });
    return true;
  }

  #verdictOf({ observable, judgement, answered, known, reports, hold }: VerdictParts): Verdict {
    const at = this.#options.now();
    const next = this.#recheckAt({ observable, judgement, answered, known, reports, hold }, at);
    return {
      ...judgement,
      ...(hold === undefined ? {} : { reasons: [...judgement.reasons, hold] }),
      observable,
      held: hold !== undefined,
      since: known?.state === judgement.state ? known.since : at,
      judgedAt: at,
      ...(next === undefined ? {} : { recheckAt: next }),
    };
  }

  #recheckAt({ observable, judgement, answered, known, reports }: VerdictParts, at: number): number | undefined {
    const { book, policy } = this.#options;
    const answeredAt = reports.reduce((latest, report) => Math.max(latest, report.askedAt), 0);
    if (answeredAt === 0) return undefined;
    const answers = known?.state === answered ? book.answersSince(observable, known.since) : 1;
    const old = reports.some(({ createdAt = at }) => at - createdAt > ESTABLISHED_AFTER_MS);
    const popular = this.#options.popular?.(observable) !== undefined;
    const facts = { kind: observable.kind, established: popular || old };
    const next = recheckAt(answered, answers, answeredAt, facts, this.#options.rechecks?.() ?? DEFAULT_RECHECKS);
    if (!judgement.block || next === undefined) return next;
    const { blockExpiresMs } = policy();
    const endsAt =
      answered === judgement.state
        ? (confirmedAt(reports) ?? answeredAt) + blockExpiresMs
        : (this.#options.blocks?.wanted(observable)?.expiresAt ?? answeredAt + blockExpiresMs);
    return Math.min(next, Math.max(answeredAt, lastCallAt(endsAt, blockExpiresMs)));
  }

  #forget(observable: Observable, known: Verdict | undefined): Rejudged {
    const { book } = this.#options;
    if (known !== undefined) book.remove(observable);
    return { verdict: undefined, before: known?.state ?? 'unasked', indicatorChanged: book.unwant(observable) };
  }
}

const NO_CORRECTIONS: ReadonlyMap<string, number> = new Map();

/** An operator's block without an end. The last instant a DATETIME column can hold with room to spare: 9000-01-01. */
const NEVER = Date.UTC(9000, 0, 1);

function patternIsOf(pattern: Extract<Pattern, { kind: 'below' }>, observable: Observable): boolean {
  return observable.kind === 'domain' && observable.value === pattern.domain;
}

interface VerdictParts {
  readonly observable: Observable;
  readonly judgement: Judgement;
  /** What the answers alone come to, by which they are asked for again. */
  readonly answered: VerdictState;
  readonly known: Verdict | undefined;
  readonly reports: readonly Report[];
  /** Why it waits for a person, where it does. */
  readonly hold: Reason | undefined;
}

/** The operator's word is no policy: what it published is judged anew when it is taken back. */
function isBlockedByPolicy(known: Verdict | undefined): boolean {
  return known?.block === true && !known.held && known.reasons[0]?.code !== 'operator_block';
}
