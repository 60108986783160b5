import type { FastifyInstance } from 'fastify';
import type { ControlDependencies } from './control-dependencies.ts';
import { explain } from './explanation.ts';
import { observableOfText } from './observable-text.ts';

/** `GET /v1/explain/{observable}`: the whole story. */
export function serveExplain(app: FastifyInstance, dependencies: ControlDependencies): void {
  app.get<{ Params: { observable: string } }>('/v1/explain/:observable', ({ params }) =>
    explain(observableOfText(params.observable), dependencies),
  );
}
