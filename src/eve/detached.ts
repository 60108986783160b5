/**
 * A copy of an ASCII text with memory of its own. V8 keeps a slice of a large string as a pointer into it, so a name
 * that is remembered would keep the whole 64 KiB chunk it came in.
 */
export function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
