import type { Config } from '../config/schema.ts';
import type { Secret } from '../config/secrets.ts';

/** `suricata:` as the target takes it: no command socket is an empty path. */
export function suricataOptions({ suricata }: Config) {
  return { ...suricata, commandSocket: suricata.commandSocket ?? '' };
}

/** `eve:` as the intake takes it. */
export function eveOptions({ eve }: Config) {
  return {
    socket: eve.socket,
    type: eve.type,
    socketMode: eve.socketMode,
    flushIntervalMs: eve.flushEveryMs,
    limits: { maxLineBytes: eve.maxLineBytes },
    ...(eve.socketGroup === null ? {} : { socketGroup: eve.socketGroup }),
  };
}

/** Where the control API listens. */
export function controlOptions({ api }: Config, token: Secret | undefined) {
  const http = token === undefined ? api.http : api.http && { ...api.http, token: token.reveal() };
  return { socket: api.socket, ...(http === null ? {} : { http }) };
}
