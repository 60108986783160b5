import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Breather } from './breather.ts';
import type { EvePipeline } from './eve-pipeline.ts';
import { readInPlace } from './read-in-place.ts';
import { type Receiver, untilQuiet } from './receiver.ts';

/** More than a sender's socket holds (`net.core.wmem_default`), so that one read empties it. */
const READ_BYTES = 196_608;

/**
 * A `unix_stream` listener. Several senders may be connected (`suricata -T` connects too) and each has its own framing;
 * a sender that goes away ends nothing but its own connection.
 */
export class StreamReceiver implements Receiver {
  readonly #path: string;
  readonly #pipeline: EvePipeline;
  readonly #server: Server;
  /** What ends each connection. */
  readonly #connections = new Set<() => void>();
  /** Shared by all: what is read is dealt with before the next read. */
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #breather = new Breather();
  #reads = 0;

  constructor(path: string, pipeline: EvePipeline, maxConnections: number) {
    this.#path = path;
    this.#pipeline = pipeline;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = maxConnections;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#path);
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await untilQuiet(() => this.#reads);
    for (const end of this.#connections) end();
    await closed;
  }

  #accept(socket: Socket): void {
    const { counters } = this.#pipeline;
    const id = ++counters.connectionsEver;
    counters.connectionsNow++;
    const end = readInPlace(socket, this.#buffer, {
      bytes: (count) => {
        this.#reads++;
        const startedAt = performance.now();
        this.#pipeline.push(this.#buffer.subarray(0, count), id);
        // A full buffer says that more waits.
        if (count < READ_BYTES) this.#breather.rest(startedAt);
      },
      closed: () => {
        this.#connections.delete(end);
        counters.connectionsNow--;
        this.#pipeline.end(id);
      },
    });
    this.#connections.add(end);
  }
}
