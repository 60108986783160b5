/** `camelCase` to `snake_case`, as a type. */
type SnakeKey<K extends string> = K extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeKey<Tail>}`
    : `_${Lowercase<Head>}${SnakeKey<Tail>}`
  : K;

/** Keys whose numbers are points in time. */
type TimeKey = 'at' | 'since' | `${string}At`;

/**
 * What a value of ours looks like in JSON: snake_case keys, points in time (keys `at`, `since` and `...At`) as
 * ISO 8601 UTC strings, maps as objects whose keys stay as they are, and no key for what is undefined.
 */
export type DocumentOf<T> =
  T extends ReadonlyMap<string, infer V>
    ? Readonly<Record<string, DocumentOf<V>>>
    : T extends readonly (infer E)[]
      ? readonly DocumentOf<E>[]
      : T extends object
        ? { readonly [K in keyof T as K extends string ? SnakeKey<K> : never]: FieldOf<K, T[K]> }
        : T;

type FieldOf<K, V> = K extends TimeKey ? (V extends number ? string : V) : DocumentOf<V>;

/** The furthest `Date` goes (ECMA-262, Time Values). */
const MAX_TIME_MS = 8.64e15;

/** Translates a value at the border. The value itself is not changed. */
export function documentOf<T>(value: T): DocumentOf<T> {
  return translated(value) as DocumentOf<T>;
}

/** A point in time as documents show it. */
export function isoTime(atMs: number): string {
  return new Date(Math.max(-MAX_TIME_MS, Math.min(MAX_TIME_MS, atMs))).toISOString();
}

function translated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(translated);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, held]) => [key, translated(held)]));
  if (typeof value !== 'object' || value === null) return value;
  const document: Record<string, unknown> = {};
  for (const [key, held] of Object.entries(value)) {
    if (held === undefined) continue;
    document[snakeKey(key)] = typeof held === 'number' && isTimeKey(key) ? timeOf(held) : translated(held);
  }
  return document;
}

function timeOf(atMs: number): string | undefined {
  return Number.isFinite(atMs) ? isoTime(atMs) : undefined;
}

function isTimeKey(key: string): boolean {
  return key === 'at' || key === 'since' || key.endsWith('At');
}

function snakeKey(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
