import type { Field, JsonSchema, Unit } from './field.ts';
import { configSchema } from './schema.ts';
import type { AnySection, Node } from './section.ts';

/** `guardian.schema.json` (JSON Schema draft-07), with which editors complete and check the file while it is written. */
export function renderJsonSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'guardian.yaml',
    ...ofSection(configSchema),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function ofNode(node: Node): JsonSchema {
  switch (node.node) {
    case 'field':
      return ofField(node);
    case 'section':
      return ofSection(node);
    case 'optional':
      return { description: node.doc, default: null, anyOf: [{ type: 'null' }, ofSection(node.section)] };
    case 'list':
      return { description: node.doc, type: 'array', default: [], items: ofNode(node.item) };
  }
}

function ofSection(section: AnySection): JsonSchema {
  const keys = Object.entries(section.shape);
  const required = keys.filter(([, node]) => node.node === 'field' && node.fallback === undefined).map(([key]) => key);
  return {
    description: section.doc,
    type: 'object',
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(keys.map(([key, node]) => [key, ofNode(node)])),
  };
}

function ofField(field: Field<unknown, Unit>): JsonSchema {
  const { fallback } = field;
  const isComputed = typeof fallback === 'object' && fallback !== null && 'computed' in fallback;
  const example = field.example === undefined ? {} : { examples: [field.example] };
  return {
    description: field.doc,
    ...field.json,
    ...(fallback === undefined || isComputed ? {} : { default: fallback }),
    ...example,
  };
}
