/** A scalar as it stands in the file: its YAML value and its text, since `0660` is a number to YAML and a mode to us. */
export interface WrittenScalar {
  readonly value: string | number | boolean | null;
  readonly text: string;
}

/** What a unit adds to the key inside the process: `block_expires` becomes `blockExpiresMs`. */
export type Unit = 'none' | 'duration' | 'size';

/** A part of a JSON Schema (draft-07). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A value that can stand in YAML. Defaults are kept as a person would write them, and read like everything else. */
export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };

/** One key of the configuration that holds one scalar. */
export interface Field<T, U extends Unit = 'none'> {
  readonly node: 'field';
  readonly unit: U;
  /** One or two sentences for the person who writes the file. */
  readonly doc: string;
  /** The default as written, or how it is found out (`{ computed }`); absent where the key must be given. */
  readonly fallback?: Fallback<T>;
  /** A value to show where there is no default, or where the default is `null`. */
  readonly example?: string;
  /** What is wanted, as it follows "want" in an error. */
  readonly want: string;
  /** Whether this text may be or hold a secret in the wrong place; errors do not repeat it then. */
  readonly isSensitive: (text: string) => boolean;
  readonly json: JsonSchema;
  /** The value, or `undefined` when it is not what is wanted. */
  read(written: WrittenScalar): T | undefined;
}

/** A default: a value as written, or one that depends on the machine. */
export type Fallback<T> = PlainValue | { readonly computed: () => T; readonly as: string };

/** What every key says about itself. */
export interface FieldOptions<T> {
  readonly doc: string;
  readonly default?: Fallback<T>;
  readonly example?: string;
}

/** How one kind of field reads and what it wants. */
export interface FieldKind<T, U extends Unit = 'none'> {
  readonly want: string;
  readonly json: JsonSchema;
  readonly read: (written: WrittenScalar) => T | undefined;
  readonly unit: U;
  readonly isSensitive?: (text: string) => boolean;
}

/** Makes a field of a kind. */
export function field<T, U extends Unit>(options: FieldOptions<T>, kind: FieldKind<T, U>): Field<T, U> {
  return {
    node: 'field',
    unit: kind.unit,
    doc: options.doc,
    want: kind.want,
    json: kind.json,
    isSensitive: kind.isSensitive ?? (() => false),
    read: kind.read,
    ...(options.default === undefined ? {} : { fallback: options.default }),
    ...(options.example === undefined ? {} : { example: options.example }),
  };
}

/** The same field, which may also be `null` and is by default. */
export function nullable<T, U extends Unit>(inner: Field<T, U>): Field<T | null, U> {
  return {
    ...inner,
    fallback: inner.fallback ?? null,
    want: `${inner.want}, or null`,
    json: { anyOf: [inner.json, { type: 'null' }] },
    read: (written) => (written.value === null ? null : inner.read(written)),
  };
}
