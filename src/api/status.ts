import type { FastifyInstance } from 'fastify';
import type { ControlDependencies } from './control-dependencies.ts';
import { documentOf } from './document.ts';

/** `GET /v1/status`: what the daemon sees, spends, blocks and cannot see. */
export function serveStatus(app: FastifyInstance, { status }: ControlDependencies): void {
  app.get('/v1/status', () => documentOf(status()));
}
