import { parseDomainName } from './domain-name.ts';
import { parseIpAddress } from './ip-address.ts';
import { accepted, type Parsed, refused } from './parsed.ts';

/** Longer URLs are refused; VirusTotal and the feeds carry none that matter beyond it. */
export const MAX_URL_LENGTH = 2048;

/**
 * Parses an http or https URL into its canonical form: canonical host, no user info, no fragment, no default port.
 * The query is part of the value and stays on this machine: `urlForDisclosure` is what may be sent out.
 */
export function parseWebUrl(text: string): Parsed<string> {
  if (text === '') return refused('empty');
  if (text.length > MAX_URL_LENGTH) return refused('too_long');
  if (!/^https?:\/\//i.test(text)) return refused('bad_scheme');
  const url = URL.parse === undefined ? parseOrUndefined(text) : (URL.parse(text) ?? undefined);
  if (url === undefined) return refused('bad_url');
  const host = parseHost(url.hostname);
  if (!host.ok) return host;
  const port = url.port === '' ? '' : `:${url.port}`;
  const value = `${url.protocol}//${bracketed(host.value)}${port}${url.pathname}${url.search}`;
  // The platform percent-encodes controls, quotes, spaces and angle brackets; what it leaves is refused here.
  if (!/^[\x21-\x7e]+$/.test(value) || /["<>\\^`{|}]/.test(value)) return refused('bad_character');
  return value.length > MAX_URL_LENGTH ? refused('too_long') : accepted(value);
}

/** A canonical URL without its query: the only form that may leave this machine. */
export function urlForDisclosure(canonicalUrl: string): string {
  const query = canonicalUrl.indexOf('?');
  return query === -1 ? canonicalUrl : canonicalUrl.slice(0, query);
}

/** The host of a canonical URL: a canonical domain or address. */
export function hostOfUrl(canonicalUrl: string): string {
  const { hostname } = new URL(canonicalUrl);
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function parseHost(hostname: string): Parsed<string> {
  const address = parseIpAddress(hostname);
  return address.ok ? address : parseDomainName(hostname);
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function parseOrUndefined(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
