import { type ObservableKey, observableOfKey } from './observable.ts';
import { type Sighting, VIAS } from './sighting.ts';

/** Numbers a row of `SightingBatch.rows` holds, in this order. */
export const ROW = {
  observable: 0,
  client: 1,
  via: 2,
  count: 3,
  nxdomain: 4,
  firstSeenAt: 5,
  lastSeenAt: 6,
  length: 7,
} as const;

/**
 * Sightings in the form in which the intake thread hands them over: each name once, numbers in one typed
 * array whose buffer is transferred and not copied. A row never crosses a UTC hour.
 */
export interface SightingBatch {
  readonly observables: readonly ObservableKey[];
  readonly clients: readonly string[];
  readonly rows: Float64Array;
}

/** How many sightings a batch holds. */
export function sightingsIn(batch: SightingBatch): number {
  return batch.rows.length / ROW.length;
}

/** The sightings of a batch, one object each. For tests and rare paths; the store reads the rows itself. */
export function* eachSighting(batch: SightingBatch): Generator<Sighting> {
  const { observables, clients, rows } = batch;
  for (let at = 0; at < rows.length; at += ROW.length) {
    const number = (field: number): number => rows[at + field] ?? 0;
    yield {
      observable: observableOfKey(observables[number(ROW.observable)] ?? ''),
      client: clients[number(ROW.client)] ?? '',
      via: VIAS[number(ROW.via)] ?? 'dns',
      count: number(ROW.count),
      nxdomainCount: number(ROW.nxdomain),
      firstSeenAt: number(ROW.firstSeenAt),
      lastSeenAt: number(ROW.lastSeenAt),
    };
  }
}
