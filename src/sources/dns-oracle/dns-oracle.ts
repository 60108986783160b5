import type { Observable } from '../../core/observable.ts';
import { NO_STATS, type Report } from '../../core/report.ts';
import { InFlight } from '../in-flight.ts';
import { askJson, refusal, unavailable, wrongKind } from '../json-question.ts';
import type { Source } from '../source.ts';
import { type DnsAnswer, dnsAnswerOf } from './dns-answer.ts';

/** A pair of resolvers of one operator: one that blocks what it holds to be bad, and one that does not. */
export interface OracleService {
  readonly name: string;
  /** Its name as an engine. */
  readonly engine: string;
  readonly filteredUrl: string;
  readonly unfilteredUrl: string;
  /**
   * How the filtered one shows a block. `nxdomain`: it denies the name (Quad9, with "recursion available" off).
   * `null_address`: it answers 0.0.0.0 (Cloudflare).
   */
  readonly mark: 'nxdomain' | 'null_address';
}

/** https://quad9.net/service/service-addresses-and-features: `dns` blocks, `dns10` does not. */
export const QUAD9: OracleService = {
  name: 'quad9',
  engine: 'Quad9',
  filteredUrl: 'https://dns.quad9.net:5053/dns-query',
  unfilteredUrl: 'https://dns10.quad9.net:5053/dns-query',
  mark: 'nxdomain',
};

/** https://developers.cloudflare.com/1.1.1.1/setup/: `security` answers 0.0.0.0 for malware. */
export const CLOUDFLARE_SECURITY: OracleService = {
  name: 'cloudflare-security',
  engine: 'Cloudflare security',
  filteredUrl: 'https://security.cloudflare-dns.com/dns-query',
  unfilteredUrl: 'https://cloudflare-dns.com/dns-query',
  mark: 'null_address',
};

export interface DnsOracleOptions {
  readonly service: OracleService;
  readonly now: () => number;
  /** For one answer; default 5 s. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;
const NULL_ADDRESSES = new Set(['0.0.0.0', '::']);

/**
 * A filtering public resolver as a second opinion on a domain: one yes or no, no key, no quota.
 *
 * Privacy: its operator sees the name and this network's public address, as any resolver does that is not yours. It is off
 * unless configured, and asks nobody but that operator (whose unfiltered resolver confirms a block).
 *
 * Blocked is one engine's word. Not blocked is silence and acquits nobody: a report in which that engine is counted as
 * `undetected`. A name that does not exist at all is `not_found`.
 */
export class DnsOracle implements Source {
  readonly name: string;
  readonly kinds: Source['kinds'] = new Set(['domain']);
  readonly #options: DnsOracleOptions;
  readonly #inFlight = new InFlight();

  constructor(options: DnsOracleOptions) {
    this.#options = options;
    this.name = options.service.name;
  }

  /** See `Source.lookUp`. @throws RefusedError for anything but a domain. */
  lookUp(observable: Observable, signal: AbortSignal): Promise<Report> {
    return this.#inFlight.share(observable, signal, (shared) => this.#ask(observable, shared));
  }

  async #ask(observable: Observable, signal: AbortSignal): Promise<Report> {
    const { service } = this.#options;
    if (observable.kind !== 'domain')
      throw wrongKind(`ask ${this.name} about ${observable.value}`, observable.kind, 'domain');
    const filtered = await this.#resolve(service.filteredUrl, observable.value, signal);
    if (service.mark === 'nxdomain') return this.#byDenial(observable, filtered, signal);
    return this.#byNullAddress(observable, filtered, signal);
  }

  async #byDenial(observable: Observable, filtered: DnsAnswer, signal: AbortSignal): Promise<Report> {
    if (filtered.status === NO_ERROR && filtered.addresses.length > 0) return this.#report(observable, 'silent');
    // Recursion is always available there; a denial without it was made up by the filter.
    if (filtered.status === NO_SUCH_NAME && filtered.recursion === false) return this.#report(observable, 'blocked');
    const unfiltered = await this.#resolve(this.#options.service.unfilteredUrl, observable.value, signal);
    if (unfiltered.addresses.length > 0) return this.#report(observable, 'blocked');
    return this.#report(observable, unfiltered.status === NO_SUCH_NAME ? 'no_such_name' : 'silent');
  }

  async #byNullAddress(observable: Observable, filtered: DnsAnswer, signal: AbortSignal): Promise<Report> {
    if (filtered.status === NO_SUCH_NAME) return this.#report(observable, 'no_such_name');
    if (!isNull(filtered)) return this.#report(observable, 'silent');
    // Some owners point a name at 0.0.0.0 themselves: then the unfiltered resolver says so too.
    const unfiltered = await this.#resolve(this.#options.service.unfilteredUrl, observable.value, signal);
    return this.#report(observable, isNull(unfiltered) ? 'silent' : 'blocked');
  }

  async #resolve(url: string, name: string, signal: AbortSignal): Promise<DnsAnswer> {
    const { now, timeoutMs } = this.#options;
    const what = `ask ${this.name} about ${name}`;
    const { status, json } = await askJson({
      url: `${url}?name=${encodeURIComponent(name)}&type=A`,
      headers: { accept: 'application/dns-json' },
      what,
      timeoutMs: timeoutMs ?? TIMEOUT_MS,
      signal,
      now,
    });
    if (status === 400) throw refusal(what, 'status 400');
    const answer = status === 200 ? dnsAnswerOf(json, name) : undefined;
    if (answer === undefined) throw unavailable(what, status === 200 ? 'something else' : `status ${status}`);
    // A resolver that failed or refused knows nothing, and neither do we.
    if (answer.status !== NO_ERROR && answer.status !== NO_SUCH_NAME)
      throw unavailable(what, `DNS status ${answer.status}`);
    return answer;
  }

  #report(observable: Observable, answer: 'blocked' | 'silent' | 'no_such_name'): Report {
    const { service, now } = this.#options;
    const stats = { blocked: { malicious: 1 }, silent: { undetected: 1 }, no_such_name: {} }[answer];
    return {
      observable,
      source: this.name,
      outcome: answer === 'no_such_name' ? 'not_found' : 'found',
      askedAt: now(),
      stats: { ...NO_STATS, ...stats },
      flagged: answer === 'blocked' ? [{ engine: service.engine, category: 'malicious', result: 'blocked' }] : [],
      reputation: 0,
      votes: { harmless: 0, malicious: 0 },
      categories: [],
      remarks: [],
      permalink: '',
    };
  }
}

function isNull({ addresses }: DnsAnswer): boolean {
  return addresses.length > 0 && addresses.every((address) => NULL_ADDRESSES.has(address));
}
