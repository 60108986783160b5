/** Longer texts are cut: a log line is no place for a payload. */
const MAX_LENGTH = 1000;

// Cc: C0, DEL and C1 controls; Cf: invisible and direction-changing characters; Zl, Zp: line breaks of Unicode.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text fit for a terminal and a log: what would move the cursor, hide or break the line is shown as `\u001b`. */
export function printable(text: string, maxLength = MAX_LENGTH): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
  return cut.replace(UNPRINTABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
  });
}
