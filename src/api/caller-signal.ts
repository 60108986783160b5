import type { FastifyReply } from 'fastify';
import { UnavailableError } from '../core/errors.ts';

/**
 * Fires when the caller went away before its answer, or after `timeoutMs`. Fastify's own `request.signal` does not
 * serve: it watches the request, whose `close` comes as soon as a body has been read.
 */
export function callerSignal(reply: FastifyReply, timeoutMs: number): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new UnavailableError('Cannot answer: the caller went away'));
  });
  return AbortSignal.any([gone.signal, AbortSignal.timeout(timeoutMs)]);
}
