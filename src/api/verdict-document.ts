import type { Observable } from '../core/observable.ts';
import { virusTotalPage } from '../core/permalink.ts';
import { enginesIn } from '../core/report.ts';
import type { Verdict } from '../core/verdict.ts';
import type { ControlStores } from './control-stores.ts';
import { type DocumentOf, documentOf } from './document.ts';

/** A verdict as it is shown: the decision, whether it was ever seen, and why asking brought no answer. */
export interface VerdictFacts extends Omit<Verdict, 'observable' | 'since' | 'judgedAt'> {
  readonly observable: string;
  readonly kind: Observable['kind'];
  /** Seen, asked about or named before. */
  readonly seen: boolean;
  /** Absent for what was never judged. */
  readonly since?: number;
  readonly judgedAt?: number;
  /** Only with `unasked`: why the last attempt brought no answer. */
  readonly lastError?: string;
  readonly lastErrorAt?: number;
  /** When the report that weighs most was asked for, and when its source had analysed it. Absent where there is none. */
  readonly askedAt?: number;
  readonly lastAnalysisAt?: number;
  /** VirusTotal's page of it, for a browser. */
  readonly permalink: string;
}

/** `GET /v1/verdicts/{observable}`. */
export type VerdictDocument = DocumentOf<VerdictFacts>;

const NEVER_ASKED = { code: 'unasked', text: 'No source has been asked about it yet.' };

/** The present verdict of an observable, `unasked` where there is none. */
export function verdictFactsOf(observable: Observable, stores: ControlStores): VerdictFacts {
  const verdict = stores.verdicts.find(observable);
  return verdict === undefined ? unaskedFacts(observable, stores) : judgedFacts(verdict, stores);
}

/** A verdict that is kept. */
export function judgedFacts(verdict: Verdict, stores: ControlStores): VerdictFacts {
  const { observable, ...rest } = verdict;
  const failure = verdict.state === 'unasked' ? lastFailure(observable, stores) : {};
  return {
    observable: observable.value,
    kind: observable.kind,
    seen: true,
    ...rest,
    ...failure,
    ...datesOf(observable, stores),
    permalink: virusTotalPage(observable),
  };
}

/** A verdict as JSON. */
export function verdictDocument(facts: VerdictFacts): VerdictDocument {
  return documentOf(facts);
}

function unaskedFacts(observable: Observable, stores: ControlStores): VerdictFacts {
  return {
    observable: observable.value,
    kind: observable.kind,
    seen: stores.observables.find(observable) !== undefined,
    state: 'unasked',
    strong: false,
    block: false,
    held: false,
    reasons: [NEVER_ASKED],
    policyLine: 'unasked: no report',
    ...lastFailure(observable, stores),
    permalink: virusTotalPage(observable),
  };
}

function datesOf(observable: Observable, stores: ControlStores): Pick<VerdictFacts, 'askedAt' | 'lastAnalysisAt'> {
  const latest = stores.reports.latest(observable);
  if (latest.length === 0) return {};
  const { askedAt, lastAnalysisAt } = latest.reduce((best, one) =>
    enginesIn(one.stats) > enginesIn(best.stats) ? one : best,
  );
  return { askedAt, ...(lastAnalysisAt === undefined ? {} : { lastAnalysisAt }) };
}

function lastFailure(observable: Observable, stores: ControlStores): Pick<VerdictFacts, 'lastError' | 'lastErrorAt'> {
  const asked = stores.lookups.last(observable);
  if (asked !== undefined && asked.outcome !== 'found' && asked.outcome !== 'not_found')
    return { lastError: asked.error ?? asked.outcome, lastErrorAt: asked.at };
  const lastError = stores.queue.find(observable)?.lastError;
  return lastError === undefined ? {} : { lastError };
}
