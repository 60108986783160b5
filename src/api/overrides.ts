import type { FastifyInstance } from 'fastify';
import { OVERRIDE_SCOPES, type Override, type OverrideScope } from '../core/override.ts';
import { ApiError } from './api-error.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import { documentOf } from './document.ts';
import { patternOfText } from './observable-text.ts';
import { overrideFacts, overridesInForce } from './override-facts.ts';
import { timeOfParameter } from './page.ts';
import { overrideOutcomeFacts, PUBLISH_TIMEOUT_MS } from './publish-document.ts';

interface NewOverride {
  readonly action: 'block' | 'allow';
  readonly pattern: string;
  readonly reason: string;
  readonly expires_at?: string;
  readonly scope: OverrideScope;
}

const MAX_REASON = 500;

const NEW_OVERRIDE = {
  body: {
    type: 'object',
    additionalProperties: false,
    required: ['action', 'pattern'],
    properties: {
      action: { enum: ['block', 'allow'] },
      pattern: { type: 'string' },
      reason: { type: 'string', maxLength: MAX_REASON, default: '' },
      expires_at: { type: 'string' },
      scope: { enum: OVERRIDE_SCOPES, default: 'sensor' },
    },
  },
};

const FORGET = {
  querystring: {
    type: 'object',
    additionalProperties: false,
    required: ['pattern'],
    properties: { pattern: { type: 'string' } },
  },
};

/** `GET|POST /v1/overrides`, `DELETE /v1/overrides?pattern=`: the operator's word, above every policy. */
export function serveOverrides(app: FastifyInstance, dependencies: ControlDependencies): void {
  const { setOverride, forget } = dependencies;
  app.get('/v1/overrides', () => ({
    overrides: overridesInForce(dependencies).map((override) => documentOf(overrideFacts(override))),
  }));
  const posting = { schema: NEW_OVERRIDE, handlerTimeout: PUBLISH_TIMEOUT_MS };
  app.post<{ Body: NewOverride }>('/v1/overrides', posting, async ({ body }, reply) => {
    const override = overrideOf(body, dependencies);
    const outcome = await setOverride(override);
    reply.code(201);
    return documentOf({ override: overrideFacts(override), ...overrideOutcomeFacts(outcome) });
  });
  const deleting = { schema: FORGET, handlerTimeout: PUBLISH_TIMEOUT_MS };
  app.delete<{ Querystring: { pattern: string } }>('/v1/overrides', deleting, async ({ query }) => {
    const pattern = patternOfText(query.pattern);
    const outcome = await forget(pattern);
    if (!outcome.forgotten) throw nothingToForget(pattern.text, dependencies);
    return documentOf({ pattern: pattern.text, forgotten: true, ...overrideOutcomeFacts(outcome) });
  });
}

function overrideOf(body: NewOverride, { now: clock, fleetSensor }: ControlDependencies): Override {
  const now = clock();
  const sensor = body.scope === 'all' ? fleetSensor() : undefined;
  if (body.scope === 'all' && sensor === undefined) throw noFleet(body);
  const expiresAt = body.expires_at === undefined ? undefined : timeOfParameter('expires_at', body.expires_at);
  if (expiresAt !== undefined && expiresAt <= now) {
    const message = `Cannot ${body.action} it: expires_at is in the past, want a time to come`;
    throw new ApiError(400, 'bad_request', message, 'Compare the clocks of the two machines.');
  }
  return {
    action: body.action,
    pattern: patternOfText(body.pattern),
    reason: body.reason,
    origin: 'operator',
    createdAt: now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(sensor === undefined ? {} : { scope: 'all', sensor }),
  };
}

function noFleet({ action, pattern }: NewOverride): ApiError {
  return new ApiError(
    409,
    'no_fleet',
    `Cannot ${action} ${pattern} on all sensors: this one shares no central database`,
    'Configure "central:", or leave --scope out.',
  );
}

function nothingToForget(pattern: string, dependencies: ControlDependencies): ApiError {
  const configured = dependencies.configuredOverrides().some((override) => override.pattern.text === pattern);
  return configured
    ? new ApiError(
        409,
        'configured',
        `Cannot forget ${pattern}: it stands in the configuration`,
        'Take it out of "allow" there and reload the daemon.',
      )
    : new ApiError(
        404,
        'not_found',
        `Cannot forget ${pattern}: nobody said anything about it`,
        'GET /v1/overrides lists what holds.',
      );
}
