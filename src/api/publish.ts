import type { FastifyInstance } from 'fastify';
import type { ControlDependencies } from './control-dependencies.ts';
import { documentOf } from './document.ts';
import { PUBLISH_TIMEOUT_MS, targetOutcomeFacts } from './publish-document.ts';
import { wouldHit } from './publish-outcome.ts';

const PUBLISH = {
  // Nobody should publish for real by a dry_run in the wrong place.
  querystring: { type: 'object', additionalProperties: false },
  body: {
    type: ['object', 'null'],
    additionalProperties: false,
    properties: { dry_run: { type: 'boolean' } },
  },
};

/** `POST /v1/publish {"dry_run"}`: drives every target to the desired state now, or says what that would change. */
export function servePublish(app: FastifyInstance, { publish, stores, now }: ControlDependencies): void {
  const options = { schema: PUBLISH, handlerTimeout: PUBLISH_TIMEOUT_MS };
  app.post<{ Body: { dry_run?: boolean } | null | undefined }>('/v1/publish', options, async ({ body }) => {
    const dryRun = body?.dry_run ?? false;
    const outcome = await publish({ dryRun });
    const targets = outcome.targets.map(targetOutcomeFacts);
    return documentOf({ dryRun, targets, ...(dryRun ? { wouldHit: wouldHit(outcome, stores, now()) } : {}) });
  });
}
