import { OperatorError } from '../../core/errors.ts';
import {
  CONTEXT_SET_REFS,
  contextFile,
  HASH_LISTS,
  type HashList,
  hashFile,
  LIVE_SET_REFS,
  type LiveSet,
  OWN_SET_REFS,
  setFile,
} from './datasets.ts';
import { CONTEXT_KEY, VALUE_KEY } from './entry-context.ts';
import { CLASSTYPE, ONE_ALERT_AN_HOUR, type RuleAction } from './rule-text.ts';
import { firstStaticSid, type SidRange } from './sid-range.ts';
import type { SuricataFeatures } from './suricata-features.ts';

/** Most labels of a name that is blocked with everything below it. Real names have two to five. */
export const MAX_DOTTED_LABELS = 32;

/** What the rules over whole datasets depend on. */
export interface StaticRulesOptions {
  readonly datasetsDir: string;
  readonly action: RuleAction;
  readonly sidRange: SidRange;
  readonly features: SuricataFeatures;
  /** How many labels the entries of the dotted set have, each number once. Each costs one rule a protocol. */
  readonly dottedLabels: readonly number[];
  /** Lists of hashes that hold something: Suricata refuses a rule over an empty one. */
  readonly hashLists: readonly HashList[];
}

const PROTOCOLS = [
  { app: 'dns', buffer: 'dns.query', what: 'DNS query' },
  { app: 'tls', buffer: 'tls.sni', what: 'TLS connection' },
  // http.host comes in lower case only when no port follows it (7.0.10), so that to_lowercase is needed there too.
  { app: 'http', buffer: 'http.host', what: 'HTTP request' },
  { app: 'quic', buffer: 'quic.sni', what: 'QUIC connection' },
] as const;

/** Larger is refused by Suricata 8; 65,536 buckets still load 400,000 entries in a second. */
const HASH_SIZE = 65_536;
const OWN_HASH_SIZE = 4096;
const OFFSET = { exact: 0, ips: 4, hashes: 6, dotted: 10, dottedPerProtocol: 40 } as const;

/**
 * The rules over whole datasets: every indicator of ours, also those with no rule of their own, and those added while
 * Suricata runs. Sids are fixed by position. An entry that has a rule of its own is left out where that rule
 * looks (`dns.query` and addresses) by a second dataset in the same buffer. Flowbits would not do: DNS queries for several
 * names share one UDP flow, and a bit set by one bad name would silence the next.
 */
export function staticRules(options: StaticRulesOptions): readonly string[] {
  if (!/^[\w./-]+$/.test(options.datasetsDir)) {
    throw new OperatorError(
      `Cannot name "${options.datasetsDir}" in a Suricata rule: want a path of letters, digits and _ . / -`,
      { hint: 'Change suricata.datasets_dir.' },
    );
  }
  return [
    ...PROTOCOLS.map((_, at) => exactRule(options, at)),
    addressRule(options, 'dst', 0),
    addressRule(options, 'src', 1),
    ...options.hashLists.map((list) => hashRule(options, list)),
    ...PROTOCOLS.flatMap((_, at) =>
      options.features.subdomains
        ? [subdomainRule(options, at)]
        : options.dottedLabels.map((labels) => dottedRule(options, at, labels)),
    ),
  ];
}

function exactRule(options: StaticRulesOptions, at: number): string {
  const { app, buffer, what } = protocol(at);
  const own = app === 'dns' ? ownEntries(options, 'domains') : '';
  const match = `${buffer}; to_lowercase; ${entries(options, 'domains')}${own}`;
  return rule(options, `${app} any any -> any any`, `${what} to a name held malicious`, match, OFFSET.exact + at);
}

