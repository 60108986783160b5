import { readFileSync } from 'node:fs';
import { FEATURES, type Feature, fillFeatures, type LexicalTables } from './lexical-features.ts';

/** How a model was made: when, from how many names, and which of them it never saw. */
export interface ModelProvenance {
  readonly built_at: string;
  readonly list_sha256: string;
  readonly list_names: number;
  readonly learned_malicious: number;
  readonly learned_benign: number;
  readonly families: number;
  readonly split: string;
}

/** What a label and its suffix say, in units of log-odds; above 0 is more like malware. The parts and `bias` add up. */
export type LexicalParts = Readonly<Record<Feature, number>>;

interface Figures {
  readonly provenance: ModelProvenance;
  readonly bias: number;
  readonly weights: Readonly<Record<Feature, number>>;
  readonly other_suffix: number;
  readonly suffixes: Readonly<Record<string, number>>;
  readonly trigrams: string;
}

/**
 * A logistic model of the label a customer registered: how its letters follow each other, how long, even and numbered it is, and
 * how often its suffix is abused. Made by `native-config/model/build-model.ts`; it orders questions and acquits or accuses nobody.
 */
export class LexicalModel {
  readonly provenance: ModelProvenance;
  readonly #tables: LexicalTables;
  readonly #weights: readonly number[];
  readonly #bias: number;
  readonly #features = new Float64Array(FEATURES.length);

  constructor(figures: Figures) {
    this.provenance = figures.provenance;
    this.#bias = figures.bias;
    this.#weights = FEATURES.map((feature) => figures.weights[feature]);
    const bytes = Buffer.from(figures.trigrams, 'base64');
    this.#tables = {
      trigrams: new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length),
      suffixes: new Map(Object.entries(figures.suffixes)),
      otherSuffix: figures.other_suffix,
    };
  }

  /** The parts of a registrable label's score: `example` and `co.uk` of `example.co.uk`. */
  parts(label: string, suffix: string): LexicalParts & { readonly bias: number } {
    fillFeatures(this.#features, label, suffix, this.#tables);
    const [suffixPart, trigrams, length, entropy, digits, vowels] = this.#features;
    const part = (value: number | undefined, i: number): number => (value ?? 0) * (this.#weights[i] ?? 0);
    return {
      bias: this.#bias,
      suffix: part(suffixPart, 0),
      trigrams: part(trigrams, 1),
      length: part(length, 2),
      entropy: part(entropy, 3),
      digits: part(digits, 4),
      vowels: part(vowels, 5),
    };
  }

  /** What a suffix alone says: for hosts below a shared suffix, whose labels say nothing. */
  suffixOdds(suffix: string): number {
    return this.#tables.suffixes.get(suffix) ?? 0;
  }
}

let builtIn: LexicalModel | undefined;

/** The model that comes with the program. Read from disk once, when it is first wanted. */
export function builtInModel(): LexicalModel {
  builtIn ??= new LexicalModel(
    JSON.parse(readFileSync(new URL('./lexical-model.json', import.meta.url), 'utf8')) as Figures,
  );
  return builtIn;
}
