import type { FastifyInstance } from 'fastify';
import type { ControlDependencies } from './control-dependencies.ts';
import { type DocumentOf, documentOf } from './document.ts';
import { PUBLISH_TIMEOUT_MS } from './publish-document.ts';
import type { CanaryFacts } from './status-facts.ts';

/** `POST /v1/canary`. */
export type CanaryDocument = DocumentOf<CanaryFacts>;

/** `POST /v1/canary`: publishes a harmless name of ours everywhere, asks it back, withdraws it, and says what came of it. */
export function serveCanary(app: FastifyInstance, { runCanary }: ControlDependencies): void {
  app.post('/v1/canary', { handlerTimeout: PUBLISH_TIMEOUT_MS }, async () => documentOf(await runCanary()));
}
