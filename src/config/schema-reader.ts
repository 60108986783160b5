import type { Fallback, Field, PlainValue, Unit } from './field.ts';
import { quoted } from './quoted.ts';
import { type AnyList, type AnyOptional, type AnySection, type Node, propertyOf } from './section.ts';
import { similarKey } from './similar-key.ts';
import { type Problem, type Written, writtenOf } from './written.ts';

/** Returned where a value could not be read; the reason is among the problems. */
const BAD: unique symbol = Symbol('bad');

type Read = unknown | typeof BAD;

/** Reads a written tree by a schema and gathers every problem, so that a person sees all of them at once. */
export class SchemaReader {
  readonly problems: Problem[] = [];

  /** The value of a section. Only to be used when `problems` stays empty. */
  readSection(section: AnySection, written: Written, path: string): Read {
    if (written.kind !== 'map') return this.#bad(written, path, 'a section of keys');
    for (const [key, entry] of written.entries) {
      if (!Object.hasOwn(section.shape, key)) this.#reportUnknown(joined(path, key), key, section, entry.line);
    }
    const value: Record<string, unknown> = {};
    let isWhole = true;
    for (const [key, node] of Object.entries(section.shape)) {
      const entry = written.entries.get(key);
      const child =
        entry === undefined
          ? this.#readDefault(node, written, joined(path, key))
          : this.#read(node, entry.value, joined(path, key));
      if (child === BAD) isWhole = false;
      value[propertyOf(key, node)] = child;
    }
    // A rule over several keys says nothing sensible while one of them is bad.
    return isWhole ? this.#checked(section, value, written, path) : BAD;
  }

  #checked(section: AnySection, value: object, written: Written & { kind: 'map' }, path: string): Read {
    const conflicts = section.check(value as never);
    for (const { key, text } of conflicts) {
      const line = written.entries.get(key)?.line ?? written.line;
      this.problems.push({ line, text: `${key === '' ? path : joined(path, key)} ${text}` });
    }
    return conflicts.length === 0 ? value : BAD;
  }

  #read(node: Node, written: Written, path: string): Read {
    switch (node.node) {
      case 'field':
        return this.#readField(node, written, path);
      case 'section':
        return this.readSection(
          node,
          isEmpty(written) ? { kind: 'map', line: written.line, entries: new Map() } : written,
          path,
        );
      case 'optional':
        return this.#readOptional(node, written, path);
      case 'list':
        return this.#readList(node, written, path);
    }
  }

  #readDefault(node: Node, parent: Written, path: string): Read {
    if (node.node === 'optional') return null;
    if (node.node === 'list') return [];
    if (node.node === 'section')
      return this.readSection(node, { kind: 'map', line: undefined, entries: new Map() }, path);
    const { fallback } = node;
    if (fallback === undefined) {
      this.problems.push({ line: parent.line, text: `${path} is missing, want ${node.want}` });
      return BAD;
    }
    return isWritten(fallback) ? this.#readField(node, writtenOf(fallback), path) : fallback.computed();
  }

  #readField(field: Field<unknown, Unit>, written: Written, path: string): Read {
    const value = written.kind === 'scalar' ? field.read(written) : undefined;
    return value === undefined ? this.#bad(written, path, field.want, field.isSensitive) : value;
  }

  #readOptional(node: AnyOptional, written: Written, path: string): Read {
    if (written.kind === 'scalar' && written.value === null) return null;
    return this.readSection(node.section, written, path);
  }

  #readList(node: AnyList, written: Written, path: string): Read {
    if (isEmpty(written)) return [];
    if (written.kind !== 'list') return this.#bad(written, path, 'a list');
    const values = written.items.map((item, index) => this.#read(node.item, item, `${path}[${index}]`));
    if (values.includes(BAD)) return BAD;
    const seen = new Set<string>();
    for (const [index, value] of values.entries()) {
      const identity = node.identity(value as never);
      if (seen.has(identity)) {
        const line = written.items[index]?.line;
        this.problems.push({ line, text: `${path}[${index}] names ${quoted(identity)} a second time, want it once` });
      }
      seen.add(identity);
    }
    return values;
  }

  #reportUnknown(path: string, key: string, section: AnySection, line: number | undefined): void {
    const known = Object.keys(section.shape);
    const near = similarKey(key, known);
    const advice = near === undefined ? `want one of ${known.join(', ')}` : `did you mean "${near}"?`;
    this.problems.push({ line, text: `${quoted(path)} is no known key, ${advice}` });
  }

  #bad(written: Written, path: string, want: string, isSensitive = (_text: string): boolean => false): typeof BAD {
    this.problems.push({
      line: written.line,
      text: `${path === '' ? 'it' : path} is ${shown(written, isSensitive)}, want ${want}`,
    });
    return BAD;
  }
}

function shown(written: Written, isSensitive: (text: string) => boolean): string {
  if (written.kind === 'map') return 'a section';
  if (written.kind === 'list') return 'a list';
  if (written.value === null) return 'empty';
  if (isSensitive(written.text)) return 'something else (not shown, it may be a secret)';
  return typeof written.value === 'string' ? quoted(written.value) : written.text;
}

/** `eve:` with nothing behind it, as when every key below is commented out. A written-out `null` means something else. */
function isEmpty(written: Written): boolean {
  return written.kind === 'scalar' && written.value === null && written.text === '';
}

function isWritten(fallback: Fallback<unknown>): fallback is PlainValue {
  return typeof fallback !== 'object' || fallback === null || !('computed' in fallback);
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
