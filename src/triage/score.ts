import type { ObservableKind } from '../core/observable.ts';
import type { Via } from '../core/sighting.ts';
import type { VerdictState } from '../core/verdict.ts';
import type { LexicalParts } from './lexical-model.ts';

/** What is known of an observable when its worth is reckoned. What is absent is unknown and weighs nothing. */
export interface Signals {
  readonly kind: ObservableKind;
  readonly via: Via;
  /** Suricata alerted on it. */
  readonly alerted: boolean;
  /** The host is one customer's below a suffix or network shared by many. */
  readonly shared: boolean;
  /** Feeds that name it. */
  readonly feeds?: readonly string[] | undefined;
  /** What its label and suffix say; never given for a shared host, whose label a machine or a customer made up. */
  readonly lexical?: (LexicalParts & { readonly bias: number }) | undefined;
  /** What the shared suffix alone says (log-odds). */
  readonly sharedSuffix?: number | undefined;
  /** It stands below a provider of dynamic DNS or of free sites. */
  readonly dynamicDns?: boolean | undefined;
  /** Its registrable domain is in a list of popular ones. */
  readonly popular?: boolean | undefined;
  /** The Latin name it can be taken for. */
  readonly homograph?: string | undefined;
  /** It was answered NXDOMAIN when it was first seen. */
  readonly nxdomain?: boolean | undefined;
  /** The client that saw it is asking for many invented names that do not exist. */
  readonly burst?: boolean | undefined;
  /** The client seldom meets anything new. */
  readonly quietClient?: boolean | undefined;
  /** Distinct clients that used it or a host below it. */
  readonly clients?: number | undefined;
  /** Days since it, or a host below it, was first seen here. */
  readonly knownDays?: number | undefined;
  /** By how many questions its client is above its share of the day. */
  readonly flood?: number | undefined;
  /** What it is held to be already, and whether it is blocked for it: a re-check. */
  readonly held?:
    | {
        readonly state: VerdictState;
        readonly blocked: boolean;
        readonly newClient: boolean;
        /** Nobody used it since it was answered. */
        readonly idle: boolean;
      }
    | undefined;
  /** The answer of its registrable domain, where that did not settle it. */
  readonly parent?: VerdictState | undefined;
}

