import { fnv1a } from '../../src/store/fnv1a.ts';
import {
  eachTrigram,
  FEATURES,
  fillFeatures,
  type LexicalTables,
  TRIGRAM_SCALE,
  TRIGRAMS,
} from '../../src/triage/lexical-features.ts';
import type { LabelledName } from './labelled-names.ts';

/** A fitted logistic regression over `FEATURES`. */
export interface Fit {
  readonly bias: number;
  readonly weights: readonly number[];
}

/** A trigram is believed as if it had been met this often more on each side. */
const TRIGRAM_SMOOTHING = 2;

/** A suffix is believed as if it had been met this often more, in the proportion of all names. */
const SUFFIX_SMOOTHING = 6;

/** A suffix met less often than this is counted with the other rare ones. */
const SUFFIX_AT_LEAST = 4;

/** No family teaches more than this many names: one generator's habits are not those of malware. */
const FAMILY_AT_MOST = 250;

/** Labels below this weight only show what benign words look like (`courier` of `courier.push.example.com`). */
const SUBDOMAIN_WEIGHT = 0.25;

/** One name per registrable domain, families bounded, chosen by hash so that a rebuild gives the same. */
export function lessons(names: readonly LabelledName[]): readonly LabelledName[] {
  const perFamily = new Map<string, number>();
  const seen = new Set<string>();
  const ordered = [...names].sort((a, b) => fnv1a(a.name) - fnv1a(b.name));
  return ordered.filter((one) => {
    const count = perFamily.get(one.family) ?? 0;
    const bounded = one.malicious && one.family !== 'phishing' && count >= FAMILY_AT_MOST;
    if (seen.has(one.registrable) || bounded) return false;
    seen.add(one.registrable);
    perFamily.set(one.family, count + 1);
    return true;
  });
}

/** Counts trigrams and suffixes. `all` may hold more benign names per registrable domain: their labels are words too. */
export function learnTables(chosen: readonly LabelledName[], all: readonly LabelledName[]): LexicalTables {
  const counts = { malicious: new Float64Array(TRIGRAMS), benign: new Float64Array(TRIGRAMS) };
  for (const one of chosen) {
    // Below a shared suffix the label is a customer's or a machine's: the score has a rule for those, and learns no letters.
    if (one.sharedSuffix) continue;
    const into = one.malicious ? counts.malicious : counts.benign;
    eachTrigram(one.label, (index) => {
      into[index] = (into[index] ?? 0) + 1;
    });
  }
  for (const word of new Set(all.filter((one) => !one.malicious).flatMap(wordsBelow)))
    eachTrigram(word, (index) => {
      counts.benign[index] = (counts.benign[index] ?? 0) + SUBDOMAIN_WEIGHT;
    });
  return { trigrams: trigramOdds(counts.malicious, counts.benign), ...suffixOdds(chosen) };
}

/** Fits the weights on names whose own counts are not in the tables: each half is read with the tables of the other. */
export function fit(chosen: readonly LabelledName[], all: readonly LabelledName[]): Fit {
  const halves = [0, 1].map((side) => (one: LabelledName) => fnv1a(`fold:${one.registrable}`) % 2 === side);
  const rows = halves.flatMap((isOwn) => {
    const others = (one: LabelledName): boolean => !isOwn(one);
    const tables = learnTables(chosen.filter(others), all.filter(others));
    return chosen.filter(isOwn).flatMap((one) => (one.sharedSuffix ? [] : [rowOf(one, tables)]));
  });
  return logistic(rows);
}

interface Row {
  readonly features: Float64Array;
  readonly target: 0 | 1;
}

function rowOf(one: LabelledName, tables: LexicalTables): Row {
  const features = new Float64Array(FEATURES.length);
  fillFeatures(features, one.label, one.suffix, tables);
  return { features, target: one.malicious ? 1 : 0 };
}

