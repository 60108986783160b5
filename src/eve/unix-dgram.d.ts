/** The part of the `unix-dgram` package that is used here and in the tests; it ships no types. */
declare module 'unix-dgram' {
  import type { EventEmitter } from 'node:events';

  export interface Socket extends EventEmitter {
    /** The file descriptor, non-blocking; -1 after `close`. */
    readonly fd: number;
    bind(path: string): void;
    connect(path: string): void;
    send(datagram: Buffer): void;
    close(): void;
  }

  export function createSocket(type: 'unix_dgram', listener?: (datagram: Buffer) => void): Socket;
}
