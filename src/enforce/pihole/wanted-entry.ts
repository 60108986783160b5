import { isWithin, parseDomainName } from '../../core/domain-name.ts';
import type { DesiredState, Indicator } from '../../core/indicator.ts';
import type { ObservableKey } from '../../core/observable.ts';
import { placeOf } from '../../core/registrable-domain.ts';
import { entryComment } from './entry-comment.ts';
import type { EntryPlace } from './pihole-book.ts';

/** An entry that should stand in Pi-hole's domain list. */
export interface WantedEntry {
  readonly key: ObservableKey;
  readonly place: EntryPlace;
  /** What Pi-hole is given. */
  readonly item: string;
  /** The name that a proof asks about. */
  readonly name: string;
  readonly comment: string;
  /** When it was decided: what a person deleted before that is published again. */
  readonly since: number;
}

/** The desired state as a Pi-hole sees it. */
export interface PiholePlan {
  /** Names alone, the strongest first, then the newest. */
  readonly names: readonly WantedEntry[];
  /** Names with everything below them, likewise. */
  readonly wildcards: readonly WantedEntry[];
  readonly unsupported: ReadonlySet<ObservableKey>;
  /** Names that a Pi-hole should never be given, and why. */
  readonly refused: ReadonlyMap<ObservableKey, string>;
}

/**
 * Gravity waits for this name and does nothing when it does not resolve (gravity.sh); most lists come from its siblings.
 */
const NEEDED_BY_GRAVITY = ['raw.githubusercontent.com', 'github.com'];

/** Sorts the indicators a Pi-hole can hold; `needed` are hosts that it needs itself. FTL takes anything, so this does not. */
export function planForPihole(desired: DesiredState, needed: readonly string[]): PiholePlan {
  const unsupported = new Set<ObservableKey>();
  const refused = new Map<ObservableKey, string>();
  const names: [Indicator, WantedEntry][] = [];
  const wildcards: [Indicator, WantedEntry][] = [];
  const kept = [...NEEDED_BY_GRAVITY, ...needed];
  for (const [key, indicator] of desired) {
    const { kind, value } = indicator.observable;
    if (kind !== 'domain') {
      unsupported.add(key);
      continue;
    }
    const why = whyRefused(value, kept);
    if (why !== undefined) refused.set(key, why);
    else (indicator.subdomains ? wildcards : names).push([indicator, wantedEntry(key, indicator)]);
  }
  return { names: inOrder(names), wildcards: inOrder(wildcards), unsupported, refused };
}

/** The regular expression for a name and everything below it. A canonical name has no other special character. */
export function wildcardOf(name: string): string {
  return `(\\.|^)${name.replaceAll('.', '\\.')}$`;
}

function wantedEntry(key: ObservableKey, indicator: Indicator): WantedEntry {
  const name = indicator.observable.value;
  const place = indicator.subdomains
    ? ({ place: 'deny/regex', item: wildcardOf(name) } as const)
    : ({ place: 'deny/exact', item: name } as const);
  return { key, ...place, name, comment: entryComment(indicator), since: indicator.since };
}

function whyRefused(name: string, needed: readonly string[]): string | undefined {
  const parsed = parseDomainName(name);
  if (!parsed.ok || parsed.value !== name) return 'not given to Pi-hole: it is no canonical name';
  if (placeOf(name).registrable === undefined) return 'not given to Pi-hole: it is a public suffix';
  const host = needed.find((one) => isWithin(one, name));
  return host === undefined ? undefined : `not given to Pi-hole: it needs ${host} itself`;
}

function inOrder(entries: [Indicator, WantedEntry][]): readonly WantedEntry[] {
  return entries
    .sort(
      ([a], [b]) =>
        Number(b.strong) - Number(a.strong) ||
        b.since - a.since ||
        b.engines - a.engines ||
        (a.observable.value < b.observable.value ? -1 : 1),
    )
    .map(([, entry]) => entry);
}
