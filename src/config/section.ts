import type { Field, PlainValue, Unit } from './field.ts';

/** The keys of a section, in the order in which they are documented. */
export type Shape = Readonly<Record<string, Node>>;

/** Everything a key can hold. */
export type Node = Field<unknown, Unit> | AnySection | AnyOptional | AnyList;

/** Any section, as the reader and the renderers see it. */
export interface AnySection {
  readonly node: 'section';
  readonly doc: string;
  readonly shape: Shape;
  /** `never`, since only the section itself knows the type of its value. */
  readonly check: (value: never) => readonly Conflict[];
}

/** Any section that is `null` unless it is given. */
export interface AnyOptional {
  readonly node: 'optional';
  readonly doc: string;
  readonly section: AnySection;
  readonly sample: Sample;
}

/** Keys that the commented example shows with another value than their default, so that it works once uncommented. */
export type Sample = Readonly<Record<string, PlainValue>>;

/** Any list. */
export interface AnyList {
  readonly node: 'list';
  readonly doc: string;
  readonly item: Item;
  readonly sample: Sample;
  readonly identity: (value: never) => string;
}

/** What a list can hold. */
export type Item = Field<unknown> | AnySection;

/** A rule over several keys of one section. `key` is where a person should look. */
export interface Conflict {
  readonly key: string;
  /** What is and what is wanted, as it follows the key's name: `is 5, want more than policy.suspicious_at (6)`. */
  readonly text: string;
}

/** Keys that belong together. Without the section in the file, every key has its default. */
export interface Section<S extends Shape> extends AnySection {
  readonly shape: S;
  readonly check: (value: ConfigOf<S>) => readonly Conflict[];
}

/** A section that is `null` unless it is given. */
export interface OptionalSection<S extends Shape> extends AnyOptional {
  readonly section: Section<S>;
}

/** A list of scalars or sections; empty by default. */
export interface List<I extends Item> extends AnyList {
  readonly item: I;
  /** What must differ between two items. */
  readonly identity: (value: ValueOf<I>) => string;
}

type Camel<K extends string> = K extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : K;

type KeyOf<K extends string, N> = N extends { readonly unit: 'duration' }
  ? `${Camel<K>}Ms`
  : N extends { readonly unit: 'size' }
    ? `${Camel<K>}Bytes`
    : Camel<K>;

/** What a node becomes inside the process. */
export type ValueOf<N> =
  N extends Field<infer T, Unit>
    ? T
    : N extends { readonly node: 'section'; readonly shape: infer S extends Shape }
      ? ConfigOf<S>
      : N extends { readonly node: 'optional'; readonly section: infer I }
        ? ValueOf<I> | null
        : N extends { readonly node: 'list'; readonly item: infer I }
          ? readonly ValueOf<I>[]
          : never;

/** What a section becomes inside the process: camelCase keys, units in their names. */
export type ConfigOf<S extends Shape> = { readonly [K in keyof S & string as KeyOf<K, S[K]>]: ValueOf<S[K]> };

/** The name inside the process of a key of the file: `block_expires` of unit duration is `blockExpiresMs`. */
export function propertyOf(key: string, node: Node): string {
  const camel = key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  if (node.node !== 'field' || node.unit === 'none') return camel;
  return camel + (node.unit === 'duration' ? 'Ms' : 'Bytes');
}

/** Makes a section. */
export function section<const S extends Shape>(
  doc: string,
  shape: S,
  check: (value: ConfigOf<S>) => readonly Conflict[] = () => [],
): Section<S> {
  return { node: 'section', doc, shape, check };
}

/** Makes a section that is `null` unless it is given. */
export function optional<const S extends Shape>(inner: Section<S>, sample: Sample = {}): OptionalSection<S> {
  return { node: 'optional', doc: inner.doc, section: inner, sample };
}

/** Makes a list. */
export function list<I extends Item>(
  item: I,
  options: { readonly doc: string; readonly sample?: Sample; readonly identity: (value: ValueOf<I>) => string },
): List<I> {
  return { node: 'list', doc: options.doc, item, sample: options.sample ?? {}, identity: options.identity };
}
