/** Longer texts are cut: a log line is no place for a payload. */
const MAX_LENGTH = 1000;

// Cc: C0, DEL and C1 controls; Cf: invisible and direction-changing characters; Zl, Zp: line breaks of Unicode.
/** What would move a cursor, hide itself, turn the direction or forge a line. Global: use it with `replace` only. */
export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text fit for a terminal and a log: what would move the cursor, hide or break the line is shown as `\u001b`. */
export function printable(text: string, maxLength = MAX_LENGTH): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
  return cut.replace(UNPRINTABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
  });
}

/**
 * What may be kept of a text that came from outside: printable ASCII (everything else becomes `?`, white space a
 * single space), at most `maxLength` characters. Such a text can neither break a line nor drive a terminal.
 */
export function plainText(text: string, maxLength: number): string {
  // Cut first: the work must not grow with what a stranger sends.
  const bounded = text
    .slice(0, maxLength * 2)
    .replace(/\s+/g, ' ')
    .trim();
  const plain = bounded.replace(/[^\x20-\x7e]/g, '?');
  return plain.length <= maxLength ? plain : `${plain.slice(0, maxLength - 3)}...`;
}
