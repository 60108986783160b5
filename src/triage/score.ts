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
  readonly feeds?: readonly string[];
  /** What its label and suffix say; never given for a shared host, whose label a machine or a customer made up. */
  readonly lexical?: LexicalParts & { readonly bias: number };
  /** What the shared suffix alone says (log-odds). */
  readonly sharedSuffix?: number;
  /** It stands below a provider of dynamic DNS or of free sites. */
  readonly dynamicDns?: boolean;
  /** Its registrable domain is in a list of popular ones. */
  readonly popular?: boolean;
  /** The Latin name it can be taken for. */
  readonly homograph?: string;
  /** It was answered NXDOMAIN when it was first seen. */
  readonly nxdomain?: boolean;
  /** The client that saw it is asking for many invented names that do not exist. */
  readonly burst?: boolean;
  /** The client seldom meets anything new. */
  readonly quietClient?: boolean;
  /** Distinct clients that used it or a host below it. */
  readonly clients?: number;
  /** Days since it, or a host below it, was first seen here. */
  readonly knownDays?: number;
  /** By how many questions its client is above its share of the day. */
  readonly flood?: number;
  /** What it is held to be already, and whether it is blocked for it: a re-check. */
  readonly held?: {
    readonly state: VerdictState;
    readonly blocked: boolean;
    readonly newClient: boolean;
    /** Nobody used it since it was answered. */
    readonly idle: boolean;
  };
  /** The answer of its registrable domain, where that did not settle it. */
  readonly parent?: VerdictState;
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
  const parts: Record<string, number> = {};
  for (const [name, worth] of partsOf(signals)) {
    const rounded = Math.round(worth * 100) / 100;
    if (rounded !== 0) parts[name] = rounded;
  }
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { total: Math.round(total * 100) / 100, parts };
}

function partsOf(signals: Signals): [string, number][] {
  const { kind, homograph, flood = 0, parent } = signals;
  return [
    [`kind_${kind}`, WORTH_OF_KIND[kind]],
    ['alert', signals.alerted ? WORTH_OF_ALERT : 0],
    ['feed', (signals.feeds ?? []).length > 0 ? WORTH_OF_FEED : 0],
    ...lexicalParts(signals),
    ['dynamic_dns', signals.dynamicDns ? WORTH_OF_DYNAMIC_DNS : 0],
    ['popular', signals.popular ? WORTH_OF_POPULAR : 0],
    ['homograph', homograph === undefined ? 0 : WORTH_OF_HOMOGRAPH],
    ['nxdomain', signals.nxdomain ? WORTH_OF_NXDOMAIN : 0],
    ['nxdomain_burst', signals.burst ? WORTH_OF_BURST : 0],
    ['quiet_client', signals.quietClient ? WORTH_OF_QUIET_CLIENT : 0],
    ['clients', worthOfClients(signals.clients)],
    ['familiar', Math.max(MOST_FAMILIARITY, Math.floor((signals.knownDays ?? 0) / 7) * WORTH_PER_KNOWN_WEEK)],
    ['client_flood', Math.max(MOST_FLOOD, -flood / FLOOD_PER_POINT)],
    ['parent', parent === undefined ? 0 : (WORTH_OF_PARENT[parent] ?? 0)],
    ...recheckParts(signals),
  ];
}

function lexicalParts({ shared, lexical, sharedSuffix, dynamicDns }: Signals): [string, number][] {
  // A dynamic-DNS parent has a worth of its own: the rule for shared hosts would take it back.
  if (shared)
    return dynamicDns
      ? []
      : [
          ['shared_hosting', WORTH_OF_SHARED],
          ['shared_suffix', sharedSuffix ?? 0],
        ];
  if (lexical === undefined) return [];
  const { bias, suffix, trigrams, length, entropy, digits, vowels } = lexical;
  return [
    ['tld', suffix],
    ['trigrams', trigrams],
    ['length', length],
    ['entropy', entropy],
    ['digits', digits],
    ['vowels', vowels],
    ['lexical_base', bias],
  ];
}

function worthOfClients(clients: number | undefined): number {
  if (clients === undefined || clients < 2) return 0;
  return clients < MANY_CLIENTS ? WORTH_OF_FEW_CLIENTS : WORTH_OF_MANY_CLIENTS;
}

function recheckParts({ held }: Signals): [string, number][] {
  if (held === undefined) return [];
  return [
    [`held_${held.state}`, WORTH_OF_STATE[held.state]],
    ['blocked', held.blocked ? WORTH_OF_BLOCKED : 0],
    ['new_client', held.newClient ? WORTH_OF_NEW_CLIENT : 0],
    ['idle', held.idle ? WORTH_OF_IDLE : 0],
  ];
}
