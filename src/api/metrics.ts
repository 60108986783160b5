import type { FastifyInstance } from 'fastify';
import type { ControlDependencies } from './control-dependencies.ts';

/** Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats). */
const MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** `GET /metrics`. */
export function serveMetrics(app: FastifyInstance, { metricsText }: ControlDependencies): void {
  app.get('/metrics', async (_request, reply) => {
    const text = await metricsText();
    reply.type(MEDIA_TYPE);
    return text;
  });
}
