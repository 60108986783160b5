import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { endWithUs } from '../../support/children.ts';
import { until } from '../../support/until.ts';
import { DNS_TYPE, dnsMessage } from '../../support/wire-message.ts';

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

/** RFC 9460. */
export const HTTPS = 65;

/** What a question came to: addresses, or `nodata`, or the name of the response code. */
export type Reply = readonly string[] | 'nodata' | 'nxdomain' | `rcode ${number}`;

/** A resolver on loopback that knows every name there is: its answer is how a test sees that a name was not blocked. */
export interface Upstream {
  readonly port: number;
  /** Every name it was asked for, in lower case. */
  readonly asked: ReadonlySet<string>;
}

/** What the upstream answers; documentation addresses (RFC 5737). It has no data of other types than A. */
export const UPSTREAM_ADDRESS = '192.0.2.80';

export async function upstream(t: TestContext): Promise<Upstream> {
  const asked = new Set<string>();
  const socket = await boundSocket(t);
  socket.on('message', (query, { port, address }) => {
    const { name, type } = questionOf(query);
    asked.add(name.toLowerCase());
    const answers = type === DNS_TYPE.a ? [UPSTREAM_ADDRESS] : [];
    // The name goes back as it came: resolvers vary its case and compare.
    socket.send(dnsMessage({ name, id: query.readUInt16BE(0), type, answers }), port, address);
  });
  return { port: socket.address().port, asked };
}

/** A port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** A resolver under test: its process is ended with the test. */
export interface RunningResolver {
  ask(name: string, type: number): Promise<Reply>;
  /** Everything it has said so far. */
  said(): string;
}

/** Starts a resolver that listens on `port` of loopback, and resolves when it answers. */
export async function startResolver(
  t: TestContext,
  command: readonly [string, ...string[]],
  port: number,
): Promise<RunningResolver> {
  let said = '';
  const [program, ...args] = command;
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  const child: ChildProcess = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: path },
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (said += String(text)));
  endWithUs(child);
  t.after(async () => {
    child.kill();
    await until(`${program} has ended`, () => child.exitCode !== null || child.signalCode !== null);
  });
  const socket = await boundSocket(t);
  const resolver = { ask: asker(socket, port), said: () => said };
  await until(`${program} answers`, async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${said}`);
    return (await resolver.ask('ready.example.net', DNS_TYPE.a).catch(() => undefined)) !== undefined;
  });
  return resolver;
}

const REPLY_DEADLINE_MS = 5000;

/** A datagram that came before the resolver listened is lost. */
const RESEND_MS = 50;

function asker(socket: Socket, port: number): RunningResolver['ask'] {
  const waiting = new Map<number, (reply: Reply) => void>();
  let lastId = 0;
  socket.on('message', (reply) => waiting.get(reply.readUInt16BE(0))?.(replyOf(reply)));
  // A port that nobody listens on yet.
  socket.on('error', () => undefined);
  return (name, type) => {
    lastId = (lastId + 1) % 65_536;
    const id = lastId;
    let deadline: NodeJS.Timeout | undefined;
    const query = dnsMessage({ name, id, type });
    const send = (): void => socket.send(query, port, '127.0.0.1');
    const resending = setInterval(send, RESEND_MS);
    send();
    return new Promise<Reply>((resolve, reject) => {
      deadline = setTimeout(() => reject(new Error(`No answer for ${name}`)), REPLY_DEADLINE_MS);
      waiting.set(id, resolve);
    }).finally(() => {
      clearTimeout(deadline);
      clearInterval(resending);
      waiting.delete(id);
    });
  };
}

async function boundSocket(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => {
    socket.close();
  });
  return socket;
}

function questionOf(message: Buffer): { readonly name: string; readonly type: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), type: message.readUInt16BE(at + 1) };
}

function replyOf(message: Buffer): Reply {
  const rcode = message.readUInt8(3) & 15;
  if (rcode !== 0) return rcode === 3 ? 'nxdomain' : `rcode ${rcode}`;
  const addresses: string[] = [];
  let at = nameEnd(message, 12) + 4;
  for (let left = message.readUInt16BE(6); left > 0; left -= 1) {
    const head = nameEnd(message, at);
    const length = message.readUInt16BE(head + 8);
    addresses.push([...message.subarray(head + 10, head + 10 + length)].join('.'));
    at = head + 10 + length;
  }
  return addresses.length === 0 ? 'nodata' : addresses;
}

function nameEnd(message: Buffer, start: number): number {
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
  return at + 1;
}
