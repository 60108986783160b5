import type { FastifyInstance } from 'fastify';
import type { Observable } from '../core/observable.ts';
import type { VerdictState } from '../core/verdict.ts';
import { ApiError } from './api-error.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import type { ClientFacts, ControlStores, FindingFacts } from './control-stores.ts';
import { type DocumentOf, documentOf } from './document.ts';
import { observableOfText } from './observable-text.ts';
import { nextCursor, PAGE_PARAMETERS, type PageQuery, positionOf, timeOfParameter } from './page.ts';

/** An observable and every device that is known to have used it. */
export interface Quarry {
  readonly observable: string;
  readonly kind: Observable['kind'];
  readonly state: VerdictState;
  readonly ratio?: string;
  /** Since when it stands in this state. */
  readonly since?: number;
  readonly clients: readonly ClientFacts[];
  /** Who had used it when it turned out to be bad. Kept longer than `clients`. */
  readonly findings: readonly FindingFacts[];
}

/** `GET /v1/hunt`. */
export interface HuntDocument {
  readonly observables: readonly DocumentOf<Quarry>[];
  readonly next_cursor?: string;
}

interface HuntQuery extends PageQuery {
  readonly observable?: string;
  readonly since?: string;
}

const HUNT = {
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: { ...PAGE_PARAMETERS, observable: { type: 'string' }, since: { type: 'string' } },
  },
};

/**
 * `GET /v1/hunt?observable=`: which devices used it. `GET /v1/hunt?since=`: every device that used what became
 * malicious since; without `since`, all that ever did.
 */
export function serveHunt(app: FastifyInstance, { stores }: ControlDependencies): void {
  app.get<{ Querystring: HuntQuery }>('/v1/hunt', { schema: HUNT }, ({ query }): HuntDocument => {
    const { observable, since, limit } = query;
    if (observable !== undefined && since !== undefined)
      throw new ApiError(400, 'bad_request', 'Cannot hunt: observable and since are both given, want one of them', '');
    if (observable !== undefined) return { observables: [documentOf(quarryOf(observableOfText(observable), stores))] };
    const page = stores.verdicts.page({
      state: 'malicious',
      since: since === undefined ? 0 : timeOfParameter('since', since),
      limit,
      cursor: positionOf(query),
    });
    const quarries = page.verdicts.map((verdict) => quarryOf(verdict.observable, stores));
    return {
      observables: quarries.filter(({ clients, findings }) => clients.length + findings.length > 0).map(documentOf),
      ...nextCursor(page.next),
    };
  });
}

function quarryOf(observable: Observable, stores: ControlStores): Quarry {
  const stored = stores.observables.find(observable);
  const verdict = stores.verdicts.find(observable);
  return {
    observable: observable.value,
    kind: observable.kind,
    state: verdict?.state ?? 'unasked',
    ...(verdict?.ratio === undefined ? {} : { ratio: verdict.ratio }),
    ...(verdict === undefined ? {} : { since: verdict.since }),
    clients: stored === undefined ? [] : stores.sightings.clientsOf(stored.id),
    findings: stores.findings.of(observable).map(({ client, foundAt, firstSeenAt, lastSeenAt, count }) => ({
      client,
      foundAt,
      firstSeenAt,
      lastSeenAt,
      count,
    })),
  };
}
