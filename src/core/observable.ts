import { parseDomainName } from './domain-name.ts';
import { parseFileHash } from './file-hash.ts';
import { parseIpAddress } from './ip-address.ts';
import { accepted, type Parsed } from './parsed.ts';
import { parseWebUrl } from './web-url.ts';

/** What kinds of thing are seen, asked about and blocked. */
export const OBSERVABLE_KINDS = ['domain', 'ip', 'url', 'file'] as const;
export type ObservableKind = (typeof OBSERVABLE_KINDS)[number];

/**
 * Something seen on the network. `value` is always canonical: only the parsers of this folder make one,
 * so whoever renders it (rule, list, SQL, page, terminal) needs no escaping.
 */
export interface Observable {
  readonly kind: ObservableKind;
  readonly value: string;
}

/** One string for an observable, usable as a map key: `domain:example.com`. */
export type ObservableKey = string;

// Shared by all: made anew for each of 100,000 indicators, such short texts take megabytes.
const PREFIXES: Readonly<Record<ObservableKind, string>> = { domain: 'domain:', ip: 'ip:', url: 'url:', file: 'file:' };

/** The key of an observable. Two observables are the same thing exactly when their keys are equal. */
export function keyOf(observable: Observable): ObservableKey {
  return PREFIXES[observable.kind] + observable.value;
}

/** The observable of a key made by `keyOf`. */
export function observableOfKey(key: ObservableKey): Observable {
  const kind = OBSERVABLE_KINDS.find((one) => key.startsWith(PREFIXES[one])) ?? 'domain';
  return { kind, value: key.slice(PREFIXES[kind].length) };
}

/**
 * Parses what a person or a feed wrote: a domain, an address, a URL (`http://`, `https://`) or a hash.
 * The kind is told from the text.
 */
export function parseObservable(text: string): Parsed<Observable> {
  const trimmed = text.trim();
  if (/^https?:\/\//i.test(trimmed)) return as('url', parseWebUrl(trimmed));
  const hash = parseFileHash(trimmed);
  if (hash.ok) return as('file', hash);
  const address = parseIpAddress(trimmed);
  if (address.ok) return as('ip', address);
  return as('domain', parseDomainName(trimmed));
}

/** Parses a text whose kind is already known. */
export function parseObservableOf(kind: ObservableKind, text: string): Parsed<Observable> {
  return as(kind, PARSERS[kind](text));
}

const PARSERS: Record<ObservableKind, (text: string) => Parsed<string>> = {
  domain: parseDomainName,
  ip: parseIpAddress,
  url: parseWebUrl,
  file: parseFileHash,
};

function as(kind: ObservableKind, parsed: Parsed<string>): Parsed<Observable> {
  return parsed.ok ? accepted({ kind, value: parsed.value }) : parsed;
}
