import { rmSync } from 'node:fs';
import type { Socket } from 'unix-dgram';
import type { EvePipeline } from './eve-pipeline.ts';
import { type Receiver, untilQuiet } from './receiver.ts';

/**
 * A `unix_dgram` listener on the `unix-dgram` package. Only for the main thread of a process: the package polls on
 * libuv's default loop, so in a worker thread its first datagram would call into the wrong isolate and abort the process.
 */
export class DgramReceiver implements Receiver {
  readonly #path: string;
  readonly #pipeline: EvePipeline;
  #socket: Socket | undefined;
  #datagrams = 0;

  constructor(path: string, pipeline: EvePipeline) {
    this.#path = path;
    this.#pipeline = pipeline;
  }

  async start(): Promise<void> {
    // Loaded only here: the native part is needed by nobody who receives a stream.
    const { default: unixDgram } = await import('unix-dgram');
    const socket = unixDgram.createSocket('unix_dgram', (datagram) => {
      this.#datagrams++;
      this.#pipeline.pushDatagram(datagram);
    });
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('listening', resolve);
      socket.bind(this.#path);
    });
    this.#socket = socket;
  }

  async stop(): Promise<void> {
    // The file goes first, so that no new sender finds it while the rest is read.
    rmSync(this.#path, { force: true });
    await untilQuiet(() => this.#datagrams);
    this.#socket?.close();
  }
}

/**
 * Whether an error is the package's own stumble over a failed `recvmsg`: it reads the length of the buffer that it did
 * not get. Nothing is lost by it but that one attempt.
 */
export function isReceiveStumble(error: unknown): boolean {
  return error instanceof TypeError && /unix_dgram\.js/.test(error.stack ?? '');
}
