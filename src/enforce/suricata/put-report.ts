import type { ObservableKey } from '../../core/observable.ts';
import { type DatasetChanges, hashesChanged } from './dataset-files.ts';
import { LIVE_SETS } from './datasets.ts';
import { entriesOf } from './live-sets.ts';
import type { OwnRules, Publication } from './publication.ts';
import type { PutOutcome } from './rules-file.ts';
import { keyOfEntry } from './set-entry.ts';

/** What was put in place, or not, and the plan that it is part of. */
export interface Put {
  readonly plan: Publication;
  readonly put: PutOutcome;
}

/**
 * Whether an indicator with a rule of its own is gone: its rule goes on alerting until Suricata reads its rules. One that only lost
 * its rule to a stronger one is not.
 */
export function anyRuleWent(before: OwnRules, { sets, onlyInRules }: Publication): boolean {
  const gone = LIVE_SETS.some((set) => [...before.own[set]].some((entry) => !sets[set].has(entry)));
  return gone || [...before.urls].some((url) => !onlyInRules.has(url));
}

/** Whether a URL came, which no dataset holds. */
export function anyUrlCame({ urls }: OwnRules, { onlyInRules }: Publication): boolean {
  return [...onlyInRules].some((url) => !urls.has(url));
}

/** How much a drive put in place and took away. */
export function countsOf(
  { live, hashes }: DatasetChanges,
  before: ReadonlySet<ObservableKey>,
  urls: ReadonlySet<ObservableKey>,
): { readonly added: number; readonly removed: number } {
  const keys = (side: 'added' | 'removed') => new Set(entriesOf(live, side).map(keyOfEntry));
  const [came, went] = [keys('added'), keys('removed')];
  return {
    // What only changed its set, a name that became a wildcard, is neither.
    added: [...came].filter((key) => !went.has(key)).length + hashes.added + countMissing(urls, before),
    removed: [...went].filter((key) => !came.has(key)).length + hashes.removed + countMissing(before, urls),
  };
}

/** What is wanted and not in place, with the reason: what could not be put or made live. */
export function failures(
  plan: Publication,
  put: PutOutcome,
  changes: DatasetChanges,
  live: ReadonlyMap<ObservableKey, string>,
): ReadonlyMap<ObservableKey, string> {
  const failed = new Map(live);
  if (put.outcome === 'refused') {
    for (const key of plan.onlyInRules) failed.set(key, `its rule was not put in place: ${put.reason}`);
    if (hashesChanged(changes)) {
      for (const list of Object.values(plan.hashes)) {
        for (const key of list.values()) failed.set(key, `the rule over hashes was not put in place: ${put.reason}`);
      }
    }
  }
  return failed;
}

/** What a person should know of the rules. */
export function noticeOf(put: PutOutcome, notice: string | undefined): { readonly notice?: string } {
  const parts = [
    ...(put.outcome === 'refused' ? [`rules were not put in place: ${put.reason}`] : []),
    ...(notice === undefined ? [] : [notice]),
  ];
  return parts.length === 0 ? {} : { notice: parts.join('; ') };
}

function countMissing(keys: ReadonlySet<ObservableKey>, from: ReadonlySet<ObservableKey>): number {
  let count = 0;
  for (const key of keys) if (!from.has(key)) count += 1;
  return count;
}
