/**
 * A bounded map that forgets what was not used lately. It keeps two generations: when the young one is full it becomes
 * the old one, and what stood in the old one unused is forgotten. A hit costs one `Map.get` where an exact LRU also
 * moves a list node; the price is that between `limit / 2` and `limit` entries are kept.
 */
export class GenerationMap<V> {
  readonly #half: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** `limit` is the most entries ever held. */
  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    return young === undefined ? this.#revive(key) : young;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  #revive(key: string): V | undefined {
    const value = this.#old.get(key);
    if (value === undefined) return undefined;
    this.#old.delete(key);
    this.set(key, value);
    return value;
  }
}
