import type { FastifyInstance } from 'fastify';
import { callerSignal } from './caller-signal.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import { observableOfText } from './observable-text.ts';
import { judgedFacts, verdictDocument } from './verdict-document.ts';

interface Body {
  readonly observable: string;
  readonly refresh: boolean;
}

const LOOKUP = {
  body: {
    type: 'object',
    additionalProperties: false,
    required: ['observable'],
    properties: { observable: { type: 'string' }, refresh: { type: 'boolean', default: false } },
  },
};

/** A lookup may wait for its turn within the minute and for VirusTotal's 15 s. */
const TIMEOUT_MS = 45_000;
/** For whoever is asked to say that it gave up. */
const GRACE_MS = 1000;

/** `POST /v1/lookups {"observable", "refresh"}`: the verdict, asked for where nothing is known. */
export function serveLookups(app: FastifyInstance, { lookUp, stores }: ControlDependencies): void {
  const options = { schema: LOOKUP, handlerTimeout: TIMEOUT_MS + GRACE_MS };
  app.post<{ Body: Body }>('/v1/lookups', options, async ({ body }, reply) => {
    const observable = observableOfText(body.observable);
    const verdict = await lookUp(observable, { refresh: body.refresh }, callerSignal(reply, TIMEOUT_MS));
    return verdictDocument(judgedFacts(verdict, stores));
  });
}
