import { isIP } from 'node:net';

/** A host (name or address, without brackets) and a TCP port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const HOST_NAME = /^(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?$/;

/**
 * Parses `host:port`, `192.0.2.1:80` or `[2001:db8::1]:80`. Without a port, `defaultPort` is taken where there is one.
 * `undefined` when the text is none; port 0 is refused, since nobody could be told where to connect.
 */
export function parseHostPort(text: string, defaultPort?: number): HostPort | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return isHost(host, bracketed !== undefined) ? { host, port } : undefined;
}

function isHost(host: string, isBracketed: boolean): boolean {
  if (isBracketed) return isIP(host) === 6;
  // A name whose last label is a number would be read as an address by every resolver.
  return isIP(host) === 4 || (HOST_NAME.test(host) && !/(?:^|\.)[0-9]+\.?$/.test(host));
}
