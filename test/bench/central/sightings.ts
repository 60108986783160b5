import type { Store } from '../../../src/store/store.ts';

export const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);
/** A busy network's day: so many names, and devices that use all of them. */
export const NAMES = 20_000;
const CLIENTS = 10;
const STEP = 20_000;

/** One seeing of a name by a device in an hour. */
export interface BenchSighting {
  readonly name: string;
  readonly client: string;
  readonly hour: number;
}

/** The n-th of a sequence in which nothing comes twice: every name by every device, hour after hour. */
export function sighting(index: number): BenchSighting {
  const name = index % NAMES;
  return {
    name: `host-${name}.some-example-${name % 997}.example.com`,
    client: `10.0.0.${Math.floor(index / NAMES) % CLIENTS}`,
    hour: START + HOUR * Math.floor(index / (NAMES * CLIENTS)),
  };
}

/** Writes sightings `from` to `from + count` of the sequence. */
export function recordSightings(store: Store, from: number, count: number): void {
  for (let at = from; at < from + count; at += STEP) recordStep(store, at, Math.min(STEP, from + count - at));
}

function recordStep(store: Store, from: number, count: number): void {
  const all = Array.from({ length: count }, (_, index) => sighting(from + index));
  const names = [...new Set(all.map(({ name }) => name))];
  const clients = [...new Set(all.map(({ client }) => client))];
  const nameAt = new Map(names.map((name, index) => [name, index]));
  const rows = all.flatMap(({ name, client, hour }) => [
    nameAt.get(name) ?? 0,
    clients.indexOf(client),
    0,
    1,
    0,
    hour + 1,
    hour + 2,
  ]);
  const observables = names.map((name) => `domain:${name}` as const);
  store.transact(() => store.sightings.record({ observables, clients, rows: Float64Array.from(rows) }));
}
