import type { FastifyInstance } from 'fastify';
import { keyOf, type Observable } from '../core/observable.ts';
import type { VerdictState } from '../core/verdict.ts';
import { ApiError } from './api-error.ts';
import type { ControlDependencies, Elsewhere, ElsewhereFacts } from './control-dependencies.ts';
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
  /** Who used it at the other sensors of the fleet; absent where there are none. */
  readonly elsewhere?: readonly ElsewhereFacts[];
}

/** `GET /v1/hunt`. */
export interface HuntDocument {
  readonly observables: readonly DocumentOf<Quarry>[];
  readonly next_cursor?: string;
  /** Whether the other sensors are in it; absent where there are none. */
  readonly fleet?: 'included' | 'away';
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
export function serveHunt(app: FastifyInstance, { stores, elsewhere }: ControlDependencies): void {
  app.get<{ Querystring: HuntQuery }>('/v1/hunt', { schema: HUNT }, async ({ query }): Promise<HuntDocument> => {
    const { observable, since, limit } = query;
    if (observable !== undefined && since !== undefined)
      throw new ApiError(400, 'bad_request', 'Cannot hunt: observable and since are both given, want one of them', '');
    if (observable !== undefined) {
      const one = observableOfText(observable);
      const others = await elsewhere([one]);
      return { observables: [documentOf(quarryOf(one, stores, others))], ...fleetOf(others) };
    }
    const page = stores.verdicts.page({
      state: 'malicious',
      since: since === undefined ? 0 : timeOfParameter('since', since),
      limit,
      cursor: positionOf(query),
    });
    const others = await elsewhere(page.verdicts.map((verdict) => verdict.observable));
    const quarries = page.verdicts.map((verdict) => quarryOf(verdict.observable, stores, others));
    return {
      observables: quarries.filter(isUsed).map(documentOf),
      ...fleetOf(others),
      ...nextCursor(page.next),
    };
  });
}

function isUsed({ clients, findings, elsewhere = [] }: Quarry): boolean {
  return clients.length + findings.length + elsewhere.length > 0;
}

function fleetOf(others: Elsewhere | 'away' | undefined): Pick<HuntDocument, 'fleet'> {
  if (others === undefined) return {};
  return { fleet: others === 'away' ? 'away' : 'included' };
}

function quarryOf(observable: Observable, stores: ControlStores, others: Elsewhere | 'away' | undefined): Quarry {
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
    ...(others === undefined || others === 'away' ? {} : { elsewhere: others.get(keyOf(observable)) ?? [] }),
  };
}
