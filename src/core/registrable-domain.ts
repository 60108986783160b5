import { parse } from 'tldts';

/** Where a canonical name stands in the Public Suffix List (https://publicsuffix.org), private section included. */
export interface DomainPlace {
  /** The name a customer registers or a tenant gets: `example.co.uk`, `alice.github.io`. Absent for a bare suffix. */
  readonly registrable: string | undefined;
  readonly suffix: string;
  /** The suffix belongs to a company that hands out names below it: `github.io`, `cloudfront.net`. */
  readonly sharedSuffix: boolean;
  /** The top-level domain is one that exists; a name without one (`nas.fritzbox`) is somebody's internal name. */
  readonly delegated: boolean;
}

const OPTIONS = { allowPrivateDomains: true, validateHostname: false, extractHostname: false } as const;

/** The last two names looked up: a host and its domain are asked about in turn, some ten times each. */
let last: { readonly name: string; readonly place: DomainPlace } | undefined;
let before: typeof last;

/** Looks a canonical domain name up in the Public Suffix List. */
export function placeOf(name: string): DomainPlace {
  if (last?.name === name) return last.place;
  const found = before?.name === name ? before : { name, place: lookedUp(name) };
  before = last;
  last = found;
  return found.place;
}

function lookedUp(name: string): DomainPlace {
  const found = parse(name, OPTIONS);
  return {
    registrable: found.domain ?? undefined,
    suffix: found.publicSuffix ?? name,
    sharedSuffix: found.isPrivate ?? false,
    delegated: (found.isIcann ?? false) || (found.isPrivate ?? false),
  };
}

/** The registrable domain of a canonical name, or the name itself where it is a bare suffix. */
export function registrableDomain(name: string): string {
  return placeOf(name).registrable ?? name;
}
