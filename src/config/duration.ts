const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Longest duration taken: ten years. Beyond it a typing error is likelier than an intention. */
export const MAX_DURATION_MS = 3650 * 86_400_000;

/**
 * Parses a duration as people write it (`30s`, `15m`, `6h`, `7d`, `2w`, `500ms`, also joined: `1h30m`) into milliseconds.
 * `undefined` when the text is none, has no unit, or is longer than `MAX_DURATION_MS`.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64 || !/^(?:[0-9]+(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/([0-9]+)(ms|[smhdw])/g)) {
    totalMs += Number(digits) * (UNIT_MS[unit] ?? 0);
  }
  return totalMs <= MAX_DURATION_MS ? totalMs : undefined;
}
