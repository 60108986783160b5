import type { SchemaObject } from 'ajv';

/** The part of a domain, IP address, URL or file object that is read (docs.virustotal.com/reference). */
export interface ApiObject {
  readonly data: { readonly id: string; readonly type: string; readonly attributes: Attributes };
}

/** Attributes as VirusTotal spells them. Fields that are only shown stay `unknown` until they are picked. */
export interface Attributes {
  /** At least one count is there: an object without any is no answer. */
  readonly last_analysis_stats: Readonly<Record<string, number | undefined>>;
  readonly last_analysis_results?: Readonly<
    Record<string, { readonly category: string; readonly result?: string | null }>
  >;
  /** Seconds. */
  readonly last_analysis_date?: number;
  readonly reputation?: number;
  readonly total_votes?: { readonly harmless?: number; readonly malicious?: number };
  /** By engine. */
  readonly categories?: Readonly<Record<string, unknown>>;
  readonly crowdsourced_context?: readonly Readonly<Record<string, unknown>>[];
  /** Seconds; of a domain. */
  readonly creation_date?: unknown;
  readonly url?: unknown;
  readonly md5?: unknown;
  readonly sha1?: unknown;
}

const COUNT = { type: 'integer', minimum: 0, maximum: 10_000 };
const COUNTS = ['malicious', 'suspicious', 'harmless', 'undetected', 'timeout', 'confirmed-timeout'];

const ENGINE_RESULT = {
  type: 'object',
  required: ['category'],
  properties: { category: { type: 'string' }, result: { type: 'string', nullable: true } },
};

/**
 * What an object must be to count as an answer. Strict about whatever is evidence, since a wrong type there must never
 * read as zero engines; about what is only shown it checks the container, and odd elements are passed over.
 */
export const API_OBJECT_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['data'],
  properties: {
    data: {
      type: 'object',
      required: ['id', 'type', 'attributes'],
      properties: {
        id: { type: 'string', minLength: 1, maxLength: 4096 },
        type: { type: 'string' },
        attributes: {
          type: 'object',
          required: ['last_analysis_stats'],
          properties: {
            last_analysis_stats: {
              type: 'object',
              properties: Object.fromEntries(COUNTS.map((name) => [name, COUNT])),
              anyOf: COUNTS.map((name) => ({ required: [name] })),
            },
            last_analysis_results: { type: 'object', additionalProperties: ENGINE_RESULT },
            last_analysis_date: { type: 'number', minimum: 0 },
            reputation: { type: 'number', minimum: -1e9, maximum: 1e9 },
            total_votes: {
              type: 'object',
              properties: {
                harmless: { type: 'integer', minimum: 0 },
                malicious: { type: 'integer', minimum: 0 },
              },
            },
            categories: { type: 'object' },
            crowdsourced_context: { type: 'array', items: { type: 'object' } },
          },
        },
      },
    },
  },
};
