import { detached } from './detached.ts';

/**
 * A bounded map from (client, name) to `V` that forgets what was not used lately, as `GenerationMap` does. Two lookups on
 * the slices that a regular expression yields are faster than one on their concatenation, which V8 would have to build.
 */
export class PairMap<V> {
  readonly #half: number;
  #young = new Map<string, Map<string, V>>();
  #old = new Map<string, Map<string, V>>();
  #youngSize = 0;
  #turnovers = 0;

  /** `limit` is the most pairs ever held. */
  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  /** How often the oldest were forgotten. */
  get turnovers(): number {
    return this.#turnovers;
  }

  get(client: string, name: string): V | undefined {
    const value = this.#young.get(client)?.get(name);
    return value === undefined ? this.#revive(client, name) : value;
  }

  /** Both texts are kept: they must not be slices of something large. */
  set(client: string, name: string, value: V): void {
    if (this.#youngSize >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngSize = 0;
      this.#turnovers++;
    }
    let names = this.#young.get(client);
    if (names === undefined) {
      names = new Map();
      this.#young.set(client, names);
    }
    if (!names.has(name)) this.#youngSize++;
    names.set(name, value);
  }

  #revive(client: string, name: string): V | undefined {
    const names = this.#old.get(client);
    const value = names?.get(name);
    if (names === undefined || value === undefined) return undefined;
    names.delete(name);
    // Keys that were looked up may be slices of a received chunk.
    this.set(detached(client), detached(name), value);
    return value;
  }
}
