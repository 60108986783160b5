import type { MessagePort } from 'node:worker_threads';

/** What the thread of a daemon is started with. */
export interface DaemonStart {
  /** The configuration. */
  readonly path: string;
  readonly version: string;
  readonly pid: number;
  /** Where the receiving side listens. */
  readonly receiver: MessagePort;
}

/** What the main thread says to a daemon in a thread of its own: the signals that only the main thread hears. */
export type ToDaemon = { readonly kind: 'end' } | { readonly kind: 'hangup' };

/** What such a daemon says. After `ended` nothing follows. */
export type FromDaemon =
  | { readonly kind: 'notify'; readonly message: string }
  | { readonly kind: 'ended'; readonly status: number; readonly said: string };
