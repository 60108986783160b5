import { nullable } from '../field.ts';
import { hostPort, secretFile, socketPath } from '../field-kinds.ts';
import { type ConfigOf, section } from '../section.ts';

/** Where the running daemon is asked. */
export const apiSection = section('Where the running daemon is asked and told.', {
  socket: socketPath({
    doc: 'The unix socket of the control API and of the commands.',
    default: '/run/guardian/api.sock',
  }),
  http: nullable(
    hostPort({
      doc: 'Address for /metrics, /healthz and /readyz over TCP; null opens none. The rest answers there only with token_file.',
      example: '127.0.0.1:8781',
    }),
  ),
  token_file: nullable(
    secretFile({
      doc: 'File that holds the token which opens the whole API over TCP.',
      example: '/etc/guardian/api.token',
    }),
  ),
});

/** `api:` of the configuration. */
export type ApiConfig = ConfigOf<(typeof apiSection)['shape']>;
