import type { FeedPresetName } from '../../core/feed-preset-name.ts';
import type { Feed } from './feed.ts';

/** A public feed by name. All of them are off until a configuration names them. */
export interface FeedPreset extends Omit<Feed, 'name' | 'authKey' | 'allowPrivate'> {
  /** Whether its host answers without a key. `optional`: a key is used where there is one. */
  readonly key: 'none' | 'optional' | 'required';
  /** Read instead of `location` where a key is given. */
  readonly locationWithKey?: string;
  /** What its host says about use. Shown by `status` and in the documentation. */
  readonly licence: string;
  readonly doc: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** abuse.ch regenerates its dumps every 5 minutes: "do not fetch more often" (https://urlhaus.abuse.ch/api/). */
const ABUSE_CH_MIN_MS = 5 * MINUTE_MS;

/** abuse.ch asks for a free key since 2025-06-30 (https://auth.abuse.ch/); some old addresses still answer without one. */
const ABUSE_CH_TERMS = 'abuse.ch: fair use; free key from https://auth.abuse.ch/';

const WARNINGLISTS = 'https://raw.githubusercontent.com/MISP/misp-warninglists/main/lists';

/** Popularity beyond this place says little, and a million rows cost room and wear. */
const POPULAR_ENTRIES = 100_000;

const evidence = { role: 'evidence', weight: 1 } as const;
const popularity = {
  role: 'popularity',
  weight: 0,
  engine: '',
  key: 'none',
  everyMs: DAY_MS,
  minEveryMs: 12 * HOUR_MS,
} as const;
const warninglist = {
  format: 'warninglist',
  weight: 0,
  engine: '',
  key: 'none',
  everyMs: 7 * DAY_MS,
  minEveryMs: DAY_MS,
} as const;

/** Every preset by its name. */
export const FEED_PRESETS = {
  urlhaus: {
    ...evidence,
    doc: 'URLs that spread malware, of the last 30 days.',
    location: 'https://urlhaus.abuse.ch/downloads/csv_recent/',
    locationWithKey: 'https://urlhaus-api.abuse.ch/files/exports/recent.csv?auth-key={key}',
    format: 'csv',
    column: '3',
    kind: 'url',
    engine: 'URLhaus',
    everyMs: 15 * MINUTE_MS,
    minEveryMs: ABUSE_CH_MIN_MS,
    key: 'optional',
    licence: ABUSE_CH_TERMS,
  },
  threatfox: {
    ...evidence,
    doc: 'Addresses, names and URLs of command servers and payloads, as people report them; confidence of 75 or more.',
    location: 'https://threatfox.abuse.ch/export/csv/recent/',
    format: 'csv',
    column: 'ioc_value',
    conditions: [{ column: 'confidence_level', atLeast: 75 }],
    engine: 'ThreatFox',
    everyMs: HOUR_MS,
    minEveryMs: ABUSE_CH_MIN_MS,
    key: 'optional',
    licence: ABUSE_CH_TERMS,
  },
  feodo: {
    ...evidence,
    doc: 'Addresses of botnet command servers that were online at the last check.',
    location: 'https://feodotracker.abuse.ch/downloads/ipblocklist.csv',
    format: 'csv',
    column: 'dst_ip',
    conditions: [{ column: 'c2_status', is: 'online' }],
    kind: 'ip',
    engine: 'Feodo Tracker',
    everyMs: HOUR_MS,
    minEveryMs: ABUSE_CH_MIN_MS,
    key: 'none',
    licence: 'abuse.ch: fair use',
  },
  openphish: {
    ...evidence,
    doc: 'Exact URLs of live phishing pages; it never means the whole host (https://openphish.com/faq.html).',
    location: 'https://openphish.com/feed.txt',
    format: 'urls',
    engine: 'OpenPhish',
    everyMs: 12 * HOUR_MS,
    minEveryMs: 6 * HOUR_MS,
    key: 'none',
    licence: 'OpenPhish: non-commercial and internal business purposes only',
  },
  'cert-pl': {
    ...evidence,
    doc: 'The warning list of CERT Polska: phishing and fraud, each entry seen by two people, of the last 6 months.',
    location: 'https://hole.cert.pl/domains/v2/domains.txt',
    format: 'domains',
    engine: 'CERT Polska',
    everyMs: HOUR_MS,
    minEveryMs: 5 * MINUTE_MS,
    key: 'none',
    licence: 'CERT Polska: free for everyone',
  },
  'phishing-database': {
    ...evidence,
    doc: 'Names that carried phishing and answer now. Known to list hosts that strangers share.',
    location: 'https://phish.co.za/latest/phishing-domains-ACTIVE.txt',
    format: 'domains',
    engine: 'Phishing Database',
    everyMs: 12 * HOUR_MS,
    minEveryMs: HOUR_MS,
    key: 'none',
    licence: 'MIT',
  },
  'spamhaus-drop': {
    ...evidence,
    doc: 'Networks that are hijacked or leased by professional crime (IPv4).',
    location: 'https://www.spamhaus.org/drop/drop_v4.json',
    format: 'ndjson',
    column: 'cidr',
    engine: 'Spamhaus',
    everyMs: DAY_MS,
    minEveryMs: HOUR_MS,
    key: 'none',
    licence: 'Spamhaus DROP: free for any use with credit; (c) The Spamhaus Project SLU',
  },
  'spamhaus-drop-v6': {
    ...evidence,
    doc: 'Networks that are hijacked or leased by professional crime (IPv6).',
    location: 'https://www.spamhaus.org/drop/drop_v6.json',
    format: 'ndjson',
    column: 'cidr',
    engine: 'Spamhaus',
    everyMs: DAY_MS,
    minEveryMs: HOUR_MS,
    key: 'none',
    licence: 'Spamhaus DROP: free for any use with credit; (c) The Spamhaus Project SLU',
  },
  tranco: {
    ...popularity,
    doc: 'Popular registrable domains, averaged over several lists.',
    location: 'https://tranco-list.eu/download/daily/top-1m.csv.zip',
    format: 'ranked',
    maxEntries: POPULAR_ENTRIES,
    licence: 'see https://tranco-list.eu/',
  },
  umbrella: {
    ...popularity,
    doc: 'Popular host names, as the resolvers of Cisco Umbrella are asked for them.',
    location: 'https://s3-us-west-1.amazonaws.com/umbrella-static/top-1m.csv.zip',
    format: 'ranked',
    maxEntries: POPULAR_ENTRIES,
    licence: 'see https://umbrella.cisco.com/',
  },
  'misp-cisco-top20k': {
    ...warninglist,
    doc: 'The 20,000 most popular names of Cisco Umbrella, as a MISP warning list.',
    role: 'popularity',
    location: `${WARNINGLISTS}/cisco_top20k/list.json`,
    licence: 'repository CC0; the list has its own terms',
  },
  'misp-tranco10k': {
    ...warninglist,
    doc: 'The 10,000 most popular domains of Tranco, as a MISP warning list.',
    role: 'popularity',
    location: `${WARNINGLISTS}/tranco10k/list.json`,
    licence: 'repository CC0; the list has its own terms',
  },
  'misp-cloudflare-top50k': {
    ...warninglist,
    doc: 'The 50,000 most popular domains of Cloudflare Radar, as a MISP warning list.',
    role: 'popularity',
    location: `${WARNINGLISTS}/cloudflare-top50k/list.json`,
    licence: 'Cloudflare Radar: CC BY-NC 4.0',
  },
  'misp-lots-project': {
    ...warninglist,
    doc: 'Hosts of honest services that attackers live on ("living off trusted sites"), as a MISP warning list: shared by strangers.',
    role: 'shared_hosting',
    location: `${WARNINGLISTS}/lots-project/list.json`,
    licence: 'repository CC0; the list has its own terms',
  },
  'misp-url-shortener': {
    ...warninglist,
    doc: 'Shorteners of addresses, as a MISP warning list: what stands behind one says nothing about it.',
    role: 'shared_hosting',
    location: `${WARNINGLISTS}/url-shortener/list.json`,
    licence: 'repository CC0; the list has its own terms',
  },
  'dynamic-dns': {
    ...warninglist,
    doc: 'Suffixes below which anybody gets a name for an address that moves.',
    role: 'dynamic_dns',
    location: `${WARNINGLISTS}/dynamic-dns/list.json`,
    licence: 'repository CC0; the list has its own terms',
  },
} as const satisfies Readonly<Record<FeedPresetName, FeedPreset>>;

/** What a configuration may change of a preset. */
export interface PresetChanges {
  readonly name?: string;
  readonly weight?: number;
  readonly everyMs?: number;
  readonly authKey?: string;
}

/** The feed of a preset. Its host's minimum interval stays, whatever `everyMs` says. */
export function feedOfPreset(presetName: FeedPresetName, changes: PresetChanges = {}): Feed {
  const preset: FeedPreset = FEED_PRESETS[presetName];
  const { key, locationWithKey, doc: _doc, ...feed } = preset;
  const authKey = key === 'none' ? undefined : changes.authKey;
  return {
    ...feed,
    name: changes.name ?? presetName,
    weight: changes.weight ?? preset.weight,
    everyMs: Math.max(changes.everyMs ?? preset.everyMs, preset.minEveryMs),
    ...(authKey === undefined ? {} : { authKey, location: locationWithKey ?? preset.location }),
  };
}
