import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.ts';
import type { ControlDependencies } from './control-dependencies.ts';

/** Formats in which what is blocked can be had. */
export const EXPORT_FORMATS = [
  'domains',
  'hosts',
  'adblock',
  'rpz',
  'dnsmasq',
  'unbound',
  'suricata',
  'nftables',
  'csv',
  'json',
] as const;

const MEDIA_TYPES: Readonly<Record<string, string>> = { csv: 'text/csv', json: 'application/json' };

/** `GET /v1/export/{format}`: what is blocked, as text. */
export function serveExport(app: FastifyInstance, { exportAs }: ControlDependencies): void {
  app.get<{ Params: { format: string } }>('/v1/export/:format', ({ params }, reply) => {
    const text = exportAs(params.format);
    if (text === undefined) {
      const message = `Cannot export: ${JSON.stringify(params.format.slice(0, 40))} is no format`;
      throw new ApiError(404, 'unknown_format', message, `Want one of: ${EXPORT_FORMATS.join(' ')}.`);
    }
    reply.type(`${MEDIA_TYPES[params.format] ?? 'text/plain'}; charset=utf-8`);
    return text;
  });
}
