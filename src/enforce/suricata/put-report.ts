import type { ObservableKey } from '../../core/observable.ts';
import type { DatasetChanges } from './dataset-files.ts';
import type { Publication } from './publication.ts';
import type { PutOutcome } from './rules-file.ts';

/** What was put in place, or not, and the plan that it is part of. */
export interface Put {
  readonly plan: Publication;
  readonly put: PutOutcome;
}

/** Whether a URL came, or anything with a rule of its own went. What came otherwise is in a dataset already. */
export function differ(before: ReadonlySet<string>, plan: Publication): boolean {
  for (const url of plan.onlyInRules) if (!before.has(url)) return true;
  for (const entry of before) {
    const stays = plan.onlyInRules.has(entry) || Object.values(plan.own).some((own) => own.has(entry));
    if (!stays) return true;
  }
  return false;
}

/** What is wanted and not in place, with the reason: what could not be planned, put or made live. */
export function failures(
  plan: Publication,
  put: PutOutcome,
  changes: DatasetChanges,
  live: ReadonlyMap<ObservableKey, string>,
): ReadonlyMap<ObservableKey, string> {
  const failed = new Map([...plan.failed, ...live]);
  if (put.outcome === 'refused') {
    for (const key of plan.onlyInRules) failed.set(key, `its rule was not put in place: ${put.reason}`);
    if (changes.hashes) {
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

/** How many of `keys` are not in `from`. */
export function countMissing(keys: ReadonlySet<ObservableKey>, from: ReadonlySet<ObservableKey>): number {
  let count = 0;
  for (const key of keys) if (!from.has(key)) count += 1;
  return count;
}
