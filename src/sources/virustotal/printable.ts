const CUT = '...';

/**
 * What may be kept of a text that came from outside: printable ASCII (everything else becomes `?`, white space a
 * single space), at most `maxLength` characters. Such a text can neither break a line nor drive a terminal.
 */
export function printable(text: string, maxLength: number): string {
  // Cut first: the work must not grow with what a stranger sends.
  const bounded = text
    .slice(0, maxLength * 2)
    .replace(/\s+/g, ' ')
    .trim();
  const plain = bounded.replace(/[^\x20-\x7e]/g, '?');
  return plain.length <= maxLength ? plain : plain.slice(0, maxLength - CUT.length) + CUT;
}
