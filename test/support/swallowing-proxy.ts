import { connect, createServer, type Socket } from 'node:net';

interface TestContext {
  after(fn: () => Promise<void>): void;
}

/** A network between two programs that can stop carrying anything, without a word to either. */
export interface SwallowingProxy {
  readonly port: number;
  /** While true every byte is swallowed, of old connections and new ones. What was swallowed is lost, so old connections end with it. */
  readonly swallow: (on: boolean) => void;
  /** Bytes swallowed so far. */
  readonly swallowed: () => number;
  /** How long everything is on its way from now on, in each direction. */
  readonly delay: (ms: number) => void;
}

/** Carries TCP connections to a port of this machine until the test ends. */
export async function swallowingProxy(t: TestContext, toPort: number): Promise<SwallowingProxy> {
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  let swallowed = 0;
  let delayMs = 0;
  const server = createServer((client) => {
    const onward = connect(toPort, '127.0.0.1');
    for (const [from, to] of [
      [client, onward],
      [onward, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (isSwallowing) swallowed += bytes.length;
        else if (delayMs === 0) to.write(bytes);
        else setTimeout(() => void (to.destroyed || to.write(bytes)), delayMs);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        if (!isSwallowing) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    swallow: (on) => {
      if (!on) for (const socket of sockets) socket.destroy();
      isSwallowing = on;
    },
    swallowed: () => swallowed,
    delay: (ms) => {
      delayMs = ms;
    },
  };
}
