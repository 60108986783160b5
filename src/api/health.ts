import type { FastifyInstance } from 'fastify';
import type { ControlDependencies } from './control-dependencies.ts';

/** `GET /healthz`: alive. `GET /readyz`: EVE socket bound and store open, else 503 and what is missing. */
export function serveHealth(app: FastifyInstance, { ready, version }: ControlDependencies): void {
  app.get('/healthz', () => ({ alive: true, version }));
  app.get('/readyz', (_request, reply) => {
    const state = ready();
    if (!state.ready) reply.code(503);
    return { ready: state.ready, why: state.why };
  });
}
