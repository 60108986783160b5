import type { Config } from '../config/schema.ts';
import { type ReceiverHost, startHost } from '../eve/receiver-host.ts';

/** The receiving side of the intake, started before there is an intake. */
export type Receiver = ReceiverHost;

/** Starts the receiving side that this configuration wants. Nothing is received before a sidecar takes it over. */
export function startReceiver({ eve }: Config): Receiver {
  return startHost(eve.type);
}
