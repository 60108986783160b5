const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/**
 * Parses a size with a binary unit (`512B`, `64KiB`, `1MiB`, `2GiB`) into bytes. `undefined` when the text is none;
 * a bare number is none either, since its unit would be a guess.
 */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit] = /^([0-9]{1,9})(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  return Number(digits) * (UNIT_BYTES[unit] ?? 0);
}
