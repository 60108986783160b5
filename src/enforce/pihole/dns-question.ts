import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** Where DNS questions are sent. `host` is an address. */
export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

/**
 * What an answer means for a name: `blocked` says so itself (the null address, or EDE 15-18 of RFC 8914), `absent` is a
 * plain NXDOMAIN (nobody gets an address either), `open` is anything else, and `silent` is no answer in time.
 */
export type DnsOutcome = 'blocked' | 'absent' | 'open' | 'silent';

const TYPE_A = 1;
const TYPE_OPT = 41;
const RCODE_NXDOMAIN = 3;
const OPTION_EDE = 15;
/** RFC 8914 4.16-4.19: Blocked, Censored, Filtered, Prohibited. */
const EDE_BLOCKED = new Set([15, 16, 17, 18]);
/** RFC 6891 6.1.2: root name, OPT, 1232 bytes of UDP, no flags, no options. Pi-hole says EDE only to who sends it. */
const OPT_RECORD = Buffer.from([0, 0, TYPE_OPT, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);

/** Asks for the IPv4 address of a canonical name over UDP and says what the answer means. Never throws. */
export function askDns(server: DnsServer, name: string, id: number, timeoutMs: number): Promise<DnsOutcome> {
  const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    const end = (outcome: DnsOutcome): void => {
      clearTimeout(timer);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => end('silent'), timeoutMs);
    socket.once('error', () => end('silent'));
    socket.on('message', (message) => {
      if (message.length >= 12 && message.readUInt16BE(0) === id) end(outcomeOf(message));
    });
    socket.connect(server.port, server.host, () => socket.send(dnsQuery(name, id)));
  });
}

/** A question for the IPv4 address of a name, with EDNS (RFC 1035 4.1, RFC 6891). */
export function dnsQuery(name: string, id: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  // Recursion desired.
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 10);
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, TYPE_A, 0, 1]), OPT_RECORD]);
}

/** What an answer means. A message that cannot be read is `open`: it proves nothing. */
export function outcomeOf(message: Buffer): DnsOutcome {
  try {
    return readOutcome(message);
  } catch (error) {
    if (error instanceof RangeError) return 'open';
    throw error;
  }
}

function readOutcome(message: Buffer): DnsOutcome {
  const rcode = message.readUInt8(3) & 0x0f;
  let at = 12;
  for (let left = message.readUInt16BE(4); left > 0; left--) at = afterName(message, at) + 4;
  let records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  let blocked = false;
  for (; records > 0; records--) {
    const start = afterName(message, at);
    const type = message.readUInt16BE(start);
    const length = message.readUInt16BE(start + 8);
    const data = message.subarray(start + 10, start + 10 + length);
    blocked ||= type === TYPE_OPT ? saysBlocked(data) : type === TYPE_A && length === 4 && data.readUInt32BE(0) === 0;
    at = start + 10 + length;
  }
  if (blocked) return 'blocked';
  return rcode === RCODE_NXDOMAIN ? 'absent' : 'open';
}

function saysBlocked(options: Buffer): boolean {
  for (let at = 0; at + 4 <= options.length; at += 4 + options.readUInt16BE(at + 2)) {
    const isEde = options.readUInt16BE(at) === OPTION_EDE && options.readUInt16BE(at + 2) >= 2;
    if (isEde && EDE_BLOCKED.has(options.readUInt16BE(at + 4))) return true;
  }
  return false;
}

// A pointer ends a name (RFC 1035 4.1.4).
function afterName(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
}
