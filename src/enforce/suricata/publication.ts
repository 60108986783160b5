import { createHash } from 'node:crypto';
import { isCanary } from '../../core/canary.ts';
import type { DesiredState, Indicator } from '../../core/indicator.ts';
import type { ObservableKey } from '../../core/observable.ts';
import { atOnce, type Steps, sortedInSteps, steps } from '../../lib/gently.ts';
import { HASH_LISTS, type HashList, LIVE_SETS, type LiveSet } from './datasets.ts';
import { isCanonical, numberedRule, type RuleAction, ruleBody } from './rule-text.ts';
import type { SidBook, SidRange } from './sid-range.ts';
import { MAX_DOTTED_LABELS, staticRules } from './static-rules.ts';
import { NO_FEATURES, type SuricataFeatures } from './suricata-features.ts';

/** What a publication is made with. */
export interface PublicationOptions {
  readonly datasetsDir: string;
  readonly action: RuleAction;
  readonly maxRules: number;
  readonly sidRange: SidRange;
  readonly sids: SidBook;
  /** Absent: what every Suricata can do. */
  readonly features?: SuricataFeatures;
  /** Indicators whose own rule Suricata was seen to refuse. They stand in the datasets alone. */
  readonly withoutRule?: ReadonlySet<ObservableKey>;
}

/** Everything that Suricata should hold, ready to be written. Entries are plain text, each with its indicator's key. */
export interface Publication {
  readonly sets: Readonly<Record<LiveSet, ReadonlyMap<string, ObservableKey>>>;
  /** Entries of `sets` with a rule of their own. */
  readonly own: Readonly<Record<LiveSet, ReadonlySet<string>>>;
  readonly hashes: Readonly<Record<HashList, ReadonlyMap<string, ObservableKey>>>;
  /** The rules file, header and final newline included. */
  readonly rules: string;
  /** The end of `rules`: the rules over the datasets. While these are not loaded, additions to a dataset do nothing. */
  readonly sharedRules: string;
  /** Indicators that exist only as a rule of their own: URLs. */
  readonly onlyInRules: ReadonlySet<ObservableKey>;
  readonly unsupported: ReadonlySet<ObservableKey>;
  readonly failed: ReadonlyMap<ObservableKey, string>;
}

const HEADER = `# Written by Home Network Guardian. Do not edit: it is replaced as a whole.
# One rule for each of the newest and strongest indicators, then rules over datasets that hold all of them.
`;
const SHARED_HEADER = '# Every indicator, by dataset.\n';

/**
 * Plans what to publish. Pure but for `sids`, which remembers. A domain with `subdomains` stands in the dotted set
 * only. URLs beyond `maxRules` and https URLs are unsupported: no dataset holds them.
 */
export function planPublication(desired: DesiredState, options: PublicationOptions): Publication {
  return atOnce(publicationInSteps(desired, options));
}

/** As `planPublication`, with pauses: of 100,000 indicators it takes a quarter of a second. */
export function* publicationInSteps(desired: DesiredState, options: PublicationOptions): Steps<Publication> {
  const plan = new Plan();
  const own: OwnRule[] = [];
  const ranked = yield* sortedInSteps([...desired], byStrength);
  yield* steps(ranked, ([key, indicator]) => {
    if (!plan.file(key, indicator)) return;
    // A canary comes and goes within seconds: a rule of its own would cost a sid and two reloads, and prove no more.
    const refused = options.withoutRule?.has(key) === true || isCanary(indicator.observable);
    const body = own.length < options.maxRules && !refused ? ruleBody(indicator, options.action) : undefined;
    if (body !== undefined) own.push({ key, indicator, body });
    else if (indicator.observable.kind !== 'url') return;
    else if (refused) plan.failed.set(key, 'Suricata refuses its rule');
    else plan.unsupported.add(key);
  });
  for (const { key, indicator } of own) plan.markOwn(key, indicator);
  const sharedRules = sharedText(plan, options);
  return { ...plan, rules: `${HEADER}${ownText(own, options)}${sharedRules}`, sharedRules };
}

/** With the key under which it is desired: to make it anew for each of 100,000 would cost their memory a second time. */
type Desired = readonly [key: ObservableKey, indicator: Indicator];

interface OwnRule {
  readonly key: ObservableKey;
  readonly indicator: Indicator;
  readonly body: string;
}

class Plan {
  readonly sets = {
    domains: new Map<string, ObservableKey>(),
    dotted: new Map<string, ObservableKey>(),
    ips: new Map<string, ObservableKey>(),
  };
  readonly own = { domains: new Set<string>(), dotted: new Set<string>(), ips: new Set<string>() };
  readonly hashes = {
    md5: new Map<string, ObservableKey>(),
    sha1: new Map<string, ObservableKey>(),
    sha256: new Map<string, ObservableKey>(),
  };
  readonly onlyInRules = new Set<ObservableKey>();
  readonly unsupported = new Set<ObservableKey>();
  readonly failed = new Map<ObservableKey, string>();

