import type { FastifyInstance } from 'fastify';
import type { ControlDependencies } from './control-dependencies.ts';
import { documentOf } from './document.ts';
import { nextCursor, PAGE_PARAMETERS, type PageQuery, positionOf } from './page.ts';

const LIST = { querystring: { type: 'object', additionalProperties: false, properties: PAGE_PARAMETERS } };

/** `GET /v1/disclosures`: everything ever sent out, to whom and when, the latest first. */
export function serveDisclosures(app: FastifyInstance, { stores }: ControlDependencies): void {
  app.get<{ Querystring: PageQuery }>('/v1/disclosures', { schema: LIST }, ({ query }) => {
    const position = positionOf(query);
    const disclosures = stores.lookups.disclosures(query.limit, position);
    const next = disclosures.length === query.limit ? position + disclosures.length : undefined;
    return { total: stores.lookups.disclosedCount(), disclosures: disclosures.map(documentOf), ...nextCursor(next) };
  });
}
