import { isCanary } from '../../core/canary.ts';
import type { DesiredState, Indicator } from '../../core/indicator.ts';
import type { LiveSet } from './datasets.ts';
import { isCanonical } from './rule-text.ts';

/** What came on top of a desired state, where that is all that happened: entries of sets that Suricata takes while it runs. */
export interface QuickAdditions {
  readonly entries: Readonly<Record<LiveSet, readonly string[]>>;
  readonly count: number;
  /** An addition gets a rule of its own, or a text changed: the rules file is to be made anew, in its own time. */
  readonly rulesOwed: boolean;
}

/** More than this are a drive of their own: see the bound on live changes. */
const MAX_ADDITIONS = 1500;

/**
 * Compares two desired states. Undefined when more happened than additions of single names and addresses: then everything is planned
 * anew. Removals are always planned, so that no rule outlives its indicator.
 */
export function quickAdditions(before: DesiredState, after: DesiredState): QuickAdditions | undefined {
  const names: string[] = [];
  const addresses: string[] = [];
  let kept = 0;
  let rulesOwed = false;
  for (const [key, indicator] of after) {
    const known = before.get(key);
    if (known !== undefined) {
      if (known.subdomains !== indicator.subdomains) return undefined;
      kept += 1;
      rulesOwed ||= known !== indicator && textDiffers(known, indicator);
      continue;
    }
    if (!isQuick(indicator) || names.length + addresses.length >= MAX_ADDITIONS) return undefined;
    (indicator.observable.kind === 'ip' ? addresses : names).push(indicator.observable.value);
    rulesOwed ||= !isCanary(indicator.observable);
  }
  if (kept !== before.size) return undefined;
  return { entries: { domains: names, dotted: [], ips: addresses }, count: after.size - kept, rulesOwed };
}

function isQuick({ observable, subdomains }: Indicator): boolean {
  return !subdomains && (observable.kind === 'domain' || observable.kind === 'ip') && isCanonical(observable);
}

function textDiffers(one: Indicator, other: Indicator): boolean {
  return (
    one.ratio !== other.ratio ||
    one.source !== other.source ||
    one.strong !== other.strong ||
    one.engines !== other.engines ||
    one.permalink !== other.permalink ||
    one.since !== other.since
  );
}