function addressRule(options: StaticRulesOptions, end: 'dst' | 'src', at: number): string {
  const match = `ip.${end}; ${entries(options, 'ips')}${ownEntries(options, 'ips')} ${ONE_ALERT_AN_HOUR}`;
  const what = end === 'dst' ? 'traffic to an address held malicious' : 'traffic from an address held malicious';
  return rule(options, 'ip any any -> any any', what, match, OFFSET.ips + at);
}

function hashRule(options: StaticRulesOptions, list: HashList): string {
  const match = `file${list}:${hashFile(options.datasetsDir, list)};`;
  const sid = OFFSET.hashes + HASH_LISTS.indexOf(list);
  // Over tcp, the rule covers every protocol that carries files, not HTTP alone.
  return rule(options, 'tcp any any -> any any', `a file held malicious (${list})`, match, sid);
}

/** Names below an entry, where Suricata finds them itself. Also over an empty set, so that the first entry takes effect at once. */
function subdomainRule(options: StaticRulesOptions, at: number): string {
  const { app, buffer, what } = protocol(at);
  const own = app === 'dns' ? ownEntries(options, 'dotted', SUBDOMAINS) : '';
  const match = `${buffer}; to_lowercase; dotprefix; ${entries(options, 'dotted', SUBDOMAINS)}${own}`;
  const sid = OFFSET.dotted + at * OFFSET.dottedPerProtocol;
  return rule(options, `${app} any any -> any any`, `${what} to or below a name held malicious`, match, sid);
}

/**
 * Names below an entry, for a Suricata without `match subdomain` (before 8.0.7): the last `labels` labels are cut out and
 * looked up. The empty alternative matters: a transform that does not match hands on the unchanged buffer.
 */
function dottedRule(options: StaticRulesOptions, at: number, labels: number): string {
  const { app, buffer, what } = protocol(at);
  const cut = `pcrexform:"^(?:\\.[^.]+)*?((?:\\.[^.]+){${labels}}|)$";`;
  const own = app === 'dns' ? ownEntries(options, 'dotted') : '';
  const match = `${buffer}; to_lowercase; dotprefix; ${cut} ${entries(options, 'dotted')}${own}`;
  const sid = OFFSET.dotted + at * OFFSET.dottedPerProtocol + labels;
  return rule(
    options,
    `${app} any any -> any any`,
    `${what} to or below a name held malicious (${labels} labels)`,
    match,
    sid,
  );
}

const SUBDOMAINS = 'match subdomain,';

function entries({ datasetsDir, features }: StaticRulesOptions, set: LiveSet, how = ''): string {
  if (features.context) {
    const { name, type } = CONTEXT_SET_REFS[set];
    const load = `load ${contextFile(datasetsDir, set)},format ndjson,context_key ${CONTEXT_KEY},value_key ${VALUE_KEY}`;
    return `dataset:isset,${name},type ${type},${how}${load},hashsize ${HASH_SIZE};`;
  }
  const ref = LIVE_SET_REFS[set];
  return `dataset:isset,${ref.name},type ${ref.type},${how}load ${setFile(datasetsDir, ref)},hashsize ${HASH_SIZE};`;
}

function ownEntries({ datasetsDir }: StaticRulesOptions, set: LiveSet, how = ''): string {
  const ref = OWN_SET_REFS[set];
  return ` dataset:isnotset,${ref.name},type ${ref.type},${how}load ${setFile(datasetsDir, ref)},hashsize ${OWN_HASH_SIZE};`;
}

function rule(
  { action, sidRange }: StaticRulesOptions,
  header: string,
  what: string,
  match: string,
  offset: number,
): string {
  const sid = firstStaticSid(sidRange) + offset;
  return `${action} ${header} (msg:"Home Network Guardian: ${what}"; ${match} classtype:${CLASSTYPE}; metadata:source guardian; sid:${sid}; rev:${REV};)`;
}

/** Grows with a release that changes the text of these rules. */
const REV = 1;

function protocol(at: number): (typeof PROTOCOLS)[number] {
  return PROTOCOLS[at] ?? PROTOCOLS[0];
}
