/**
 * FNV-1a, 32 bits, with a final mix: the low bits of the bare sum are not even for short texts. For budgets and splits, where a
 * collision costs nothing; never where somebody gains by one.
 */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
