import { getDomain } from 'tldts';
import { keyOf, type Observable } from '../core/observable.ts';
import type { Via } from '../core/sighting.ts';
import { hostOfUrl } from '../core/web-url.ts';
import { detached } from './detached.ts';
import { GenerationMap } from './generation-map.ts';
import type { IntakeLimits } from './intake-limits.ts';
import { ClientBudget, DomainBudget, Residents } from './newcomer-budget.ts';
import { PairMap } from './pair-map.ts';
import { newPair, type Pair } from './sighting-table.ts';

/** Whose budget of new names is spent: the client's, or that of all residents or all strangers together. */
interface OverBudget {
  readonly outcome: 'client_budget' | 'total_budget';
}

/** What became of something new: let in, counted on its registrable domain instead, or over a budget. */
export type Admission =
  | { readonly outcome: 'new' | 'folded'; readonly pair: Pair; readonly isFresh: boolean }
  | OverBudget;

const PSL = { allowPrivateDomains: true, validateHostname: false, detectIp: false, extractHostname: false } as const;
const OVER_CLIENT_BUDGET: OverBudget = { outcome: 'client_budget' };
const OVER_TOTAL_BUDGET: OverBudget = { outcome: 'total_budget' };
/** DNS names far more than the others do: what they name, it named before. */
const OTHERS_SHARE = 4;
/** Who was here an hour ago, and who was not: forged addresses spend what is the strangers' and leave the residents theirs. */
const RESIDENTS = 'residents';
const STRANGERS = 'strangers';

/**
 * Which (client, name) pairs were seen lately, and who may add to them. A client that invents names runs out of its
 * budget; a domain that shows too many hosts is folded: further hosts count as the registrable domain itself.
 */
export class KnownPairs {
  readonly #pairs: Readonly<Record<Via, PairMap<Pair>>>;
  readonly #hosts: GenerationMap<true>;
  readonly #clients: ClientBudget;
  readonly #residents = new Residents();
  readonly #total: ClientBudget;
  readonly #domains: DomainBudget;

  constructor(limits: IntakeLimits) {
    const map = (): PairMap<Pair> => new PairMap(Math.ceil(limits.maxKnownPairs / OTHERS_SHARE));
    this.#pairs = {
      dns: new PairMap(limits.maxKnownPairs),
      tls: map(),
      http: map(),
      quic: map(),
      file: map(),
      flow: map(),
      smtp: map(),
      alert: map(),
    };
    this.#hosts = new GenerationMap(limits.maxKnownPairs);
    this.#clients = new ClientBudget(limits.newNamesBurst, limits.newNamesPerSecond);
    this.#total = new ClientBudget(limits.totalNamesBurst, limits.totalNamesPerSecond);
    this.#domains = new DomainBudget(limits.newHostsPerDomainHour);
  }

  /** The pair of a client and a name as EVE spells them, the client with its closing quote as the fast path finds it. */
  find(via: Via, clientQuote: string, rawName: string): Pair | undefined {
    return this.#pairs[via].get(clientQuote, rawName);
  }

  /** How often pairs of DNS were forgotten that had not been asked for lately. */
  get dnsTurnovers(): number {
    return this.#pairs.dns.turnovers;
  }

  /** Lets something new in, as far as the budgets allow. `client` is canonical. */
  admit(via: Via, clientQuote: string, rawName: string, client: string, observable: Observable, at: number): Admission {
    const domain = registrableDomain(observable);
    const key = keyOf(observable);
    if (domain !== undefined && domain !== observable.value && !this.#hosts.has(key)) {
      if (!this.#domains.hasRoom(domain, at)) return this.#fold(via, clientQuote, domain, client, at);
      const over = this.#spend(client, at);
      if (over !== undefined) return over;
      this.#domains.count(domain, at);
      this.#hosts.set(key, true);
    } else {
      const over = this.#spend(client, at);
      if (over !== undefined) return over;
    }
    const pair = newPair(key, client, via);
    this.#remember(via, clientQuote, rawName, pair);
    return { outcome: 'new', pair, isFresh: true };
  }

  #fold(via: Via, clientQuote: string, domain: string, client: string, at: number): Admission {
    const known = this.#pairs[via].get(clientQuote, domain);
    if (known !== undefined) return { outcome: 'folded', pair: known, isFresh: false };
    const over = this.#spend(client, at);
    if (over !== undefined) return over;
    const pair = newPair(keyOf({ kind: 'domain', value: domain }), client, via);
    this.#remember(via, clientQuote, domain, pair);
    return { outcome: 'folded', pair, isFresh: true };
  }

  /** The client's own budget first, so that one client's flood is not spent from that of others. */
  #spend(client: string, at: number): OverBudget | undefined {
    if (!this.#clients.take(client, at)) return OVER_CLIENT_BUDGET;
    const all = this.#residents.has(client, at) ? RESIDENTS : STRANGERS;
    return this.#total.take(all, at) ? undefined : OVER_TOTAL_BUDGET;
  }

  #remember(via: Via, clientQuote: string, rawName: string, pair: Pair): void {
    // Other texts are found by the full parser only: their bytes as latin1 could be another name's text.
    if (PRINTABLE.test(clientQuote) && PRINTABLE.test(rawName)) {
      this.#pairs[via].set(detached(clientQuote), detached(rawName), pair);
    }
  }
}

const PRINTABLE = /^[\x20-\x7e]*$/;

function registrableDomain({ kind, value }: Observable): string | undefined {
  if (kind !== 'domain' && kind !== 'url') return undefined;
  const host = kind === 'url' ? hostOfUrl(value) : value;
  return getDomain(host, PSL) ?? undefined;
}
