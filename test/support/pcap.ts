import { isIPv6 } from 'node:net';

/** One end of a conversation. `address` is IPv4 or IPv6 text; both ends must be of the same family. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** pcap file format, https://www.ietf.org/archive/id/draft-gharris-opsawg-pcap-01.html: microseconds, Ethernet. */
const MAGIC = 0xa1b2c3d4;
const SNAP_LENGTH = 262_144;
const LINK_ETHERNET = 1;
const STEP_US = 1000;
const PROTO_TCP = 6;
const PROTO_UDP = 17;
const FLAG = { fin: 0x01, syn: 0x02, psh: 0x08, ack: 0x10 } as const;
/** Payload of one TCP segment, so that the frame stays under an Ethernet MTU of 1500. */
const SEGMENT_BYTES = 1400;

/**
 * Builds a capture in memory: Ethernet, IPv4 or IPv6, UDP datagrams and whole TCP conversations, with right checksums.
 * Packets follow each other by a millisecond. Same calls, same bytes.
 */
export class PcapWriter {
  readonly #packets: Buffer[] = [];
  #atUs: number;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#atUs = startMs * 1000;
  }

  /** Adds one UDP datagram. */
  udp(from: Endpoint, to: Endpoint, payload: Buffer): this {
    const header = Buffer.alloc(8);
    header.writeUInt16BE(from.port, 0);
    header.writeUInt16BE(to.port, 2);
    header.writeUInt16BE(8 + payload.length, 4);
    return this.#packet(from, to, PROTO_UDP, Buffer.concat([header, payload]), 6);
  }

  /** Adds a TCP conversation: handshake, the request in segments, the response likewise, and both closes. */
  tcp(client: Endpoint, server: Endpoint, request: Buffer, response: Buffer = Buffer.alloc(0)): this {
    let clientSeq = 1000;
    let serverSeq = 5000;
    this.#segment(client, server, clientSeq++, 0, FLAG.syn);
    this.#segment(server, client, serverSeq++, clientSeq, FLAG.syn | FLAG.ack);
    this.#segment(client, server, clientSeq, serverSeq, FLAG.ack);
    clientSeq = this.#data(client, server, clientSeq, serverSeq, request);
    this.#segment(server, client, serverSeq, clientSeq, FLAG.ack);
    serverSeq = this.#data(server, client, serverSeq, clientSeq, response);
    this.#segment(client, server, clientSeq++, serverSeq, FLAG.fin | FLAG.ack);
    this.#segment(server, client, serverSeq++, clientSeq, FLAG.fin | FLAG.ack);
    return this.#segment(client, server, clientSeq, serverSeq, FLAG.ack);
  }

  /** The whole capture file. */
  bytes(): Buffer {
    const header = Buffer.alloc(24);
    header.writeUInt32LE(MAGIC, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(SNAP_LENGTH, 16);
    header.writeUInt32LE(LINK_ETHERNET, 20);
    return Buffer.concat([header, ...this.#packets]);
  }

  #data(from: Endpoint, to: Endpoint, seq: number, ack: number, payload: Buffer): number {
    let at = seq;
    for (let offset = 0; offset < payload.length; offset += SEGMENT_BYTES) {
      const part = payload.subarray(offset, offset + SEGMENT_BYTES);
      this.#segment(from, to, at, ack, FLAG.psh | FLAG.ack, part);
      at += part.length;
    }
    return at;
  }

  #segment(
    from: Endpoint,
    to: Endpoint,
    seq: number,
    ack: number,
    flags: number,
    payload: Buffer = Buffer.alloc(0),
  ): this {
    const header = Buffer.alloc(20);
    header.writeUInt16BE(from.port, 0);
    header.writeUInt16BE(to.port, 2);
    header.writeUInt32BE(seq, 4);
    header.writeUInt32BE(ack, 8);
    header[12] = 5 << 4;
    header[13] = flags;
    header.writeUInt16BE(0xffff, 14);
    return this.#packet(from, to, PROTO_TCP, Buffer.concat([header, payload]), 16);
  }

  #packet(from: Endpoint, to: Endpoint, protocol: number, segment: Buffer, checksumAt: number): this {
    const source = addressBytes(from.address);
    const destination = addressBytes(to.address);
    const pseudo = Buffer.alloc(8);
    pseudo.writeUInt32BE(segment.length, 0);
    pseudo[7] = protocol;
    segment.writeUInt16BE(checksum(Buffer.concat([source, destination, pseudo, segment])) || 0xffff, checksumAt);
    const v6 = source.length === 16;
    const ip = (v6 ? ipv6Header : ipv4Header)(source, destination, protocol, segment.length);
    const ethernet = Buffer.from(`020000000002020000000001${v6 ? '86dd' : '0800'}`, 'hex');
    return this.#frame(Buffer.concat([ethernet, ip, segment]));
  }

  #frame(frame: Buffer): this {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(Math.floor(this.#atUs / 1e6), 0);
    header.writeUInt32LE(this.#atUs % 1e6, 4);
    header.writeUInt32LE(frame.length, 8);
    header.writeUInt32LE(frame.length, 12);
    this.#packets.push(header, frame);
    this.#atUs += STEP_US;
    return this;
  }
}

function ipv4Header(source: Buffer, destination: Buffer, protocol: number, length: number): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + length, 2);
  header.writeUInt16BE(0x4000, 6);
  header[8] = 64;
  header[9] = protocol;
  source.copy(header, 12);
  destination.copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return header;
}

function ipv6Header(source: Buffer, destination: Buffer, protocol: number, length: number): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(length, 4);
  header[6] = protocol;
  header[7] = 64;
  source.copy(header, 8);
  destination.copy(header, 24);
  return header;
}

function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - left.length - right.length).fill('0');
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** The Internet checksum of RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
