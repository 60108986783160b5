import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LabelledName, readLabelledNames, splitLabelled } from '../../../native-config/model/labelled-names.ts';
import { lessons } from '../../../native-config/model/learn.ts';
import { placeOf } from '../../../src/core/registrable-domain.ts';
import { sharedHosting } from '../../../src/core/shared-hosting.ts';
import type { Random } from './random.ts';

/** Names a household may meet. None of them was seen when the model was made. */
export interface Population {
  readonly from: string;
  /** Registrable domains that people use, by popularity, with hosts below them. */
  readonly sites: readonly string[];
  /** Suffixes below which strangers have hosts: `cloudfront.net`. */
  readonly sharedSuffixes: readonly string[];
  /** Pieces of benign labels, and suffixes in the proportion in which benign sites have them. */
  readonly pieces: readonly string[];
  readonly suffixes: readonly string[];
  /** Malicious names by family. */
  readonly families: ReadonlyMap<string, readonly string[]>;
  /** Registrable domains below which strangers have names, and which the Public Suffix List does not know: free hosts, dynamic DNS. */
  readonly freeHosts: ReadonlySet<string>;
}

/**
 * Suffixes of small sites that a world-wide popularity list has too few of: countries, and those that are abused and used alike, the
 * latter about as often as they are registered (one in sixteen).
 */
const SMALL_SITE_SUFFIXES = [
  ...['de', 'pl', 'co.uk', 'fr', 'nl', 'it', 'org', 'eu', 'se', 'com', 'net', 'es', 'ch', 'at', 'be', 'dk'],
  ...['de', 'pl', 'co.uk', 'fr', 'nl', 'it', 'org', 'eu', 'cz', 'com', 'io', 'app', 'com', 'com', 'org', 'net'],
  ...['de', 'pl', 'co.uk', 'fr', 'nl', 'it', 'org', 'eu', 'fi', 'com', 'net', 'shop', 'online', 'info', 'xyz', 'site'],
  ...['de', 'pl', 'co.uk', 'fr', 'nl', 'it', 'org', 'eu', 'no', 'com', 'net', 'com', 'com', 'me', 'dev', 'tv'],
];

/** The held-out half of the labelled list, where there is one, else invented names of the same shapes. */
export function populationFrom(random: Random): Population {
  const path = labelledList();
  return path === undefined ? inventedPopulation(random) : heldOut(readLabelledNames(path));
}

/** Path of the labelled list: `GUARDIAN_LABELLED`, or the one beside the project; undefined where there is none. */
export function labelledList(): string | undefined {
  const path =
    process.env.GUARDIAN_LABELLED ?? join(import.meta.dirname, '../../../../shared/data/labelled-domains.csv');
  return existsSync(path) ? path : undefined;
}

function heldOut(names: readonly LabelledName[]): Population {
  const test = splitLabelled(names).test;
  const benign = test.filter((one) => !one.malicious);
  const own = benign.filter((one) => !isShared(one.name));
  const families = new Map<string, string[]>();
  for (const one of test.filter((name) => name.malicious)) {
    const names = families.get(one.family) ?? [];
    names.push(one.name);
    families.set(one.family, names);
  }
  const count = new Map<string, number>();
  for (const { registrable } of own) count.set(registrable, (count.get(registrable) ?? 0) + 1);
  const chosen = lessons(own);
  return {
    from: 'held-out half of the labelled list',
    sites: [...count].sort((a, b) => b[1] - a[1]).map(([registrable]) => registrable),
    sharedSuffixes: [...new Set(benign.filter((one) => isShared(one.name)).map(sharedParent))],
    pieces: [...new Set(chosen.flatMap((one) => piecesOf(one.label)))],
    suffixes: [...chosen.map((one) => one.suffix), ...smallSuffixes(chosen.length)],
    families,
    freeHosts: freeHostsOf(names),
  };
}

// Hosts of three families below one domain, six hosts of two, or eight phishing sites are no single party's. Read from the whole list: it is the truth
// about the stand-in, not a hint to the product.
function freeHostsOf(names: readonly LabelledName[]): ReadonlySet<string> {
  const below = new Map<string, { hosts: number; families: Set<string> }>();
  for (const { name, registrable, malicious, family } of names) {
    if (name === registrable || name === `www.${registrable}` || isShared(name)) continue;
    const known = below.get(registrable) ?? { hosts: 0, families: new Set<string>() };
    below.set(registrable, known);
    if (malicious) known.hosts++;
    known.families.add(family);
  }
  return new Set(
    [...below].flatMap(([registrable, { hosts, families }]) =>
      families.size >= 3 || (families.size === 2 && hosts >= 6) || (families.has('phishing') && hosts >= 8)
        ? [registrable]
        : [],
    ),
  );
}

// As many small-site suffixes as popular ones: half of the small sites of a home have a suffix that a world-wide list hardly shows.
function smallSuffixes(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => SMALL_SITE_SUFFIXES[i % SMALL_SITE_SUFFIXES.length] ?? 'de');
}

function piecesOf(label: string): readonly string[] {
  return label.split(/[^a-z]+/).flatMap((word) => {
    if (word.length < 3) return [];
    return word.length <= 7
      ? [word]
      : [word.slice(0, Math.ceil(word.length / 2)), word.slice(Math.ceil(word.length / 2))];
  });
}

function isShared(name: string): boolean {
  return sharedHosting({ kind: 'domain', value: name }) !== undefined;
}

function sharedParent(one: LabelledName): string {
  const place = placeOf(one.name);
  return place.sharedSuffix ? place.suffix : one.registrable;
}

const SYLLABLES = [
  'ba',
  'con',
  'der',
  'el',
  'fin',
  'gar',
  'hel',
  'in',
  'jo',
  'kan',
  'lo',
  'mer',
  'nor',
  'pa',
  'ri',
  'sol',
  'ter',
  'vi',
  'wer',
  'zen',
];

/** For a machine without the labelled list: words of syllables against random letters. Easier than the truth; the bench says so. */
function inventedPopulation(random: Random): Population {
  const word = (): string => Array.from({ length: 2 + random.below(2) }, () => random.pick(SYLLABLES)).join('');
  const noise = (): string =>
    Array.from({ length: 8 + random.below(10) }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[random.below(36)]).join(
      '',
    );
  const families = new Map(
    Array.from({ length: 40 }, (_, family): [string, string[]] => [
      `family${family}`,
      Array.from(
        { length: 50 },
        () => `${family % 2 === 0 ? noise() : word() + word()}.${random.pick(['top', 'xyz', 'com', 'ru'])}`,
      ),
    ]),
  );
  return {
    from: 'INVENTED names (no labelled list found)',
    sites: Array.from({ length: 1_200 }, () => `${word()}${word()}.com`),
    sharedSuffixes: ['cloudfront.net', 's3.amazonaws.com', 'azureedge.net', 'fastly.net'],
    pieces: Array.from({ length: 400 }, word),
    suffixes: ['com', 'com', 'com', 'net', 'org', ...SMALL_SITE_SUFFIXES],
    families,
    freeHosts: new Set(),
  };
}
