import { isIP } from 'node:net';
import { MAX_DOMAIN_LENGTH } from '../../core/domain-name.ts';
import type { Indicator } from '../../core/indicator.ts';
import type { Observable } from '../../core/observable.ts';
import { hostOfUrl, MAX_URL_LENGTH } from '../../core/web-url.ts';
import type { SidEntry } from './sid-range.ts';

/** What a rule does: `drop` only where Suricata is inline. */
export type RuleAction = 'alert' | 'drop';

/**
 * A class of Suricata's own classification.config (priority 1). An unknown one would load with a warning and priority 3.
 */
export const CLASSTYPE = 'trojan-activity';

/** One alert an hour for a pair of hosts: an address matches every packet of a flow. */
export const ONE_ALERT_AN_HOUR = 'threshold:type limit,track by_both,count 1,seconds 3600;';

/**
 * The rule of one indicator without `sid` and `rev`, or `undefined` for what has no rule of its own: a file (its hash
 * stands in a list) and an https URL (its path is never on the wire in the clear).
 *
 * A domain gets a single rule, on `dns.query`: an indicator has one sid for life, and a rule speaks one protocol. Its TLS,
 * HTTP and QUIC names are found by the rules over the datasets, which hold every domain.
 *
 * @throws Error when the value is not in the canonical form: it came past the parsers, and would be a rule injection.
 */
export function ruleBody(indicator: Indicator, action: RuleAction): string | undefined {
  const { kind, value } = indicator.observable;
  if (!isCanonical(indicator.observable)) {
    throw new Error(`Cannot render a rule for ${kind} ${JSON.stringify(value)}: it is not in canonical form`);
  }
  switch (kind) {
    case 'domain':
      return domainRule(indicator, action, value);
    case 'ip':
      // Both directions in one rule: an answer from a bad address counts as much as a call to it.
      return rule(indicator, `${action} ip any any <> ${value} any`, ONE_ALERT_AN_HOUR);
    case 'url':
      return value.startsWith('http://') ? urlRule(indicator, action, value) : undefined;
    case 'file':
      return undefined;
  }
}

/** A rule body with its sid and revision. */
export function numberedRule(body: string, { sid, rev }: SidEntry): string {
  return `${body.slice(0, -1)} sid:${sid}; rev:${rev};)`;
}

function domainRule(indicator: Indicator, action: RuleAction, name: string): string {
  // bsize makes it exact; without it "evil.example" would also be found in "notevil.example.net".
  const match = indicator.subdomains
    ? `dns.query; dotprefix; content:".${name}"; nocase; endswith;`
    : `dns.query; content:"${name}"; nocase; bsize:${name.length};`;
  return rule(indicator, `${action} dns any any -> any any`, match);
}

function urlRule(indicator: Indicator, action: RuleAction, text: string): string {
  const url = new URL(text);
  const path = `${url.pathname}${url.search}`;
  const host = url.host.endsWith(`:${url.port}`) ? url.host.slice(0, -url.port.length - 1) : url.host;
  // Suricata 7.0.10 leaves the case of a host alone when a port follows it, hence to_lowercase here.
  const match = `http.host; to_lowercase; content:"${content(host)}"; bsize:${host.length};`;
  // The decoded form catches other spellings of the same path; what holds escapes is compared as it was sent.
  const buffer = /^[\w./?=&~-]*$/.test(path) && !path.includes('//') ? 'http.uri' : 'http.uri.raw';
  const uri = `${buffer}; content:"${content(path)}"; bsize:${path.length};`;
  return rule(indicator, `${action} http any any -> any ${url.port === '' ? 'any' : url.port}`, `${match} ${uri}`);
}

function rule(indicator: Indicator, header: string, match: string): string {
  const { observable, source, ratio, permalink, since } = indicator;
  const subject = observable.kind === 'url' ? `a URL on ${hostOfUrl(observable.value)}` : observable.value;
  const judged = RATIO.test(ratio) ? `is malicious, ${ratio} engines` : `is listed by ${word(source)}`;
  const reference = REFERENCE.test(permalink) ? ` reference:url,${permalink.slice('https://'.length)};` : '';
  const metadata = [
    `source ${word(source)}`,
    ...(RATIO.test(ratio) ? [`ratio ${ratio}`] : []),
    `created_at ${new Date(since).toISOString().slice(0, 10).replaceAll('-', '_')}`,
    // A URL may hold what metadata cannot; its sid and the comment above the rule name it.
    ...(observable.kind === 'url' ? [] : [`observable ${observable.value}`]),
  ].join(', ');
  return `${header} (msg:"Home Network Guardian: ${subject} ${judged}"; ${match}${reference} classtype:${CLASSTYPE}; metadata:${metadata};)`;
}

const RATIO = /^\d{1,4}\/\d{1,4}$/;
/** Characters of a reference that need no care in a rule; other permalinks are left out. */
const REFERENCE = /^https:\/\/[a-z0-9][\w.:/=&?~%+-]{1,500}$/;

/** A feed's name comes from the user's config and may hold anything. */
function word(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 64) || 'unknown';
}

/** Hex for everything that means something inside `content`, or might. */
function content(text: string): string {
  return text.replace(/[^\w./?=&~%-]/g, (char) => `|${char.charCodeAt(0).toString(16).padStart(2, '0')}|`);
}

/** Whether a value is what the parsers of core make, as far as a rule or a line of a file could suffer from the rest. */
export function isCanonical({ kind, value }: Observable): boolean {
  switch (kind) {
    case 'domain':
      return value.length <= MAX_DOMAIN_LENGTH && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/.test(value);
    case 'ip':
      return isIP(value) !== 0 && /^[0-9a-f.:]+$/.test(value);
    case 'url':
      return value.length <= MAX_URL_LENGTH && /^https?:\/\/[\x21-\x7e]+$/.test(value) && isPlainUrl(value);
    case 'file':
      return /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/.test(value);
  }
}

function isPlainUrl(value: string): boolean {
  return !/["<>\\^`{|}#]/.test(value) && URL.canParse(value) && new URL(value).href === value;
}