// Plain gradient descent on standardised features, both classes weighing the same: a worth needs an order, not a probability.
function logistic(rows: readonly Row[]): Fit {
  const { mean, deviation } = spread(rows);
  const share = rows.reduce((sum, row) => sum + row.target, 0) / rows.length;
  const weights = new Float64Array(FEATURES.length);
  let bias = 0;
  for (let step = 0; step < 600; step++) {
    const gradient = new Float64Array(FEATURES.length);
    let biasGradient = 0;
    for (const { features, target } of rows) {
      let z = bias;
      for (let i = 0; i < weights.length; i++) z += weightAt(weights, i) * scaled(features, mean, deviation, i);
      const error = (1 / (1 + Math.exp(-z)) - target) * (target === 1 ? 0.5 / share : 0.5 / (1 - share));
      biasGradient += error;
      for (let i = 0; i < weights.length; i++)
        gradient[i] = weightAt(gradient, i) + error * scaled(features, mean, deviation, i);
    }
    bias -= biasGradient / rows.length;
    for (let i = 0; i < weights.length; i++)
      weights[i] = weightAt(weights, i) * 0.9995 - weightAt(gradient, i) / rows.length;
  }
  const plain = [...weights].map((weight, i) => weight / weightAt(deviation, i));
  return { bias: bias - plain.reduce((sum, weight, i) => sum + weight * weightAt(mean, i), 0), weights: plain };
}

function spread(rows: readonly Row[]): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(FEATURES.length);
  const variance = new Float64Array(FEATURES.length);
  for (const { features } of rows)
    for (let i = 0; i < mean.length; i++) mean[i] = weightAt(mean, i) + weightAt(features, i) / rows.length;
  for (const { features } of rows)
    for (let i = 0; i < mean.length; i++)
      variance[i] = weightAt(variance, i) + (weightAt(features, i) - weightAt(mean, i)) ** 2 / rows.length;
  return { mean, deviation: variance.map((one) => Math.sqrt(one) || 1) };
}

function scaled(features: Float64Array, mean: Float64Array, deviation: Float64Array, i: number): number {
  return (weightAt(features, i) - weightAt(mean, i)) / weightAt(deviation, i);
}

function weightAt(array: Float64Array, i: number): number {
  return array[i] ?? 0;
}

function trigramOdds(malicious: Float64Array, benign: Float64Array): Int8Array {
  const total = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);
  const ratio = total(benign) / total(malicious);
  return Int8Array.from(malicious, (count, index) => {
    const odds = Math.log((count * ratio + TRIGRAM_SMOOTHING) / (weightAt(benign, index) + TRIGRAM_SMOOTHING));
    return Math.max(-127, Math.min(127, Math.round(odds * TRIGRAM_SCALE)));
  });
}

function suffixOdds(chosen: readonly LabelledName[]): Pick<LexicalTables, 'suffixes' | 'otherSuffix'> {
  const counts = new Map<string, { malicious: number; benign: number }>();
  const all = { malicious: 0, benign: 0 };
  for (const { suffix, malicious } of chosen) {
    const count = counts.get(suffix) ?? { malicious: 0, benign: 0 };
    counts.set(suffix, count);
    const side = malicious ? 'malicious' : 'benign';
    count[side]++;
    all[side]++;
  }
  const odds = (count: { malicious: number; benign: number }): number =>
    Math.log(
      (count.malicious / all.malicious + SUFFIX_SMOOTHING / (all.malicious + all.benign)) /
        (count.benign / all.benign + SUFFIX_SMOOTHING / (all.malicious + all.benign)),
    );
  const rare = { malicious: 0, benign: 0 };
  const suffixes = new Map<string, number>();
  for (const [suffix, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (count.malicious + count.benign >= SUFFIX_AT_LEAST) suffixes.set(suffix, Number(odds(count).toFixed(2)));
    else {
      rare.malicious += count.malicious;
      rare.benign += count.benign;
    }
  }
  return { suffixes, otherSuffix: Number(odds(rare).toFixed(2)) };
}

function wordsBelow(one: LabelledName): readonly string[] {
  const below = one.name.slice(0, Math.max(0, one.name.length - one.registrable.length - 1));
  return below.split('.').filter((label) => /^[a-z]{3,12}$/.test(label));
}
