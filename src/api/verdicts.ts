import type { FastifyInstance } from 'fastify';
import { OBSERVABLE_KINDS, type ObservableKind } from '../core/observable.ts';
import { VERDICT_STATES, type VerdictState } from '../core/verdict.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import { observableOfText } from './observable-text.ts';
import { nextCursor, PAGE_PARAMETERS, type PageQuery, positionOf, timeOfParameter } from './page.ts';
import { judgedFacts, verdictDocument, verdictFactsOf } from './verdict-document.ts';

interface ListQuery extends PageQuery {
  readonly state?: VerdictState;
  readonly kind?: ObservableKind;
  readonly since?: string;
  readonly held?: boolean;
}

const LIST = {
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...PAGE_PARAMETERS,
      state: { enum: VERDICT_STATES },
      kind: { enum: OBSERVABLE_KINDS },
      since: { type: 'string' },
      held: { type: 'boolean' },
    },
  },
};

/**
 * `GET /v1/verdicts` lists what was judged, with `held=true` what waits for a person; `GET /v1/verdicts/{observable}` answers for anything that can be named,
 * `unasked` with `seen: false` for what was never heard of.
 */
export function serveVerdicts(app: FastifyInstance, { stores }: ControlDependencies): void {
  app.get<{ Querystring: ListQuery }>('/v1/verdicts', { schema: LIST }, ({ query }) => {
    const { state, kind, since, held, limit } = query;
    const page = stores.verdicts.page({
      ...(state === undefined ? {} : { state }),
      ...(kind === undefined ? {} : { kind }),
      ...(since === undefined ? {} : { since: timeOfParameter('since', since) }),
      ...(held === undefined ? {} : { held }),
      limit,
      cursor: positionOf(query),
    });
    const verdicts = page.verdicts.map((verdict) => verdictDocument(judgedFacts(verdict, stores)));
    return { verdicts, ...nextCursor(page.next) };
  });
  app.get<{ Params: { observable: string } }>('/v1/verdicts/:observable', ({ params }) =>
    verdictDocument(verdictFactsOf(observableOfText(params.observable), stores)),
  );
}
