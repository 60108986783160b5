/** The figures a lexical model holds. No name can be read out of them. */
export interface LexicalTables {
  /** Log-odds (malicious to benign) of each trigram, by `trigramIndex`, times `TRIGRAM_SCALE`. */
  readonly trigrams: Int8Array;
  /** Log-odds of each public suffix that was met often enough. */
  readonly suffixes: ReadonlyMap<string, number>;
  /** Log-odds of a suffix that was not. */
  readonly otherSuffix: number;
}

/** Steps per unit of log-odds in `LexicalTables.trigrams`: int8 then reaches from -4 to +4. */
export const TRIGRAM_SCALE = 32;

/** The features of a label, in this order everywhere. */
export const FEATURES = ['suffix', 'trigrams', 'length', 'entropy', 'digits', 'vowels'] as const;
export type Feature = (typeof FEATURES)[number];

// 0 = edge of the label, 1-26 = letters, 27-36 = digits, 37 = everything else a label may hold.
const SYMBOLS = 38;
const SYMBOL_OF = symbols();

/** How many different trigrams there are. */
export const TRIGRAMS = SYMBOLS ** 3;

/** Calls `visit` with the index of each trigram of a label, both edges included: a label of n letters has n of them. */
export function eachTrigram(label: string, visit: (index: number) => void): void {
  let before = 0;
  let at = symbolAt(label, 0);
  for (let i = 1; i <= label.length; i++) {
    const next = i < label.length ? symbolAt(label, i) : 0;
    visit((before * SYMBOLS + at) * SYMBOLS + next);
    before = at;
    at = next;
  }
}

/** Fills `into` with the features of a registrable label (`example` of `example.co.uk`), by the order of `FEATURES`. */
export function fillFeatures(into: Float64Array, label: string, suffix: string, tables: LexicalTables): void {
  const { length } = label;
  COUNTS.fill(0);
  let digits = 0;
  let vowels = 0;
  for (let i = 0; i < length; i++) {
    const symbol = symbolAt(label, i);
    COUNTS[symbol] = (COUNTS[symbol] ?? 0) + 1;
    if (symbol >= 27 && symbol <= 36) digits++;
    else if (symbol === 1 || symbol === 5 || symbol === 9 || symbol === 15 || symbol === 21) vowels++;
  }
  let entropy = 0;
  for (const count of COUNTS) if (count > 0) entropy -= (count / length) * Math.log2(count / length);
  into[0] = tables.suffixes.get(suffix) ?? tables.otherSuffix;
  into[1] = meanLogOdds(label, tables.trigrams);
  into[2] = Math.min(length, LONGEST) / LONGEST;
  into[3] = entropy;
  into[4] = length === 0 ? 0 : digits / length;
  into[5] = length === 0 ? 0 : vowels / length;
}

/** Labels longer than this are equally long: few benign ones get there. */
const LONGEST = 30;

const COUNTS = new Uint8Array(SYMBOLS);

// The sum, not the mean, is what naive Bayes would take; a long label would then win by length alone, which has its own feature.
function meanLogOdds(label: string, trigrams: Int8Array): number {
  let sum = 0;
  let before = 0;
  let at = symbolAt(label, 0);
  for (let i = 1; i <= label.length; i++) {
    const next = i < label.length ? symbolAt(label, i) : 0;
    sum += trigrams[(before * SYMBOLS + at) * SYMBOLS + next] ?? 0;
    before = at;
    at = next;
  }
  return sum / TRIGRAM_SCALE / Math.sqrt(Math.max(1, label.length));
}

function symbolAt(label: string, i: number): number {
  return SYMBOL_OF[label.charCodeAt(i) & 127] ?? SYMBOLS - 1;
}

function symbols(): Uint8Array {
  const table = new Uint8Array(128).fill(SYMBOLS - 1);
  for (let i = 0; i < 26; i++) table[97 + i] = 1 + i;
  for (let i = 0; i < 10; i++) table[48 + i] = 27 + i;
  return table;
}
