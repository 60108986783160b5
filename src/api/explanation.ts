import type { Indicator } from '../core/indicator.ts';
import { keyOf, type Observable } from '../core/observable.ts';
import { covers } from '../core/pattern.ts';
import { detectionRatio, enginesIn, enginesWithOpinion, type Report } from '../core/report.ts';
import { sharedHosting } from '../core/shared-hosting.ts';
import { urlForDisclosure } from '../core/web-url.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import type { AskedFacts, WaitingQuestion } from './control-stores.ts';
import { type DocumentOf, documentOf } from './document.ts';
import { summaryOf } from './explanation-summary.ts';
import { overrideFacts, overridesInForce } from './override-facts.ts';
import type { IndicatorFacts, ReportFacts, Story, WaitingFacts } from './story.ts';
import { verdictFactsOf } from './verdict-document.ts';

/** The whole story of an observable, with its summary. */
export interface Explanation extends Story {
  /** Two to four sentences for a worried person. */
  readonly summary: string;
}

/** `GET /v1/explain/{observable}`. */
export type ExplanationDocument = DocumentOf<Explanation>;

/** Alerts shown; more of the same tell no more. */
const MAX_ALERTS = 50;

/** Gathers the whole story of an observable. */
export function explain(observable: Observable, dependencies: ControlDependencies): ExplanationDocument {
  const story = storyOf(observable, dependencies);
  // The summary stands at the head, where a person with curl sees it first.
  return documentOf<Explanation>({ summary: summaryOf(story), ...story });
}

function storyOf(observable: Observable, dependencies: ControlDependencies): Story {
  const { stores } = dependencies;
  const stored = stores.observables.find(observable);
  const sent = observable.kind === 'url' ? urlForDisclosure(observable.value) : observable.value;
  return {
    observable: observable.value,
    kind: observable.kind,
    seen: stored !== undefined,
    ...(stored === undefined ? {} : { firstSeenAt: stored.firstSeenAt }),
    ...present('registrable', stored?.registrable),
    verdict: verdictFactsOf(observable, stores),
    ...present('sharedHosting', sharedHosting(observable)),
    ...present('neverAsk', dependencies.neverAsk(observable)),
    ...present('neverBlock', dependencies.neverBlock(observable)),
    clients: stored === undefined ? [] : stores.sightings.clientsOf(stored.id),
    ...present('waiting', waitingFacts(stores.queue.find(observable))),
    ...(dependencies.neverAsk(observable) === undefined ? { worth: dependencies.worthOf(observable) } : {}),
    ...present('lastQuestion', askedFacts(stores.lookups.last(observable))),
    ...present('servedBy', dependencies.servedBy(observable)?.why),
    reports: [...stores.reports.history(observable), ...dependencies.feedReports(observable)].map(reportFacts),
    history: stores.verdicts.history(observable),
    overrides: overridesInForce(dependencies)
      .filter(({ pattern }) => covers(pattern, observable))
      .map(overrideFacts),
    ...present('overrideConflict', dependencies.whyHolds(observable)),
    ...present('indicator', indicatorFacts(stores.indicators.find(observable))),
    publications: stores.publications.of(observable),
    ...present('sid', dependencies.sidOf(keyOf(observable))),
    alerts: stores.alerts.of(observable, MAX_ALERTS).map(({ observable: _, ...alert }) => alert),
    disclosures: dependencies.disclosuresOf(sent),
  };
}

function reportFacts(stored: Report): ReportFacts {
  const { observable: _, ...report } = stored;
  return {
    ...report,
    ratio: detectionRatio(stored),
    engines: enginesIn(report.stats),
    enginesWithOpinion: enginesWithOpinion(report.stats),
  };
}

function waitingFacts(question: WaitingQuestion | undefined): WaitingFacts | undefined {
  if (question === undefined) return undefined;
  const { lane, score, parts, enqueuedAt, notBefore, attempts, lastError } = question;
  return { lane, score, parts, enqueuedAt, notBeforeAt: notBefore, attempts, lastError };
}

// The store's rows carry the observable too; here it would only repeat the document's head.
function askedFacts(asked: AskedFacts | undefined): AskedFacts | undefined {
  if (asked === undefined) return undefined;
  const { at, source, lane, outcome, tookMs, error } = asked;
  return { at, source, lane, outcome, tookMs, error };
}

function indicatorFacts(indicator: Indicator | undefined): IndicatorFacts | undefined {
  if (indicator === undefined) return undefined;
  const { source, ratio, subdomains, since, expiresAt } = indicator;
  return { source, ratio, subdomains, since, expiresAt };
}

function present<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}
