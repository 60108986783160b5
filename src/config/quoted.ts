import { printable } from '../lib/printable.ts';

/** Longer values are cut in messages. */
const MAX_SHOWN = 120;

/** A text in double quotes, fit for a terminal: control, invisible and direction-changing characters are escaped. */
export function quoted(text: string): string {
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return printable(JSON.stringify(cut));
}
