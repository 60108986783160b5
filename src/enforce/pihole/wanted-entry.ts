import { isCanary } from '../../core/canary.ts';
import { isWithin, parseDomainName } from '../../core/domain-name.ts';
import type { DesiredState, Indicator } from '../../core/indicator.ts';
import { type ObservableKey, observableOfKey } from '../../core/observable.ts';
import { placeOf } from '../../core/registrable-domain.ts';
import { type Steps, steps } from '../../lib/gently.ts';
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
  /** Made only when it is needed: of 50,000 names few become entries. */
  readonly comment: () => string;
  /** When it was decided: what a person deleted before that is published again. */
  readonly since: number;
  readonly strong: boolean;
  readonly engines: number;
}

/** The desired state as a Pi-hole sees it. */
export interface PiholePlan {
  /** Names alone. */
  readonly names: readonly WantedEntry[];
  /** Names with everything below them. */
  readonly wildcards: readonly WantedEntry[];
  readonly unsupported: ReadonlySet<ObservableKey>;
  /** Names that a Pi-hole should never be given, and why. */
  readonly refused: ReadonlyMap<ObservableKey, string>;
}

/**
 * Gravity waits for this name and does nothing when it does not resolve (gravity.sh); most lists come from its siblings.
 */
const NEEDED_BY_GRAVITY = ['raw.githubusercontent.com', 'github.com'];

/** Sorts out what a Pi-hole can hold, with pauses: of 100,000 names it takes a quarter of a second. */
export function* planForPihole(desired: DesiredState, screen: NameScreen): Steps<PiholePlan> {
  const unsupported = new Set<ObservableKey>();
  const refused = new Map<ObservableKey, string>();
  const names: WantedEntry[] = [];
  const wildcards: WantedEntry[] = [];
  yield* steps(desired, ([key, indicator]) => {
    const { kind, value } = indicator.observable;
    if (kind !== 'domain') {
      unsupported.add(key);
      return;
    }
    const why = screen.whyRefused(value);
    if (why !== undefined) refused.set(key, why);
    else (indicator.subdomains ? wildcards : names).push(wantedEntry(key, indicator));
  });
  screen.forgetBeyond(desired.size);
  return { names, wildcards, unsupported, refused };
}

/**
 * What our list holds of a plan: every domain, those with a regular expression and those refused here too. Canaries pass through
 * it in seconds and are no reason to have lists read again.
 */
export function listNames({ names, wildcards, refused }: PiholePlan): ReadonlySet<string> {
  const all = [...names, ...wildcards].map(({ name }) => name);
  for (const key of refused.keys()) all.push(observableOfKey(key).value);
  return new Set(all.filter((value) => !isCanary({ kind: 'domain', value })));
}

/** The strongest first, then the newest. */
export function byWorth(a: WantedEntry, b: WantedEntry): number {
  return (
    Number(b.strong) - Number(a.strong) || b.since - a.since || b.engines - a.engines || (a.name < b.name ? -1 : 1)
  );
}

/** Tells names that a Pi-hole should never be given: FTL itself takes anything. Remembers what it told of each. */
export class NameScreen {
  readonly #needed: readonly string[];
  readonly #told = new Map<string, string | undefined>();

  /** `needed` are hosts that the Pi-hole needs itself. */
  constructor(needed: readonly string[]) {
    this.#needed = [...NEEDED_BY_GRAVITY, ...needed];
  }

  /** Why a name is refused, or undefined. */
  whyRefused(name: string): string | undefined {
    if (this.#told.has(name)) return this.#told.get(name);
    const why = whyRefused(name, this.#needed);
    this.#told.set(name, why);
    return why;
  }

  /** Names come and go for months; twice what is wanted is enough to remember. */
  forgetBeyond(wanted: number): void {
    if (this.#told.size > 2 * wanted + 1000) this.#told.clear();
  }
}

/** The regular expression for a name and everything below it. A canonical name has no other special character. */
export function wildcardOf(name: string): string {
  return `(\\.|^)${name.replaceAll('.', '\\.')}$`;
}

/** The name that a regular expression of `wildcardOf` was made of. */
export function nameOfWildcard(item: string): string {
  return item.slice('(\\.|^)'.length, -1).replaceAll('\\.', '.');
}

function wantedEntry(key: ObservableKey, indicator: Indicator): WantedEntry {
  const name = indicator.observable.value;
  const place = indicator.subdomains
    ? ({ place: 'deny/regex', item: wildcardOf(name) } as const)
    : ({ place: 'deny/exact', item: name } as const);
  const { strong, engines, since } = indicator;
  return { key, ...place, name, comment: () => entryComment(indicator), since, strong, engines };
}

function whyRefused(name: string, needed: readonly string[]): string | undefined {
  const parsed = parseDomainName(name);
  if (!parsed.ok || parsed.value !== name) return 'not given to Pi-hole: it is no canonical name';
  if (placeOf(name).registrable === undefined) return 'not given to Pi-hole: it is a public suffix';
  const host = needed.find((one) => isWithin(one, name));
  return host === undefined ? undefined : `not given to Pi-hole: it needs ${host} itself`;
}
