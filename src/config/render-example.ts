import type { Field, PlainValue, Unit } from './field.ts';
import { configSchema } from './schema.ts';
import type { AnyList, AnyOptional, AnySection, Node, Sample } from './section.ts';

/** Width at which comments are broken. */
const LINE_WIDTH = 110;

const HEADER = [
  'Configuration of Home Network Guardian: every key with what it means and its default.',
  'Generated from the schema by "npm run generate"; keep your own copy as /etc/guardian/guardian.yaml.',
  'Unknown keys are errors. Durations: 30s 15m 6h 7d. Sizes: 64KiB 1MiB. Secrets stand in files of their own.',
];

/** `guardian.example.yaml`: loads into exactly the defaults. */
export function renderExample(): string {
  const header = HEADER.map((line) => `# ${line}\n`).join('');
  return `${header}\n${renderSection(configSchema, 0, '\n').join('\n')}\n`;
}

/** Lines of a section's keys, each after its comment. `gap` stands between two keys. */
function renderSection(section: AnySection, depth: number, gap = '', sample: Sample = {}): string[] {
  const blocks = Object.entries(section.shape).map(([key, node]) => {
    const value = sample[key];
    const lines = value === undefined ? renderKey(key, node, depth) : renderSample(key, node, value, depth);
    return lines.join('\n');
  });
  return blocks.map((block, index) => (index < blocks.length - 1 ? block + gap : block));
}

function renderKey(key: string, node: Node, depth: number): string[] {
  const indent = '  '.repeat(depth);
  switch (node.node) {
    case 'field':
      return renderField(key, node, depth);
    case 'section':
      return [...comment(node.doc, depth), `${indent}${key}:`, ...renderSection(node, depth + 1)];
    case 'optional':
      return renderOptional(key, node, depth);
    case 'list':
      return renderList(key, node, depth);
  }
}

function renderSample(key: string, node: Node, value: PlainValue, depth: number): string[] {
  return [...comment(node.doc, depth), `${'  '.repeat(depth)}${key}: ${scalar(value)}`];
}

function renderField(key: string, node: Field<unknown, Unit>, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const { fallback, example } = node;
  const shown = example === undefined ? '' : ` For example ${example}.`;
  if (fallback === undefined) return [...comment(node.doc, depth), `${indent}${key}: ${scalar(example ?? '')}`];
  if (typeof fallback === 'object' && fallback !== null && 'computed' in fallback) {
    return [...comment(`${node.doc} Default: ${fallback.as}.`, depth), `${indent}# ${key}: ${example ?? ''}`];
  }
  return [...comment(`${node.doc}${shown}${choiceOf(node)}`, depth), `${indent}${key}: ${scalar(fallback)}`];
}

/** What may be chosen, where neither the default nor the text before it tells. */
function choiceOf(node: Field<unknown, Unit>): string {
  return 'enum' in node.json || 'minimum' in node.json ? ` Wants ${node.want}.` : '';
}

function renderOptional(key: string, node: AnyOptional, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const body = [`${indent}${key}:`, ...renderSection(node.section, depth + 1, '', node.sample)];
  return [
    ...comment(`${node.doc} Not used while it is null; to use it:`, depth),
    ...commentedOut(body, depth),
    `${indent}${key}: null`,
  ];
}

function renderList(key: string, node: AnyList, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const body = [`${indent}${key}:`, ...renderItem(node, depth + 1)];
  return [...comment(`${node.doc} For example:`, depth), ...commentedOut(body, depth), `${indent}${key}: []`];
}

function renderItem({ item, sample }: AnyList, depth: number): string[] {
  const indent = '  '.repeat(depth);
  if (item.node === 'field') return [`${indent}- ${scalar(item.example ?? '')}`];
  const lines = renderSection(item, depth + 1, '', sample)
    .join('\n')
    .split('\n');
  // The first key's comment carries the dash as well as the key would: YAML skips comments after it.
  return lines.map((line, index) => (index === 0 ? `${indent}- ${line.trimStart()}` : line));
}

/** Each line behind `# ` at the same depth, so that removing those two characters makes it count. */
function commentedOut(body: readonly string[], depth: number): string[] {
  const indent = '  '.repeat(depth);
  return body.flatMap((block) => block.split('\n')).map((line) => `${indent}# ${line.slice(indent.length)}`);
}

function comment(text: string, depth: number): string[] {
  const indent = `${'  '.repeat(depth)}# `;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line];
}

/** A scalar as YAML: quoted where it would otherwise be read as something else. */
function scalar(value: PlainValue): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[A-Za-z/][A-Za-z0-9 ._/-]*(?::[A-Za-z0-9._/-]+)*$/.test(value) ||
    /^[0-9]+(?:ms|[smhdwB]|[KMG]iB)$/.test(value)
    ? value
    : JSON.stringify(value);
}
