import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Breather } from './breather.ts';
import type { EvePipeline } from './eve-pipeline.ts';
import { type Receiver, untilQuiet } from './receiver.ts';

/** What Node reads at most at a time. */
const FULL_CHUNK_BYTES = 65_536;

/**
 * A `unix_stream` listener. Several senders may be connected (`suricata -T` connects too) and each has its own framing;
 * a sender that goes away ends nothing but its own connection.
 */
export class StreamReceiver implements Receiver {
  readonly #path: string;
  readonly #pipeline: EvePipeline;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #breather = new Breather();
  #chunks = 0;

  constructor(path: string, pipeline: EvePipeline, maxConnections: number) {
    this.#path = path;
    this.#pipeline = pipeline;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = maxConnections;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#path);
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await untilQuiet(() => this.#chunks);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const { counters } = this.#pipeline;
    const id = ++counters.connectionsEver;
    counters.connectionsNow++;
    this.#sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      this.#chunks++;
      this.#pipeline.push(chunk, id);
      // A full chunk says that more waits.
      if (chunk.length < FULL_CHUNK_BYTES) this.#breather.rest();
    });
    // A reset is an end like any other; 'close' follows and counts it.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      counters.connectionsNow--;
      this.#pipeline.end(id);
    });
  }
}
