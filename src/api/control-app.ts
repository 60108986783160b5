import type { Ajv, ValidateFunction } from 'ajv';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifySchemaCompiler,
  type FastifySchemaValidationError,
  fastify,
} from 'fastify';
import { fixedSchemas } from '../lib/fixed-shape.ts';
import { ApiError, type FailedRequest, failedRequestOf } from './api-error.ts';
import { carriesToken } from './bearer-token.ts';
import { serveCanary } from './canary.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import { serveDisclosures } from './disclosures.ts';
import { serveExplain } from './explain.ts';
import { serveExport } from './export.ts';
import { serveHealth } from './health.ts';
import { serveHunt } from './hunt.ts';
import { serveLookups } from './lookups.ts';
import { serveMetrics } from './metrics.ts';
import { serveOverrides } from './overrides.ts';
import { servePublish } from './publish.ts';
import { serveReport } from './report.ts';
import { ServedRoutes } from './served-routes.ts';
import { serveStatus } from './status.ts';
import { serveVerdicts } from './verdicts.ts';

/** Who may ask for what: everybody who may open the unix socket; over TCP, without a token only whether we live. */
export type Access =
  | { readonly kind: 'everything' }
  | { readonly kind: 'operations' }
  | { readonly kind: 'token'; readonly token: string };

const MAX_BODY_BYTES = 64 * 1024;
/** A URL has at most 2048 characters, and each may be percent-encoded. */
const MAX_PARAMETER_LENGTH = 3 * 2048;
const REQUEST_TIMEOUT_MS = 10_000;
const HANDLER_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 5000;
/** A few people and scrapers; more is a leak or an attack. */
const MAX_CONNECTIONS = 128;

/** The control API, not yet listening. */
export function createControlApp(dependencies: ControlDependencies, access: Access): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    handlerTimeout: HANDLER_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    // The reply's type at this place knows of no status code at all.
    frameworkErrors: (error, _request, reply) => send(reply as unknown as FastifyReply, failedRequestOf(error)),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setValidatorCompiler(({ schema, httpPart }) =>
    whenAsked(httpPart === 'body' ? STRICT : COERCING, schema as object),
  );
  answerErrors(app, dependencies);
  serveHealth(app, dependencies);
  serveMetrics(app, dependencies);
  if (access.kind !== 'operations') app.register(async (guarded) => serveEverything(guarded, dependencies, access));
  return app;
}

// Query strings are all text, so numbers are read out of them; in a body a wrong type is a mistake.
const COERCING = fixedSchemas({ coerceTypes: true, useDefaults: true, allowUnionTypes: true });
const STRICT = fixedSchemas({ useDefaults: true, allowUnionTypes: true });

/** Compiles a schema for the first request that needs it: most routes are asked long after the start, or never. */
function whenAsked(ajv: Ajv, schema: object): ReturnType<FastifySchemaCompiler<object>> {
  let validate: ValidateFunction | undefined;
  return (value: unknown) => {
    validate ??= ajv.compile(schema);
    return validate(value) ? { value } : { error: (validate.errors ?? []) as FastifySchemaValidationError[] };
  };
}

function serveEverything(app: FastifyInstance, dependencies: ControlDependencies, access: Access): void {
  if (access.kind === 'token') {
    app.addHook('onRequest', async (request, reply) => {
      if (carriesToken(request.headers.authorization, access.token)) return;
      reply.header('www-authenticate', 'Bearer');
      throw new ApiError(
        401,
        'unauthorized',
        'Cannot answer: the token is missing or wrong',
        'Send "Authorization: Bearer <token>".',
      );
    });
  }
  serveStatus(app, dependencies);
  serveReport(app, dependencies);
  serveVerdicts(app, dependencies);
  serveExplain(app, dependencies);
  serveLookups(app, dependencies);
  serveOverrides(app, dependencies);
  serveHunt(app, dependencies);
  servePublish(app, dependencies);
  serveCanary(app, dependencies);
  serveDisclosures(app, dependencies);
  serveExport(app, dependencies);
}

function answerErrors(app: FastifyInstance, { log }: ControlDependencies): void {
  const routes = new ServedRoutes();
  app.addHook('onRoute', ({ method, url }) => routes.note(method, url));
  app.setErrorHandler((error, request, reply) => {
    const failed = failedRequestOf(error);
    if (failed.status >= 500) log.warn('request failed', { path: request.routeOptions.url ?? '', err: error });
    send(reply, failed);
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = routes.methodsOf(request.url);
    if (allowed.length > 0) reply.header('allow', allowed.join(', '));
    send(reply, failedRequestOf(notServed(request.method, request.url, allowed)));
  });
}

function send(reply: FastifyReply, { status, document }: FailedRequest): void {
  const retryAt = document.error.retry_at;
  if (retryAt !== undefined) reply.header('retry-after', new Date(retryAt).toUTCString());
  reply.code(status).send(document);
}

function notServed(method: string, url: string, allowed: readonly string[]): ApiError {
  const shown = JSON.stringify(url.slice(0, MAX_SHOWN));
  if (allowed.length === 0)
    return new ApiError(404, 'not_found', `Cannot answer: nothing is served at ${shown}`, HINT_NOT_FOUND);
  const message = `Cannot answer: ${shown} does not take ${method}, want ${allowed.join(' or ')}`;
  return new ApiError(405, 'method_not_allowed', message, 'See the control API in the README.');
}

/** Longer URLs are cut in messages. */
const MAX_SHOWN = 120;
const HINT_NOT_FOUND = 'GET /v1/status works; an observable in a path must be percent-encoded.';
