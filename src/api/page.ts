import { ApiError } from './api-error.ts';

/** Rows of a page unless asked otherwise, and at most. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** Query parameters of every paged list, as JSON Schema. A cursor is what `next_cursor` of the page before said. */
export const PAGE_PARAMETERS = {
  limit: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
  cursor: { type: 'string', pattern: '^[0-9]{1,15}$' },
} as const;

/** Which page is wanted. */
export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

/** The number behind a cursor; 0 for the first page. */
export function positionOf({ cursor }: PageQuery): number {
  return cursor === undefined ? 0 : Number(cursor);
}

/** What a list adds where another page follows. */
export function nextCursor(position: number | undefined): { readonly next_cursor?: string } {
  return position === undefined ? {} : { next_cursor: String(position) };
}

/**
 * A point in time that a caller gave as ISO 8601, in epoch milliseconds.
 * @throws ApiError 400
 */
export function timeOfParameter(name: string, text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  const message = `Cannot read ${name}: it is ${JSON.stringify(text.slice(0, 60))}, want a time such as "2026-01-31T12:00:00Z"`;
  throw new ApiError(400, 'bad_request', message, 'Percent-encode the "+" of a time zone as %2B, or use "Z".');
}
