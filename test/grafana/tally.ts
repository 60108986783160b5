/** `n`: a number, `t`: a text, `d`: a date. One letter for each column, in their order. */
export type Kinds = string;

export type Cell = string | number | null;

/** What a query should give. */
export interface Expected {
  readonly columns: readonly string[];
  readonly kinds: Kinds;
  readonly rows: readonly (readonly Cell[])[];
}

/** Rows by a text that stands for what they have in common. */
export function groupBy<T>(
  rows: readonly T[],
  key: (row: T) => Cell | readonly Cell[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const name = JSON.stringify(key(row));
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}

/** One row for each group. */
export function perGroup<T>(
  rows: readonly T[],
  key: (row: T) => readonly Cell[],
  row: (key: readonly Cell[], group: readonly T[]) => readonly Cell[],
): readonly (readonly Cell[])[] {
  return [...groupBy(rows, key)].map(([name, group]) => row(JSON.parse(name) as readonly Cell[], group));
}

export function sum<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

/** As SQL adds up: nothing at all is no number. */
export function sumOrNull<T>(rows: readonly T[], of: (row: T) => number): number | null {
  return rows.length === 0 ? null : sum(rows, of);
}

export function share(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : part / whole;
}

export function max<T extends Cell>(values: readonly T[]): T | null {
  let most: T | null = null;
  for (const value of values) if (value !== null && (most === null || value > most)) most = value;
  return most;
}

/** Of `5/92` and `10/92` the second. */
export function mostFlagged(ratios: readonly (string | null)[]): string | null {
  const known = ratios.filter((ratio) => ratio !== null);
  return known.toSorted((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10) || (a > b ? -1 : 1))[0] ?? null;
}

export function min<T extends Cell>(values: readonly T[]): T | null {
  let least: T | null = null;
  for (const value of values) if (value !== null && (least === null || value < least)) least = value;
  return least;
}

export function distinct<T>(rows: readonly T[], of: (row: T) => Cell | readonly Cell[]): number {
  return new Set(rows.map((row) => JSON.stringify(of(row)))).size;
}

/** Whole seconds between two times, towards zero, as TIMESTAMPDIFF counts them. */
export function secondsBetween(from: number | null, to: number): number | null {
  return from === null ? null : Math.trunc((to - from) / 1000);
}

/** Whole seconds since a time that has come, or will within moments. */
export function ageOf(at: number | null, now: number): number | null {
  return at === null ? null : Math.max(0, secondsBetween(at, now) ?? 0);
}

/** A time as the database writes it. */
export function dated(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString().slice(0, -1).replace('T', ' ');
}
