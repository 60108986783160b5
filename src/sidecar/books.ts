import { voicesOf } from '../core/engine-families.ts';
import { keyOf, type Observable } from '../core/observable.ts';
import type { Pattern } from '../core/pattern.ts';
import { registrableDomain } from '../core/registrable-domain.ts';
import type { Store } from '../store/store.ts';
import type { QuestionBook } from '../triage/intake-desk.ts';
import type { LookupBook } from '../triage/lookup-desk.ts';
import type { OverrideBook } from '../triage/operator-desk.ts';
import type { SharedBook } from '../triage/shared-answers.ts';
import type { UpkeepBook } from '../triage/upkeep.ts';
import type { VerdictBook } from '../triage/verdict-keeper.ts';
import type { FeedWords } from './feed-words.ts';

/** How long things are kept, in milliseconds. */
export interface Retention {
  readonly sightingsMs: number;
  readonly reportsMs: number;
  readonly alertsMs: number;
}

/** Observables and questions that are looked at in one piece for what is past its retention: about a tenth of a second where all of it goes. */
const PRUNE_STEP = 2_000;

/** The store as the verdict keeper sees it. */
export function verdictBook(store: Store, words: FeedWords): VerdictBook {
  return {
    latestReports: (observable) => [...store.reports.latest(observable), ...words.reports(observable)],
    find: (observable) => store.verdicts.find(observable),
    keep: (verdict) => store.verdicts.keep(verdict),
    remove: (observable) => store.verdicts.remove(observable),
    answersSince: (observable, since) => store.reports.answersSince(observable, since),
    want: (indicator) => store.indicators.want(indicator),
    unwant: (observable) => store.indicators.unwant(observable),
  };
}

/** The store as the lookup desk sees it. */
export function lookupBook(store: Store): LookupBook {
  return {
    next: (lane, now) => store.queue.next(lane, now),
    remove: (observable) => store.queue.remove(observable),
    postpone: (observable, notBefore, error) => store.queue.postpone(observable, notBefore, error),
    lease: (observable, until) => store.queue.lease(observable, until),
    endLeases: () => store.queue.endLeases(),
    disclose: (source, sent, at) => store.lookups.disclose(source, sent, at),
    keepAsked: (asked) => store.lookups.keep(asked),
    keepReport: (report) => void store.reports.keep(report),
    durably: (work) => store.transactDurably(work),
  };
}

/** The store as the intake desk sees it. */
export function questionBook(store: Store): QuestionBook {
  return {
    put: (id, lane, worth, parts, now, origin) => store.queue.put(id, lane, worth, parts, now, origin),
    hasAnswer: (observable) => store.verdicts.find(observable) !== undefined,
    idOf: (observable, now) => store.observables.idOf(keyOf(observable), now).id,
    trim: (limit) => store.queue.trim(limit),
    rescore: (id, worth, parts) => store.queue.rescore(id, worth, parts),
    waitingFrom: (client, limit) => store.queue.waitingFrom(client, limit),
    waitingAfter: (id, limit) => store.queue.waitingAfter(id, limit),
  };
}

/** This sensor, as it speaks to the others. */
export interface Speaker {
  readonly sensor: string;
  readonly now: () => number;
}

/** The store as the operator desk sees it. */
export function overrideBook(store: Store, words: FeedWords, { sensor, now }: Speaker): OverrideBook {
  const { overrides, sharedOverrides } = store;
  return {
    learn: (pattern, voices) => store.corrections.learn(pattern, voices),
    unlearn: (pattern) => store.corrections.unlearn(pattern),
    accusers: (observable) => {
      const reports = [...store.reports.latest(observable), ...words.reports(observable)];
      const accusing = reports.flatMap((report) => report.flagged.filter((one) => one.category === 'malicious'));
      return [...voicesOf(accusing).keys()];
    },
    keep: (override) => {
      if (override.scope !== 'all') return overrides.keep(override);
      overrides.remove(override.pattern.text);
      sharedOverrides.say({ ...override, sensor, saidAt: override.createdAt });
    },
    remove: (pattern) => {
      const everywhere = sharedOverrides.find(pattern);
      if (everywhere !== undefined)
        sharedOverrides.say({ ...everywhere, action: 'forget', reason: '', sensor, saidAt: now() });
      return overrides.remove(pattern) || everywhere !== undefined;
    },
    ended: (at) => [...overrides.ended(at), ...sharedOverrides.ended(at)],
    end: ({ pattern, scope }) => {
      if (scope === 'all') sharedOverrides.end(pattern.text);
      else overrides.remove(pattern.text);
    },
    candidates: (pattern) => candidates(store, pattern),
    find: (observable) => store.verdicts.find(observable),
    isWanted: (observable) => store.indicators.find(observable) !== undefined,
    durably: (work) => store.transactDurably(work),
  };
}

/** The store as those see it who take over what other sensors were answered. */
export function sharedBook(store: Store): SharedBook {
  return {
    lastAskedAt: (observable, source) => store.reports.lastAskedAt(observable, source),
    takeOver: (report, now) => store.reports.takeOver(report, now),
    waits: (observable) => store.queue.find(observable) !== undefined,
    remove: (observable) => store.queue.remove(observable),
    addSaved: (count) => {
      const before = Number(store.outbox.recall('lookups_saved') ?? 0);
      store.outbox.remember('lookups_saved', String(before + count));
    },
    transact: (work) => store.transact(work),
  };
}

/** The store as upkeep sees it. */
export function upkeepBook(store: Store, retention: Retention): UpkeepBook {
  let cursor = 0;
  return {
    dueForRecheck: (now, limit) => store.queue.candidates.dueForRecheck(now, limit),
    expired: (now) => store.indicators.expired(now).map((indicator) => indicator.observable),
    durably: (work) => store.transactDurably(work),
    prune: (now) =>
      store.transact(() => {
        if (cursor === 0) {
          store.alerts.prune(now - retention.alertsMs);
          // What happened minute by minute is looked at beside the alerts.
          store.stats.prune(now - retention.alertsMs);
          store.piholeHits.prune(now - retention.alertsMs);
          store.quota.prune(now - DAY_MS);
        }
        if (cursor === 0) store.sightings.forgetClients();
        // A question goes with its answer; before names, which it would keep.
        const lookups = store.lookups.prune(now - retention.reportsMs, PRUNE_STEP);
        store.reports.prune(now - retention.reportsMs, cursor + 1, cursor + PRUNE_STEP);
        store.sightings.forgetBefore(now - retention.sightingsMs, cursor + 1, cursor + PRUNE_STEP);
        store.observables.forgetUnused(now - retention.sightingsMs, cursor + 1, cursor + PRUNE_STEP);
        cursor += PRUNE_STEP;
        const more = cursor < store.observables.highestId() || lookups === PRUNE_STEP;
        if (!more) cursor = 0;
        return more;
      }),
  };
}

const DAY_MS = 86_400_000;

function candidates(store: Store, pattern: Pattern): readonly Observable[] {
  if (pattern.kind === 'network')
    return [...store.observables.judgedOfKind('ip'), ...store.observables.judgedOfKind('url')];
  if (pattern.kind === 'below') return store.observables.judgedIn(registrableDomain(pattern.domain));
  const { observable } = pattern;
  return observable.kind === 'domain' ? store.observables.judgedIn(registrableDomain(observable.value)) : [];
}
