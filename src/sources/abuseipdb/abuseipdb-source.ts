import { CredentialsError } from '../../core/errors.ts';
import { parseIpAddress } from '../../core/ip-address.ts';
import type { Observable } from '../../core/observable.ts';
import { NO_STATS, type Report } from '../../core/report.ts';
import { InFlight } from '../in-flight.ts';
import { askJson, refusal, unavailable, wrongKind } from '../json-question.ts';
import type { Source } from '../source.ts';

export interface AbuseIpDbOptions {
  readonly apiKey: string;
  readonly now: () => number;
  /** Default: the vendor's. */
  readonly baseUrl?: string;
  /** For one answer; default 10 s. */
  readonly timeoutMs?: number;
}

/** https://docs.abuseipdb.com/#check-endpoint */
export const ABUSEIPDB_BASE_URL = 'https://api.abuseipdb.com/api/v2';

const TIMEOUT_MS = 10_000;
const MAX_AGE_DAYS = 90;

/** The score from which AbuseIPDB itself advises to block (its FAQ), and the one from which its word is worth a look. */
const MALICIOUS_SCORE = 75;
const SUSPICIOUS_SCORE = 25;

/**
 * AbuseIPDB: what people report of addresses that attacked them. Mostly of attackers from outside, so it is one engine's word
 * about an address a client of ours talks to, and never more. 1,000 questions a day with a free key.
 */
export class AbuseIpDbSource implements Source {
  readonly name = 'abuseipdb';
  readonly kinds: Source['kinds'] = new Set(['ip']);
  readonly #options: AbuseIpDbOptions;
  readonly #inFlight = new InFlight();

  constructor(options: AbuseIpDbOptions) {
    this.#options = options;
  }

  /** See `Source.lookUp`. @throws RefusedError for anything but an address. */
  lookUp(observable: Observable, signal: AbortSignal): Promise<Report> {
    return this.#inFlight.share(observable, signal, (shared) => this.#ask(observable, shared));
  }

  async #ask(observable: Observable, signal: AbortSignal): Promise<Report> {
    const { apiKey, baseUrl, timeoutMs, now } = this.#options;
    const what = `ask ${this.name} about ${observable.value}`;
    if (observable.kind !== 'ip') throw wrongKind(what, observable.kind, 'address');
    // Checked here because the platform's own complaint about a bad header quotes the header.
    if (!/^[\x21-\x7e]+$/.test(apiKey)) throw badKey(what, 'the key is empty or has a blank in it');
    const { status, json } = await askJson({
      url: `${baseUrl ?? ABUSEIPDB_BASE_URL}/check?ipAddress=${encodeURIComponent(observable.value)}&maxAgeInDays=${MAX_AGE_DAYS}`,
      headers: { key: apiKey, accept: 'application/json' },
      what,
      timeoutMs: timeoutMs ?? TIMEOUT_MS,
      signal,
      now,
    });
    if (status === 401 || status === 403) throw badKey(what, `it answered ${status}`);
    if (status === 422) throw refusal(what, 'status 422');
    const data = status === 200 ? checkOf(json, observable.value) : undefined;
    if (data === undefined) throw unavailable(what, status === 200 ? 'something else' : `status ${status}`);
    return reportOf(observable, data, now());
  }
}

interface Check {
  readonly score: number;
  readonly reports: number;
  readonly isWhitelisted: boolean;
  readonly usageType: string;
  readonly lastReportedAt: number | undefined;
}

/** The fields we use of `data`; `undefined` when one is missing or it is about another address. */
function checkOf(json: unknown, address: string): Check | undefined {
  const { data } = recordOf(json);
  const { ipAddress, abuseConfidenceScore: score, totalReports: reports, ...rest } = recordOf(data);
  const about = typeof ipAddress === 'string' ? parseIpAddress(ipAddress) : undefined;
  if (about?.ok !== true || about.value !== address) return undefined;
  if (typeof score !== 'number' || !(score >= 0 && score <= 100)) return undefined;
  if (typeof reports !== 'number' || !(reports >= 0)) return undefined;
  const { isWhitelisted, usageType, lastReportedAt } = rest;
  const last = typeof lastReportedAt === 'string' ? Date.parse(lastReportedAt) : Number.NaN;
  return {
    score,
    reports,
    isWhitelisted: isWhitelisted === true,
    usageType: printable(usageType),
    lastReportedAt: Number.isNaN(last) ? undefined : last,
  };
}

function reportOf(observable: Observable, check: Check, askedAt: number): Report {
  const category = categoryOf(check);
  const { lastReportedAt, reports, score, usageType } = check;
  return {
    observable,
    source: 'abuseipdb',
    // An address nobody ever reported is one it has no record of.
    outcome: reports === 0 && score === 0 && !check.isWhitelisted ? 'not_found' : 'found',
    askedAt,
    ...(lastReportedAt === undefined ? {} : { lastAnalysisAt: lastReportedAt }),
    stats: { ...NO_STATS, ...(reports === 0 && score === 0 ? {} : { [category ?? 'undetected']: 1 }) },
    flagged:
      category === undefined ? [] : [{ engine: 'AbuseIPDB', category, result: `confidence ${Math.round(score)}` }],
    reputation: 0,
    votes: { harmless: 0, malicious: 0 },
    categories: usageType === '' ? [] : [usageType],
    remarks: reports === 0 ? [] : [`${Math.round(reports)} reports in ${MAX_AGE_DAYS} days`],
    permalink: `https://www.abuseipdb.com/check/${observable.value}`,
  };
}

// Few reports in 90 days of an address it lists as well known (a search engine, a resolver) are noise.
function categoryOf({ score, isWhitelisted }: Check): 'malicious' | 'suspicious' | undefined {
  if (isWhitelisted || score < SUSPICIOUS_SCORE) return undefined;
  return score >= MALICIOUS_SCORE ? 'malicious' : 'suspicious';
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function printable(text: unknown): string {
  return typeof text === 'string' ? text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64) : '';
}

function badKey(what: string, is: string): CredentialsError {
  return new CredentialsError(`Cannot ${what}: ${is}, want a valid key`, {
    hint: 'Put the key of https://www.abuseipdb.com/account/api into the configured file.',
  });
}
