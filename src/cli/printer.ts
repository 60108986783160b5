import { createRequire } from 'node:module';
import type Table from 'cli-table3';
import type { CliIo, Output } from './cli-io.ts';
import { printable, printableJson, printableLines } from './printable.ts';

const load = createRequire(import.meta.url);

/** Widths between which text is wrapped; a pipe has none and is not wrapped. */
const MIN_WIDTH = 40;
const MAX_WIDTH = 120;
/** How an item of a list begins. */
const ITEM = '- ';
/** A blank on either side. */
const CELL_PADDING = 2;

/** Prints results: readable on a terminal, tab-separated elsewhere, and never anything a terminal would obey. */
export class Printer {
  readonly #out: Output;
  readonly #coloured: boolean;

  constructor(io: Pick<CliIo, 'stdout' | 'env'>) {
    this.#out = io.stdout;
    // https://no-color.org: any value but the empty one.
    this.#coloured = io.stdout.isTTY === true && (io.env.NO_COLOR ?? '') === '' && io.env.TERM !== 'dumb';
  }

  get isTerminal(): boolean {
    return this.#out.isTTY === true;
  }

  /** Columns to wrap at; Infinity where nobody reads on a screen. */
  get width(): number {
    return this.isTerminal
      ? Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, this.#out.columns ?? 80))
      : Number.POSITIVE_INFINITY;
  }

  /** Exactly one JSON document. */
  json(value: unknown): void {
    this.#out.write(`${printableJson(value)}\n`);
  }

  line(text = ''): void {
    this.#out.write(`${printable(text)}\n`);
  }

  /** A line that stands out on a terminal that has colours. */
  heading(text: string): void {
    this.#out.write(this.#coloured ? `\u001b[1m${printable(text)}\u001b[0m\n` : `${printable(text)}\n`);
  }

  /** Text wrapped to the terminal, every line indented; what goes on an item (`- `) stands below its text. */
  paragraph(text: string, indent = 0): void {
    const hanging = text.startsWith(ITEM) ? ITEM.length : 0;
    const [first = '', ...rest] = wrapped(printable(text.slice(hanging)), this.width - indent - hanging);
    this.#out.write(`${' '.repeat(indent)}${text.slice(0, hanging)}${first}\n`);
    for (const line of rest) this.#out.write(`${' '.repeat(indent + hanging)}${line}\n`);
  }

  /** A whole text of several lines, such as a list. */
  text(text: string): void {
    this.#out.write(printableLines(text));
  }

  /** Clears the screen of a terminal; a blank line elsewhere. */
  clear(): void {
    this.#out.write(this.isTerminal ? '\u001b[H\u001b[2J' : '\n');
  }

  /** A table on a terminal; elsewhere one tab-separated line for the head and each row. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const cells = [head, ...rows].map((row) => row.map(printable));
    if (!this.isTerminal) {
      for (const row of cells) this.#out.write(`${row.join('\t')}\n`);
      return;
    }
    const widths = columnWidths(cells, this.width);
    // Wrapped here: the table's own wrapping either cuts words or cuts names that are longer than their column.
    const fit = (row: readonly string[]): string[] =>
      row.map((cell, column) => wrapped(cell, Math.max(1, (widths[column] ?? MAX_WIDTH) - CELL_PADDING)).join('\n'));
    // Loaded with the first table: a daemon prints none, and should not start later for it.
    const TerminalTable = load('cli-table3') as typeof Table;
    const table = new TerminalTable({
      head: fit(cells[0] ?? []),
      style: { head: this.#coloured ? ['bold'] : [], border: [], compact: true },
      colWidths: widths,
    });
    for (const row of cells.slice(1)) table.push(fit(row));
    this.#out.write(`${table.toString()}\n`);
  }
}

/** Words of a text in lines of at most `width` characters; a longer word is cut. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((one) => pieces(one, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function pieces(word: string, width: number): readonly string[] {
  if (word.length <= width) return [word];
  const count = Math.ceil(word.length / width);
  return Array.from({ length: count }, (_, at) => word.slice(at * width, (at + 1) * width));
}

/** Spaces and the border that a column costs beyond its text. */
const CELL_EXTRA = 3;
const NARROWEST = 8;

// The widest column gives way first, so that one long name does not squeeze all the others.
function columnWidths(cells: readonly (readonly string[])[], width: number): number[] {
  const widths = (cells[0] ?? []).map((_, at) => Math.max(...cells.map((row) => (row[at] ?? '').length)) + 2);
  let excess = widths.reduce((sum, one) => sum + one - 2 + CELL_EXTRA, 1) - width;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const size = widths[widest] ?? 0;
    if (size <= NARROWEST) break;
    widths[widest] = size - 1;
    excess -= 1;
  }
  return widths;
}
