/** DNS record types by their number, RFC 1035 3.2.2 and RFC 3596. */
export const DNS_TYPE = { a: 1, txt: 16, aaaa: 28 } as const;

/** What a DNS message is made of. `name` is cut at its dots and sent byte by byte, whatever it holds. */
export interface DnsMessage {
  readonly name: string;
  readonly id?: number;
  readonly type?: number;
  /** IPv4 addresses of an answer; absent for a query. */
  readonly answers?: readonly string[];
}

/** A DNS query, or an answer when `answers` is given, as it stands in a UDP datagram (RFC 1035 4.1). */
export function dnsMessage({ name, id = 1, type = DNS_TYPE.a, answers }: DnsMessage): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(answers === undefined ? 0x0100 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers?.length ?? 0, 6);
  const question = Buffer.concat([nameBytes(name), uint16(type), uint16(1)]);
  return Buffer.concat([header, question, ...(answers ?? []).map(addressRecord)]);
}

/** A DNS message as it stands in a TCP stream: with its length before it (RFC 1035 4.2.2). */
export function dnsOverTcp(message: DnsMessage): Buffer {
  const body = dnsMessage(message);
  return Buffer.concat([uint16(body.length), body]);
}

/** A plain HTTP/1.1 request. */
export function httpRequest(host: string, path = '/', headers: readonly string[] = []): Buffer {
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'User-Agent: curl/8.5.0', 'Accept: */*', ...headers];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** A plain HTTP/1.1 response that carries `body` as a file. */
export function httpResponse(body: Buffer): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** A TLS 1.2 record with a ClientHello that names `serverName` (RFC 5246 7.4.1.2, RFC 6066 3). */
export function tlsClientHello(serverName: string): Buffer {
  const hello = clientHello([extension(0x0000, serverNameList(serverName)), extension(0x000a, uint16List([0x001d]))]);
  return Buffer.concat([Buffer.from([0x16, 0x03, 0x01]), uint16(hello.length), hello]);
}

/** A ClientHello handshake message with the given extensions; QUIC carries the same one without a record. */
export function clientHello(extensions: readonly Buffer[]): Buffer {
  const body = Buffer.concat([
    Buffer.from([0x03, 0x03]),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    uint16List([0x1301, 0xc02f]),
    Buffer.from([1, 0]),
    withLength16(Buffer.concat(extensions)),
  ]);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length, 0);
  header[0] = 1;
  return Buffer.concat([header, body]);
}

/** One TLS extension. */
export function extension(id: number, body: Buffer): Buffer {
  return Buffer.concat([uint16(id), withLength16(body)]);
}

/** The body of a server_name extension. */
export function serverNameList(serverName: string): Buffer {
  return withLength16(Buffer.concat([Buffer.from([0]), withLength16(Buffer.from(serverName, 'latin1'))]));
}

/** A list of 16-bit numbers with its length in bytes before it. */
export function uint16List(numbers: readonly number[]): Buffer {
  return withLength16(Buffer.concat(numbers.map(uint16)));
}

function nameBytes(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.').map((label) => Buffer.from(label, 'latin1'));
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])]);
}

function addressRecord(address: string): Buffer {
  const rdata = Buffer.from(address.split('.').map(Number));
  // 0xc00c points at the name of the question; a time to live of 300 s.
  return Buffer.concat([Buffer.from('c00c000100010000012c', 'hex'), uint16(rdata.length), rdata]);
}

function withLength16(body: Buffer): Buffer {
  return Buffer.concat([uint16(body.length), body]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}
