import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface TestContext {
  after(fn: () => Promise<void>): void;
}

let made = 0;

/**
 * A network namespace of its own with `lo` up, deleted when the test ends. Needs root. Its loopback is all the
 * network there is, so that nothing a test sends can leave the machine.
 */
export async function networkNamespace(t: TestContext): Promise<string> {
  made += 1;
  const name = `hng-${process.pid}-${made}`;
  await run('ip', ['netns', 'add', name]);
  t.after(async () => {
    await run('ip', ['netns', 'delete', name]);
  });
  await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  return name;
}

const SEND = `
  const { createSocket } = require('node:dgram');
  const socket = createSocket('udp4');
  const [port, ...payloads] = process.argv.slice(1);
  // Nobody listens there; the refusal that comes back is no concern of the sender.
  socket.on('error', () => {});
  let left = payloads.length;
  for (const payload of payloads)
    socket.send(Buffer.from(payload, 'base64'), Number(port), '127.0.0.1', () => { if (--left === 0) socket.close(); });
`;

/** Sends UDP datagrams to 127.0.0.1 inside a namespace and resolves when they are on the (loopback) wire. */
export async function sendUdp(namespace: string, payloads: readonly Buffer[], port = 53): Promise<void> {
  const texts = payloads.map((payload) => payload.toString('base64'));
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', SEND, String(port), ...texts], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`The UDP sender ended with ${code}`))));
  });
}
