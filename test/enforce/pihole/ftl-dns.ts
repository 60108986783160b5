import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** What the DNS of the stand-in needs to know. */
export interface FtlDnsOptions {
  readonly blocks: (name: string) => boolean;
  /** Resolves when FTL's lock is free: nothing is answered before. */
  readonly unlocked: () => Promise<void>;
  /** How long a decision made earlier outlives a change; real: 60-180 ms. */
  readonly pickupMs: number;
}

/**
 * The DNS of the stand-in: UDP on loopback, 0.0.0.0 with EDE 15 for what is blocked and 192.0.2.80 for everything else. What
 * it decided about a name once, it keeps until a change has come through.
 */
export class FtlDns {
  readonly #options: FtlDnsOptions;
  readonly #decided = new Map<string, boolean>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly asked: string[] = [];
  isSilent = false;
  #socket: Socket | undefined;
  #port = 0;

  constructor(options: FtlDnsOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const socket = createSocket('udp4');
    this.#socket = socket;
    socket.on(
      'message',
      (message, from) => void this.#answer(message, (reply) => socket.send(reply, from.port, from.address)),
    );
    socket.bind(this.#port, '127.0.0.1');
    await once(socket, 'listening');
    this.#port = socket.address().port;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.close();
    await once(socket, 'close');
  }

  /** Something changed: decisions are made anew, a little later. */
  changed(): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#decided.clear();
    }, this.#options.pickupMs);
    this.#timers.add(timer);
  }

  async #answer(query: Buffer, send: (reply: Buffer) => void): Promise<void> {
    if (this.isSilent) return;
    const { name, end } = nameAt(query, 12);
    this.asked.push(name);
    await this.#options.unlocked();
    if (this.#socket === undefined) return;
    const isBlocked = this.#decided.get(name) ?? this.#options.blocks(name);
    this.#decided.set(name, isBlocked);
    send(reply(query.subarray(0, end + 4), isBlocked, query.readUInt16BE(10) > 0));
  }
}

function reply(question: Buffer, isBlocked: boolean, hasEdns: boolean): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(1, 6);
  head.writeUInt16BE(hasEdns ? 1 : 0, 10);
  const address = isBlocked ? [0, 0, 0, 0] : [192, 0, 2, 80];
  const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 2, 0, 4, ...address]);
  // OPT with EDE 15 and no text: code 15, length 2, info code 15.
  const ede = isBlocked ? [0, 15, 0, 2, 0, 15] : [];
  const opt = Buffer.from([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, ede.length, ...ede]);
  return Buffer.concat([head, answer, ...(hasEdns ? [opt] : [])]);
}

function nameAt(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}
