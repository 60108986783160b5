import type { IntakeBatch } from './intake-batch.ts';
import type { IntakeLimits } from './intake-limits.ts';

/** What the receiving side needs to know. Plain data: it crosses to another thread. */
export interface ReceiverSettings {
  readonly socket: string;
  readonly type: 'stream' | 'dgram';
  readonly flushIntervalMs: number;
  readonly limits: Partial<IntakeLimits>;
}

/** What the keeping side says to the receiving side. `ack`: a batch was dealt with; `ping` wants a `pong`. */
export type ToReceiver =
  | { readonly kind: 'start'; readonly settings: ReceiverSettings }
  | { readonly kind: 'ack' }
  | { readonly kind: 'ping' }
  | { readonly kind: 'stop' };

/** What the receiving side says. After `stopped` nothing follows. */
export type FromReceiver =
  | { readonly kind: 'bound' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'batch'; readonly batch: IntakeBatch }
  | { readonly kind: 'pong' }
  | { readonly kind: 'stopped' };

/** The receiving side's way to the keeping side. */
export interface MainPort {
  send(message: FromReceiver): void;
  listen(listener: (message: ToReceiver) => void): void;
}
