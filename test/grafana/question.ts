import type { Moment } from './macros.ts';
import type { Cell, Expected } from './tally.ts';
import { floorTo, MINUTE, NOW, type World } from './world.ts';

/** Values chosen in the variables; undefined is "All". */
export interface Choice {
  readonly minPositives: number;
  readonly shownFrom: number;
  readonly vector?: readonly string[];
  readonly sensor?: readonly string[];
  readonly client?: readonly string[];
  readonly severity?: readonly string[];
  readonly search: string;
}

/** A period, a width of bucket, and what is chosen. */
export interface Question {
  readonly world: World;
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
  readonly choice: Choice;
}

/** Counts from the rows what a query should give. */
export type Reference = (question: Question) => Expected;

/** What Grafana puts in for a choice. */
export function momentOf({ from, to, bucketMs, choice }: Question): Moment {
  const many = (name: 'vector' | 'sensor' | 'client' | 'severity') => choice[name] ?? name;
  return {
    from,
    to,
    intervalMs: bucketMs,
    variables: {
      min_positives: String(choice.minPositives),
      shown_from: String(choice.shownFrom),
      vector: many('vector'),
      sensor: many('sensor'),
      client: many('client'),
      severity: many('severity'),
      search: [choice.search],
    },
  };
}

/** Within the period, both ends included, by whole seconds as macros write them. */
export function isWithin({ from, to }: Question, at: number): boolean {
  return at >= floorTo(from, 1000) && at <= floorTo(to, 1000);
}

/** Of VirusTotal: second opinions are no engines of it. */
export function isVirusTotal({ source }: { readonly source: string }): boolean {
  return source === 'virustotal';
}

/** Within so many milliseconds up to now; a sensor's clock may be a few minutes ahead, and what is further ahead never happened yet. */
export function isRecent(at: number, ms: number): boolean {
  return at > NOW - ms && hasCome(at);
}

export function hasCome(at: number): boolean {
  return at <= NOW + 5 * MINUTE;
}

export function isChosen(chosen: readonly string[] | undefined, value: string): boolean {
  return chosen === undefined || chosen.includes(value);
}

/** The `time` of a bucket: epoch seconds. */
export function bucketOf({ bucketMs }: Question, at: number): number {
  return floorTo(at, bucketMs) / 1000;
}

/** `a b|nt`: names of columns and their kinds, so that a reference begins with its head. */
export function expected(kinds: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): Expected {
  return { columns, kinds, rows };
}

/** Columns of descending or ascending rank, the first deciding; for the few tables that are cut off. */
export function ranked(
  rows: readonly (readonly Cell[])[],
  ...by: readonly (readonly [column: number, order: 1 | -1])[]
): readonly (readonly Cell[])[] {
  return rows.toSorted((a, b) => {
    for (const [column, order] of by) {
      const [x, y] = [a[column] ?? null, b[column] ?? null];
      if (x === y) continue;
      if (x === null || y === null) return order * (x === null ? -1 : 1);
      return order * (x < y ? -1 : 1);
    }
    return 0;
  });
}
