/** More changes than this make a different word. */
const MAX_DISTANCE = 3;

/** The known key that was probably meant, or `undefined` when none is near. */
export function similarKey(written: string, known: readonly string[]): string | undefined {
  // Bounds the work: no key of ours is nearly as long.
  if (written.length > 64) return undefined;
  const plain = written.toLowerCase().replaceAll('-', '_');
  const contained = known.find((key) => plain.length > 2 && (key.startsWith(plain) || plain.startsWith(key)));
  if (contained !== undefined) return contained;
  let best: { readonly key: string; readonly distance: number } | undefined;
  for (const key of known) {
    const distance = editDistance(plain.replaceAll('_', ''), key.replaceAll('_', ''));
    if (distance <= Math.min(MAX_DISTANCE, Math.floor(key.length / 2)) && distance < (best?.distance ?? Infinity)) {
      best = { key, distance };
    }
  }
  return best?.key;
}

/** Levenshtein distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
