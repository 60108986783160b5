import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import { documentOf } from './document.ts';
import { timeOfParameter } from './page.ts';
import type { ReportDocument } from './report-facts.ts';

const DAY_MS = 86_400_000;
/** What a report covers unless asked otherwise. */
const DEFAULT_MS = 7 * DAY_MS;
/** Answers are kept that long unless configured otherwise; a report of more would read all there is. */
const LONGEST_MS = 366 * DAY_MS;

const REPORT = {
  querystring: { type: 'object', additionalProperties: false, properties: { since: { type: 'string' } } },
};

/** `GET /v1/report?since=`: what a period looked like, for a page or a terminal. Without `since`, the last seven days. */
export function serveReport(app: FastifyInstance, { report, now }: ControlDependencies): void {
  app.get<{ Querystring: { since?: string } }>('/v1/report', { schema: REPORT }, ({ query }): ReportDocument => {
    const at = now();
    const since = query.since === undefined ? at - DEFAULT_MS : timeOfParameter('since', query.since);
    if (since >= at || since < at - LONGEST_MS)
      throw new ApiError(400, 'bad_request', 'Cannot report: since is not in the past 366 days', 'Such as 7 days ago.');
    return documentOf(report(since));
  });
}