/** A worth and what it is made of, by name. */
export interface Score {
  readonly total: number;
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * From this worth on a question may run ahead of the even flow. With the built-in model and nothing else known, one benign name in
 * twenty reaches it, and six in ten of malware families the model never saw.
 */
export const URGENT_WORTH = 10.7;

/** A name says most per question; an address is shared by many; a URL's host answers for most URLs. */
const WORTH_OF_KIND: Readonly<Record<ObservableKind, number>> = { domain: 10, file: 9, ip: 5, url: 2 };

/** An alert is somebody's evidence already: it outweighs everything that is only a suspicion. */
const WORTH_OF_ALERT = 100;

/** So is a feed's word. Always verified, and less pressing than what Suricata saw happen. */
const WORTH_OF_FEED = 60;

/** Hosts of shared networks are many, change daily, and most of them are harmless. */
const WORTH_OF_SHARED = -3;

/** Of 57,064 malware names below dynamic-DNS suffixes, popularity lists knew one (own measurement on public lists). */
const WORTH_OF_DYNAMIC_DNS = 4;

/** A demotion and no more: 122 of 128 names of one DGA family stand in a popularity list, since bots keep asking for them. */
const WORTH_OF_POPULAR = -5;

/** Rare on a home network (26 in 100,000 popular names are punycode at all), so it costs little to look. */
const WORTH_OF_HOMOGRAPH = 6;

/** A name that exists, from a client that is trying invented ones: what a generator found. */
const WORTH_OF_BURST = 6;

/** A name that does not exist can do nothing yet; from a bursting client one or two of them name the family. */
const WORTH_OF_NXDOMAIN = -3;

const WORTH_OF_QUIET_CLIENT = 1.5;

/** A second client makes a mistake dearer; many make it a service everybody uses. */
const WORTH_OF_FEW_CLIENTS = 0.5;
const WORTH_OF_MANY_CLIENTS = -1;
const MANY_CLIENTS = 5;

/** A week without harm says a little. It takes at most so much: what waits for a month is still not acquitted. */
const WORTH_PER_KNOWN_WEEK = -0.5;
const MOST_FAMILIARITY = -2;

/** Questions above a client's share that cost one point. */
const FLOOD_PER_POINT = 4;
/** Below everything anybody else asks for, so that a client which invents names waits for itself alone. */
const MOST_FLOOD = -25;

/** What is blocked is examined first: a mistake hurts now. Then what may turn out bad. */
const WORTH_OF_BLOCKED = 40;
const WORTH_OF_STATE: Readonly<Record<VerdictState, number>> = {
  malicious: 8,
  suspicious: 6,
  not_found: 3,
  no_opinion: 3,
  noise: 1,
  clean: 0,
  unasked: 0,
};
const WORTH_OF_NEW_CLIENT = 3;
/** What nobody uses any more can wait until nobody else wants the token. */
const WORTH_OF_IDLE = -6;

/** A host below a domain that is suspected is next in line; below one nobody knows, it is a guess. */
const WORTH_OF_PARENT: Partial<Record<VerdictState, number>> = {
  malicious: 8,
  suspicious: 5,
  not_found: -3,
  no_opinion: -3,
};

/** What a question is worth. Pure, and the parts add up to the total, so that it can be explained. */
export function score(signals: Signals): Score {
  const { kind, alerted, feeds = [], homograph, flood = 0, parent, clients, knownDays = 0 } = signals;
  const tally = new Tally();
  tally.add(KIND_PART[kind], WORTH_OF_KIND[kind]);
  if (alerted) tally.add('alert', WORTH_OF_ALERT);
  if (feeds.length > 0) tally.add('feed', WORTH_OF_FEED);
  addName(tally, signals);
  if (signals.dynamicDns) tally.add('dynamic_dns', WORTH_OF_DYNAMIC_DNS);
  if (signals.popular) tally.add('popular', WORTH_OF_POPULAR);
  if (homograph !== undefined) tally.add('homograph', WORTH_OF_HOMOGRAPH);
  if (signals.nxdomain) tally.add('nxdomain', WORTH_OF_NXDOMAIN);
  if (signals.burst) tally.add('nxdomain_burst', WORTH_OF_BURST);
  if (signals.quietClient) tally.add('quiet_client', WORTH_OF_QUIET_CLIENT);
  tally.add('clients', worthOfClients(clients));
  tally.add('familiar', Math.max(MOST_FAMILIARITY, Math.floor(knownDays / 7) * WORTH_PER_KNOWN_WEEK));
  tally.add('client_flood', Math.max(MOST_FLOOD, -flood / FLOOD_PER_POINT));
  if (parent !== undefined) tally.add('parent', WORTH_OF_PARENT[parent] ?? 0);
  addRecheck(tally, signals);
  return { total: tally.total, parts: tally.parts };
}

/** Adds up in whole hundredths, so that the parts as they are shown make the total as it is shown. */
class Tally {
  readonly parts: Record<string, number> = {};
  #hundredths = 0;

  get total(): number {
    return this.#hundredths / 100;
  }

  add(name: string, worth: number): void {
    const hundredths = Math.round(worth * 100);
    if (hundredths === 0) return;
    this.parts[name] = hundredths / 100;
    this.#hundredths += hundredths;
  }
}

const KIND_PART: Readonly<Record<ObservableKind, string>> = {
  domain: 'kind_domain',
  file: 'kind_file',
  ip: 'kind_ip',
  url: 'kind_url',
};

function addName(tally: Tally, { shared, lexical, sharedSuffix, dynamicDns }: Signals): void {
  if (shared) {
    // A dynamic-DNS parent has a worth of its own: the rule for shared hosts would take it back.
    if (dynamicDns) return;
    tally.add('shared_hosting', WORTH_OF_SHARED);
    tally.add('shared_suffix', sharedSuffix ?? 0);
  } else if (lexical !== undefined) {
    const { bias, suffix, trigrams, length, entropy, digits, vowels } = lexical;
    tally.add('tld', suffix);
    tally.add('trigrams', trigrams);
    tally.add('length', length);
    tally.add('entropy', entropy);
    tally.add('digits', digits);
    tally.add('vowels', vowels);
    tally.add('lexical_base', bias);
  }
}

function worthOfClients(clients: number | undefined): number {
  if (clients === undefined || clients < 2) return 0;
  return clients < MANY_CLIENTS ? WORTH_OF_FEW_CLIENTS : WORTH_OF_MANY_CLIENTS;
}

function addRecheck(tally: Tally, { held }: Signals): void {
  if (held === undefined) return;
  tally.add(`held_${held.state}`, WORTH_OF_STATE[held.state]);
  if (held.blocked) tally.add('blocked', WORTH_OF_BLOCKED);
  if (held.newClient) tally.add('new_client', WORTH_OF_NEW_CLIENT);
  if (held.idle) tally.add('idle', WORTH_OF_IDLE);
}
