/** Numbers that are the same in every run. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from 0 up to `below`. */
  below(below: number): number;
  pick<T>(from: readonly T[]): T;
  /** An index from 0 up to `length`, the earlier the likelier: rank r has weight 1 / (r + 1). */
  zipf(length: number): number;
}

/** mulberry32: small, fast, and good enough to spread names over days. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    pick: (from) => {
      const one = from[below(from.length)];
      if (one === undefined)
        throw new RangeError('Cannot pick from an empty list: it is empty, want at least one entry');
      return one;
    },
    // The inverse of the harmonic sum, close enough for long lists.
    zipf: (length) => Math.min(length - 1, Math.floor((length + 1) ** next()) - 1),
  };
}
