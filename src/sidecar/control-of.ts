import type { ControlDependencies } from '../api/control-dependencies.ts';
import type { OverrideOutcome, PublishOutcome, TargetOutcome } from '../api/publish-outcome.ts';
import type { StatusFacts } from '../api/status-facts.ts';
import type { Config } from '../config/schema.ts';
import type { DesiredState } from '../core/indicator.ts';
import { judge } from '../core/judge.ts';
import type { Observable } from '../core/observable.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Canary } from '../enforce/canary/canary.ts';
import { LIST_FORMATS } from '../enforce/lists/list-format.ts';
import { renderJson, renderList } from '../enforce/lists/render-list.ts';
import type { Publisher } from '../enforce/publisher.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Store } from '../store/store.ts';
import type { WordOutcome } from '../triage/operator-desk.ts';
import { whyHolds } from '../triage/word-order.ts';
import type { FeedWords } from './feed-words.ts';
import type { Fleet } from './fleet.ts';
import type { Judgement } from './judgement.ts';
import type { Questions } from './questions.ts';
import { reportOf } from './report-of.ts';

export interface ControlParts {
  readonly config: Config;
  readonly version: string;
  readonly store: Store;
  readonly judgement: Judgement;
  readonly words: FeedWords;
  readonly questions: Questions;
  readonly publisher: Publisher;
  /** Absent where there are no other sensors. */
  readonly fleet: Fleet | undefined;
  readonly canary: Canary;
  readonly metrics: Metrics;
  readonly status: () => StatusFacts;
  readonly ready: () => { readonly ready: boolean; readonly why: readonly string[] };
  readonly suricataRules: (desired: DesiredState) => string;
  readonly log: Log;
  readonly now: () => number;
}

/** What the control API reads and sets in motion, made of the parts. */
export function controlOf(parts: ControlParts): ControlDependencies {
  const { store, judgement, questions, publisher, metrics } = parts;
  return {
    stores: store,
    lookUp: (observable, { refresh }) => lookUp(parts, observable, refresh),
    publish: async ({ dryRun }) => (dryRun ? preview(publisher) : publishNow(parts)),
    runCanary: () => parts.canary.run(),
    setOverride: (override) => spoken(parts, told(parts, judgement.operator.say(override))),
    forget: async (pattern) => {
      const { forgotten, ...outcome } = judgement.operator.forget(pattern);
      return { forgotten, ...(await spoken(parts, told(parts, outcome))) };
    },
    fleetSensor: () => (parts.fleet === undefined ? undefined : parts.config.sensor),
    whyHolds: (observable) => whyHolds(observable, judgement.overrides()),
    elsewhere: async (observables) =>
      parts.fleet === undefined ? undefined : ((await parts.fleet.elsewhere(observables)) ?? 'away'),
    configuredOverrides: () => judgement.configuredOverrides,
    neverAsk: (observable) => questions.neverAsk(observable),
    neverBlock: (observable) => judgement.neverBlock(observable),
    sidOf: (key) => store.sids.find(key),
    feedReports: (observable) => parts.words.reports(observable),
    worthOf: (observable) => questions.worthOf(observable),
    servedBy: (observable) => questions.serviceOf(observable),
    disclosuresOf: (sent) => store.lookups.disclosuresOf(sent),
    status: parts.status,
    report: (since) => reportOf({ store, status: parts.status(), policy: judgement.policy, since, now: parts.now() }),
    exportAs: (format) => exported(parts, format),
    metricsText: () => metrics.render(),
    ready: parts.ready,
    now: parts.now,
    log: parts.log,
    version: parts.version,
  };
}

/** The verdict from what is known; asks when nothing is, or with `refresh`. */
async function lookUp(parts: ControlParts, observable: Observable, refresh: boolean): Promise<Verdict> {
  const known = parts.store.verdicts.find(observable);
  if (known !== undefined && !refresh) return known;
  const { verdict } = await parts.questions.askNow(observable, refresh);
  return verdict ?? unasked(parts, observable);
}

function unasked({ judgement, now, config }: ControlParts, observable: Observable): Verdict {
  const guard = judgement.neverBlock(observable);
  const judged = judge({ reports: [], ...(guard === undefined ? {} : { guard }) }, config.policy);
  return { ...judged, observable, held: false, since: now(), judgedAt: now() };
}

/** The other sensors hear of it, now or when they are in reach. */
function told<T extends WordOutcome>({ fleet, store }: ControlParts, outcome: T): T {
  if (fleet === undefined || store.sharedOverrides.pending(1).length === 0) return outcome;
  fleet.tell();
  if (fleet.isWell) return outcome;
  const away = 'The central database is away: the other sensors hear of it when it is back.';
  return { ...outcome, conflicts: [...outcome.conflicts, away] };
}

async function spoken(parts: ControlParts, outcome: WordOutcome): Promise<OverrideOutcome> {
  const { targets } = await publishNow(parts);
  return { ...outcome, targets };
}

async function preview(publisher: Publisher): Promise<PublishOutcome> {
  const changes = await publisher.preview();
  const targets = changes.map(({ target, add, remove }) => ({
    target,
    added: add,
    removed: remove,
    published: 0,
    proved: 0,
    failed: [],
  }));
  return { targets };
}

async function publishNow({ store, publisher }: ControlParts): Promise<PublishOutcome> {
  const changes = new Map((await publisher.preview()).map((one) => [one.target, one]));
  const results = await publisher.publish();
  const counts = store.publications.counts();
  const targets = results.map((result): TargetOutcome => {
    const count = counts.get(result.target) ?? { published: 0, proved: 0, failed: 0 };
    const { outcome, error } = result;
    return {
      target: result.target,
      added: changes.get(result.target)?.add ?? [],
      removed: changes.get(result.target)?.remove ?? [],
      published: count.published + count.proved,
      proved: count.proved,
      failed: [...(outcome?.declined ?? []), ...(outcome?.failed ?? [])].map(([key, why]) => ({ key, error: why })),
      ...(outcome?.notice === undefined ? {} : { notice: outcome.notice }),
      ...(error === undefined ? {} : { error }),
    };
  });
  return { targets };
}

function exported(parts: ControlParts, name: string): string | undefined {
  const desired = parts.store.indicators.desired(parts.now());
  if (name === 'json') return renderJson(desired);
  if (name === 'suricata') return parts.suricataRules(desired);
  const format = LIST_FORMATS.get(name);
  return format === undefined
    ? undefined
    : renderList(format, desired, parts.config.sensor, Math.floor(parts.now() / 1000));
}
