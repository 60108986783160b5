import { isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type Node as YamlNode } from 'yaml';
import type { PlainValue, WrittenScalar } from './field.ts';

/** What stands in the file at one place, with its line (from 1; `undefined` for a default of ours). */
export type Written =
  | ({ readonly kind: 'scalar'; readonly line: number | undefined } & WrittenScalar)
  | { readonly kind: 'map'; readonly line: number | undefined; readonly entries: ReadonlyMap<string, Entry> }
  | { readonly kind: 'list'; readonly line: number | undefined; readonly items: readonly Written[] };

/** A key and what stands behind it. */
export interface Entry {
  readonly line: number | undefined;
  readonly value: Written;
}

/** Something wrong, and where. */
export interface Problem {
  readonly line: number | undefined;
  readonly text: string;
}

/** Far above any real configuration; a larger file is a wrong path or an attack on the parser. */
const MAX_CHARACTERS = 256 * 1024;

/**
 * Parses YAML into a tree with line numbers. Every syntax error and duplicate key is reported; anchors and aliases
 * are refused, because a few of them expand into gigabytes and a configuration needs none. `root` is absent for an empty text.
 */
export function parseWritten(yaml: string): { readonly root?: Written; readonly problems: readonly Problem[] } {
  if (yaml.length > MAX_CHARACTERS) {
    return {
      problems: [{ line: undefined, text: `it is ${yaml.length} characters long, want at most ${MAX_CHARACTERS}` }],
    };
  }
  const lines = new LineCounter();
  const reader = new TreeReader(lines);
  try {
    const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false, strict: true, version: '1.2' });
    for (const error of document.errors) reader.report(error.pos[0], syntaxText(error.code, error.message));
    if (reader.problems.length > 0 || document.contents === null) return { problems: reader.problems };
    return { root: reader.read(document.contents), problems: reader.problems };
  } catch (error) {
    // The parser is recursive: thousands of nested brackets exhaust the stack.
    if (error instanceof RangeError) return { problems: [{ line: undefined, text: 'it is nested too deeply' }] };
    throw error;
  }
}

/** A default of ours as if it had been written. */
export function writtenOf(value: PlainValue): Written {
  const line = undefined;
  if (isList(value)) return { kind: 'list', line, items: value.map(writtenOf) };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, child]): [string, Entry] => [
      key,
      { line, value: writtenOf(child) },
    ]);
    return { kind: 'map', line, entries: new Map(entries) };
  }
  return { kind: 'scalar', line, value, text: String(value) };
}

function isList(value: PlainValue): value is readonly PlainValue[] {
  return Array.isArray(value);
}

function syntaxText(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key is given twice, want it once';
  if (code === 'TAB_AS_INDENT') return 'a tab is used for indentation, want spaces';
  return `not YAML: ${message.split('\n', 1)[0]}`;
}

class TreeReader {
  readonly problems: Problem[] = [];
  readonly #lines: LineCounter;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  report(offset: number, text: string): void {
    this.problems.push({ line: this.#lines.linePos(offset).line, text });
  }

  read(node: YamlNode | null): Written {
    const offset = node?.range?.[0] ?? 0;
    const { line } = this.#lines.linePos(offset);
    if (isMap(node))
      return { kind: 'map', line, entries: this.#entries(node.items as Pair<YamlNode, YamlNode | null>[]) };
    if (isSeq(node)) return { kind: 'list', line, items: node.items.map((item) => this.read(item as YamlNode)) };
    if (isAlias(node)) this.report(offset, `*${node.source} is an alias, want its value written out`);
    if (!isScalar(node)) return { kind: 'scalar', line, value: null, text: '' };
    const value = node.value;
    const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    const text = typeof value === 'string' ? value : (node.source ?? '');
    return { kind: 'scalar', line, value: isPlain ? value : null, text };
  }

  #entries(pairs: readonly Pair<YamlNode, YamlNode | null>[]): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const { key, value } of pairs) {
      const offset = key.range?.[0] ?? 0;
      if (!isScalar(key)) this.report(offset, 'a key is no plain word');
      else entries.set(String(key.value), { line: this.#lines.linePos(offset).line, value: this.read(value) });
    }
    return entries;
  }
}
