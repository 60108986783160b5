/** Hears one unix socket and pushes what comes into the pipeline it was given. */
export interface Receiver {
  /** Binds the socket. Rejects when it cannot. */
  start(): Promise<void>;
  /** Takes no new sender, reads what the kernel still holds, closes, and removes the socket file. */
  stop(): Promise<void>;
}

const QUIET_MS = 20;
const MAX_DRAIN_MS = 1_000;

/**
 * Waits until `received` has stopped growing: what the kernel held has been read. Bounded, since a live Suricata never
 * falls silent.
 */
export async function untilQuiet(received: () => number): Promise<void> {
  for (let waited = 0; waited < MAX_DRAIN_MS; waited += QUIET_MS) {
    const before = received();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    if (received() === before) return;
  }
}
