import { readSync, rmSync } from 'node:fs';
import type { Socket } from 'unix-dgram';
import { DatagramBatch } from './datagram-batch.ts';
import type { EvePipeline } from './eve-pipeline.ts';
import { type Receiver, untilQuiet } from './receiver.ts';

/** Longest pause between attempts to read on, in wake-ups: at a low rate every attempt finds nothing and costs 5 us. */
const MAX_PATIENCE = 32;

/**
 * A `unix_dgram` listener on the `unix-dgram` package. Only for the main thread of a process: the package polls on
 * libuv's default loop, so in a worker thread its first datagram would call into the wrong isolate and abort the process.
 *
 * The package reads one datagram a wake-up, into a buffer of its own each: 5 us. So it only wakes us, and what else waits
 * is read here from the same descriptor (which it made non-blocking), one read() each and no wake-up: 2 us.
 */
export class DgramReceiver implements Receiver {
  readonly #path: string;
  readonly #batch: DatagramBatch;
  #socket: Socket | undefined;
  #datagrams = 0;
  /** Wake-ups to go before reading on is tried again, and how many after the next vain attempt. */
  #wait = 0;
  #patience = 1;

  constructor(path: string, pipeline: EvePipeline) {
    this.#path = path;
    this.#batch = new DatagramBatch(pipeline);
  }

  async start(): Promise<void> {
    // Loaded only here: the native part is needed by nobody who receives a stream.
    const { default: unixDgram } = await import('unix-dgram');
    const socket = unixDgram.createSocket('unix_dgram', (datagram) => {
      this.#datagrams++;
      this.#batch.add(datagram);
      this.#readOn(socket.fd);
      this.#batch.flush();
    });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.on('error', reject);
        socket.on('listening', resolve);
        socket.bind(this.#path);
      });
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#socket = socket;
  }

  async stop(): Promise<void> {
    if (this.#socket === undefined) return;
    // The file goes first, so that no new sender finds it while the rest is read.
    rmSync(this.#path, { force: true });
    await untilQuiet(() => this.#datagrams);
    this.#socket.close();
    this.#socket = undefined;
  }

  /** Reads what waits, up to one batch: the owner's messages and timers must have their turn too. */
  #readOn(fd: number): void {
    if (this.#wait > 0) {
      this.#wait--;
      return;
    }
    const before = this.#datagrams;
    while (this.#batch.hasRoom && this.#readOne(fd)) this.#datagrams++;
    this.#patience = this.#datagrams > before ? 1 : Math.min(MAX_PATIENCE, this.#patience * 2);
    this.#wait = this.#patience - 1;
  }

  #readOne(fd: number): boolean {
    const { buffer, length } = this.#batch;
    try {
      this.#batch.grow(readSync(fd, buffer, length, DatagramBatch.MAX_DATAGRAM_BYTES, null));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
  }
}

/**
 * Whether an error is the package's own stumble over a failed `recvmsg`: it reads the length of the buffer that it did
 * not get. Nothing is lost by it but that one attempt.
 */
export function isReceiveStumble(error: unknown): boolean {
  return error instanceof TypeError && /unix_dgram\.js/.test(error.stack ?? '');
}
