/** Prints a figure, and whether it reaches what is wanted. */
export function row(what: string, value: number, unit: string, target?: number): void {
  const shown = value.toFixed(value < 10 ? 1 : 0);
  const verdict = target === undefined ? '' : `want <= ${target} ${unit}: ${value <= target ? 'reached' : 'MISSED'}`;
  process.stdout.write(`${`${what.padEnd(78)} ${shown.padStart(8)} ${unit.padEnd(3)} ${verdict}`.trimEnd()}\n`);
}

/** The value below which a share of all lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** p50 and p99 of some times. */
export function spread(what: string, ms: readonly number[], want50: number, want99?: number): void {
  row(`${what}, p50`, percentile(ms, 0.5), 'ms', want50);
  row(`${what}, p99`, percentile(ms, 0.99), 'ms', want99);
}

/** How long work takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const at = performance.now();
  await work();
  return performance.now() - at;
}
