import type { VerdictState } from '../../core/verdict.ts';
import { timeText } from '../wording.ts';
import { html, type Markup } from './markup.ts';
import { stateText } from './verdict-tone.ts';

/** A column of a table. */
export interface TableColumn {
  readonly label: string;
  /** `num`, `wide`, `grow`, `aside` (left out on a phone); the first column leads its row there. */
  readonly style?: string;
}

/** One part of the page: what it shows, why one should look, and the thing itself. */
export function section(title: string, why: string, body: Markup | readonly Markup[]): Markup {
  return html`<section><div><h2>${title}</h2><p class="why">${why}</p></div><div class="body">${body}</div></section>`;
}

/** Why there is nothing. */
export function empty(why: string): Markup {
  return html`<p class="empty">${why}</p>`;
}

/** A table; on a phone each row is a block in which every cell says what it is. */
export function table(columns: readonly TableColumn[], rows: readonly (readonly Markup[])[]): Markup {
  const cell = (content: Markup, at: number): Markup => {
    const { label = '', style = '' } = columns[at] ?? {};
    return html`<td class="${at === 0 ? `lead ${style}` : style}" data-label="${label}">${at === 0 ? content : html`<div>${content}</div>`}</td>`;
  };
  return html`<table>
<thead><tr>${columns.map(({ label, style = '' }) => html`<th scope="col" class="${style}">${label}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
</table>`;
}

/** The same, with what is beyond the first rows folded away. */
export function foldedTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly Markup[])[],
  open: number,
  more: string,
): Markup {
  if (rows.length <= open) return table(columns, rows);
  return html`${table(columns, rows.slice(0, open))}<details><summary>${more}</summary>${table(columns, rows.slice(open))}</details>`;
}

/** What something is held to be, in colour and in words. */
export function verdict(state: VerdictState): Markup {
  return html`<span class="verdict v-${state}">${stateText(state)}</span>`;
}

/** A point in time: `2026-01-31 12:00`, UTC as everything here. */
export function moment(iso: string | undefined): Markup {
  if (iso === undefined) return html`-`;
  return html`<time datetime="${iso}">${timeText(iso).replace(' UTC', '')}</time>`;
}

/** A device; `(not named)` where no event said which. */
export function device(address: string): Markup {
  return html`<span class="name">${address === '' ? '(not named)' : address}</span>`;
}
