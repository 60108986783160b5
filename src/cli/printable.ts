import { UNPRINTABLE } from '../lib/printable.ts';

/** One line of text that a terminal shows and does not obey. Tabs and line ends become spaces. */
export function printable(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ').replace(UNPRINTABLE, '\uFFFD');
}

/** JSON text in which whatever a terminal might obey is escaped; it parses into the same value. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
    .split('\n')
    .map((line) => line.replace(UNPRINTABLE, escaped))
    .join('\n');
}

/** Text of several lines, each printable; tabs stay. */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.split('\t').map(printable).join('\t'))
    .join('\n');
}

function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
}
