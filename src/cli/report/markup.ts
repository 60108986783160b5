import { printable } from '../../lib/printable.ts';

/** The longest text there is: a URL of 2048 characters. */
const MAX_LENGTH = 2100;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML that is safe to put into HTML: made by `html` alone. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template. A text is escaped wherever it stands; attributes must be quoted. */
export type Piece = string | number | Markup | readonly Markup[] | undefined;

/**
 * Makes HTML of a template. Whatever is no `Markup` is text: its special characters are escaped, and what would turn the direction,
 * hide itself or break a line is shown as `\u202e`.
 */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(parts.map((part, at) => `${part}${at < pieces.length ? textOf(pieces[at]) : ''}`).join(''));
}

/** Several pieces of HTML, one after the other. */
export function all(pieces: readonly Markup[]): Markup {
  return new Markup(pieces.map(({ text }) => text).join(''));
}

/** A name from outside: on its own as far as direction goes, and broken where there is no room: after a dot if there is one. */
export function name(text: string): Markup {
  const labels = text.split('.').map((label, at) => (at === 0 ? html`${label}` : html`.<wbr>${label}`));
  return html`<bdi dir="ltr" class="name">${labels}</bdi>`;
}

/** A link that leaves no trace of where it was followed from; only text where the address is none of the web. */
export function link(address: string, text: string): Markup {
  if (!URL.canParse(address) || new URL(address).protocol !== 'https:') return html`${text}`;
  return html`<a href="${address}" rel="noopener noreferrer" target="_blank">${text}</a>`;
}

function textOf(piece: Piece): string {
  if (piece === undefined) return '';
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'object') return all(piece).text;
  return printable(String(piece), MAX_LENGTH).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