  /** Puts an indicator where it is found without a rule of its own. False when nothing can hold it. */
  file(key: ObservableKey, indicator: Indicator): boolean {
    const { kind, value } = indicator.observable;
    if (!isCanonical(indicator.observable)) {
      this.failed.set(key, 'it is not in canonical form');
      return false;
    }
    if (kind === 'url') return true;
    if (kind === 'file') {
      this.hashes[HASH_OF_LENGTH[value.length] ?? 'sha256'].set(value, key);
    } else if (indicator.subdomains && labelsOf(value) > MAX_DOTTED_LABELS) {
      this.failed.set(key, `it has more than ${MAX_DOTTED_LABELS} labels`);
      return false;
    } else {
      const { set, entry } = placeOf(indicator);
      this.sets[set].set(entry, key);
    }
    return true;
  }

  markOwn(key: ObservableKey, indicator: Indicator): void {
    if (indicator.observable.kind === 'url') return void this.onlyInRules.add(key);
    const { set, entry } = placeOf(indicator);
    this.own[set].add(entry);
  }
}

const HASH_OF_LENGTH: Readonly<Record<number, HashList>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };

/**
 * Whether a set of Suricata takes an indicator without anything else: a name, or an address. One that stands for everything below it
 * may need a rule for its number of labels first.
 */
export function isQuick({ observable, subdomains }: Indicator, features: SuricataFeatures): boolean {
  return (
    (!subdomains || features.subdomains) &&
    (observable.kind === 'domain' || observable.kind === 'ip') &&
    isCanonical(observable)
  );
}

/** The live set of a name or an address, and how it stands there. */
export function placeOf({ observable, subdomains }: Indicator): { readonly set: LiveSet; readonly entry: string } {
  if (observable.kind === 'ip') return { set: 'ips', entry: observable.value };
  return subdomains ? { set: 'dotted', entry: `.${observable.value}` } : { set: 'domains', entry: observable.value };
}

function ownText(own: readonly OwnRule[], options: PublicationOptions): string {
  const numbered = own.map(({ key, indicator, body }) => {
    const entry = options.sids.assign(key, createHash('sha256').update(body).digest('hex'));
    return { sid: entry.sid, text: `${commentOf(indicator)}\n${numberedRule(body, entry)}\n` };
  });
  // By sid and not by rank: a new strongest indicator then adds two lines and moves none.
  numbered.sort((a, b) => a.sid - b.sid);
  return numbered.map(({ text }) => text).join('');
}

function sharedText(plan: Plan, options: PublicationOptions): string {
  const labels = new Set([...plan.sets.dotted.keys()].map((entry) => labelsOf(entry.slice(1))));
  const rules = staticRules({
    ...options,
    features: options.features ?? NO_FEATURES,
    dottedLabels: [...labels].sort((a, b) => a - b),
    hashLists: HASH_LISTS.filter((list) => plan.hashes[list].size > 0),
  });
  return `${SHARED_HEADER}${rules.join('\n')}\n`;
}

/** The comment by which `ownRulesIn` knows again what a rules file holds. */
function commentOf({ observable, subdomains }: Indicator): string {
  return `#: ${observable.kind}:${subdomains ? '*.' : ''}${observable.value}`;
}

/** What has a rule of its own. */
export interface OwnRules {
  readonly own: Readonly<Record<LiveSet, ReadonlySet<string>>>;
  readonly urls: ReadonlySet<ObservableKey>;
}

/** What a rules file of ours says it has rules of its own for. Lines of others are passed over. */
export function ownRulesIn(text: string): OwnRules {
  const own = { domains: new Set<string>(), dotted: new Set<string>(), ips: new Set<string>() };
  const urls = new Set<ObservableKey>();
  for (const [, kind, star, value = ''] of text.matchAll(/^#: (domain|ip|url):(\*\.)?(.+)$/gm)) {
    if (kind === 'url') urls.add(`url:${value}`);
    else if (kind === 'ip') own.ips.add(value);
    else if (star === undefined) own.domains.add(value);
    else own.dotted.add(`.${value}`);
  }
  return { own, urls };
}

/** The indicators whose own rules stand on these lines, counted from 1, of a text that `planPublication` made. */
export function indicatorsOnLines(rules: string, lines: readonly number[]): readonly ObservableKey[] {
  const all = rules.split('\n');
  return lines.flatMap((line) => {
    const comment = /^#: (domain|ip|url):(?:\*\.)?(.+)$/.exec(all[line - 2] ?? '');
    return comment === null ? [] : [`${comment[1]}:${comment[2]}`];
  });
}

/** Keys of everything a publication holds, without what it could not. */
export function keysOf(publication: Pick<Publication, 'sets' | 'hashes' | 'onlyInRules'>): Set<ObservableKey> {
  const keys = new Set(publication.onlyInRules);
  for (const set of LIVE_SETS) for (const key of publication.sets[set].values()) keys.add(key);
  for (const list of HASH_LISTS) for (const key of publication.hashes[list].values()) keys.add(key);
  return keys;
}

function byStrength([keyOfA, a]: Desired, [keyOfB, b]: Desired): number {
  return (
    Number(b.strong) - Number(a.strong) || b.engines - a.engines || b.since - a.since || (keyOfA < keyOfB ? -1 : 1)
  );
}

function labelsOf(name: string): number {
  return name.split('.').length;
}
