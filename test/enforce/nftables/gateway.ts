import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { endWithUs } from '../../support/children.ts';
import { networkNamespace } from '../../support/netns.ts';
import { until } from '../../support/until.ts';
import { type FirewallNamespace, firewallOf } from './firewall-namespace.ts';

const run = promisify(execFile);

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

/** What the server answers to, as if it stood on the Internet. The odd one out is never blocked. */
export const SERVERS = { bad4: '45.9.148.108', good4: '45.9.148.109', bad6: '2a0e:b107::1' } as const;

const PORT = 4433;

/**
 * A gateway between a device and a server, each a namespace joined by veth pairs: what passes here is forwarded by the real
 * kernel. Nothing leads out of them.
 */
export interface Gateway {
  readonly firewall: FirewallNamespace;
  /** Sends one datagram and says why the kernel refused, if it did. That it left does not mean that it arrived. */
  send(from: 'device' | 'gateway' | 'server', address: string, payload: string): Promise<string | undefined>;
  /** Resolves when the server, or the device, has received this payload. */
  received(at: 'server' | 'device', payload: string): Promise<void>;
  hasReceived(at: 'server' | 'device', payload: string): boolean;
}

/** The device's own addresses. */
export const DEVICE = { v4: '10.77.1.2', v6: 'fd77:1::2' } as const;

export async function gatewayNetwork(t: TestContext): Promise<Gateway> {
  const names = {
    device: await networkNamespace(t),
    gateway: await networkNamespace(t),
    server: await networkNamespace(t),
  };
  await ip(names.gateway, 'link add inside type veth peer name uplink netns', names.device);
  await ip(names.gateway, 'link add outside type veth peer name uplink netns', names.server);
  await join(names.device, 'uplink', '10.77.1.2/24', 'fd77:1::2/64');
  await join(names.gateway, 'inside', '10.77.1.1/24', 'fd77:1::1/64');
  await join(names.gateway, 'outside', '10.77.2.1/24', 'fd77:2::1/64');
  await join(names.server, 'uplink', '10.77.2.2/24', 'fd77:2::2/64');
  for (const address of Object.values(SERVERS)) {
    const via = address.includes(':') ? 'fd77:2::2' : '10.77.2.2';
    await ip(names.server, `address add ${address} dev lo${address.includes(':') ? ' nodad' : ''}`);
    await ip(names.gateway, `route add ${address} via ${via}`);
  }
  for (const [namespace, via4, via6] of [
    [names.device, '10.77.1.1', 'fd77:1::1'],
    [names.server, '10.77.2.1', 'fd77:2::1'],
  ] as const) {
    await ip(namespace, `route add default via ${via4}`);
    await ip(namespace, `-6 route add default via ${via6}`);
  }
  const forwarding = 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding';
  await run('ip', ['netns', 'exec', names.gateway, 'sh', '-c', forwarding]);
  const heard = { server: await listen(t, names.server), device: await listen(t, names.device) };
  return {
    firewall: firewallOf(names.gateway),
    send: (from, address, payload) => send(names[from], address, payload),
    received: async (at, payload) => {
      await until(`the ${at} has received ${payload}`, () => heard[at].has(payload));
    },
    hasReceived: (at, payload) => heard[at].has(payload),
  };
}

async function ip(namespace: string, words: string, last?: string): Promise<void> {
  await run('ip', ['-n', namespace, ...words.split(' '), ...(last === undefined ? [] : [last])]);
}

async function join(namespace: string, link: string, ...addresses: readonly string[]): Promise<void> {
  // Without nodad an IPv6 address may not be used for its first second.
  for (const address of addresses)
    await ip(namespace, `address add ${address} dev ${link}${address.includes(':') ? ' nodad' : ''}`);
  await ip(namespace, `link set ${link} up`);
}

const LISTEN = `
  const socket = require('node:dgram').createSocket('udp6');
  socket.on('message', (message) => console.log(String(message)));
  socket.bind(${PORT}, '::', () => console.log('listening'));
`;

const SEND = `
  const [address, payload, from] = process.argv.slice(1);
  const socket = require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, from, () => socket.send(payload, ${PORT}, address, (error) => {
    if (error) console.log(error.code);
    socket.close();
  }));
`;

async function listen(t: TestContext, namespace: string): Promise<ReadonlySet<string>> {
  const heard = new Set<string>();
  const child: ChildProcess = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', LISTEN], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithUs(child);
  t.after(async () => {
    child.kill();
    await until('the listener has ended', () => child.exitCode !== null || child.signalCode !== null);
  });
  if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => heard.add(line));
  await until('the listener listens', () => heard.has('listening'));
  return heard;
}

/** The server sends from the bad address, as an attacker would; the others from whatever the kernel picks. */
async function send(namespace: string, address: string, payload: string): Promise<string | undefined> {
  const from = await ownAddress(namespace, address);
  const args = ['netns', 'exec', namespace, process.execPath, '-e', SEND, address, payload, ...from];
  const { stdout } = await run('ip', args);
  return stdout.trim() === '' ? undefined : stdout.trim();
}

async function ownAddress(namespace: string, towards: string): Promise<readonly string[]> {
  const own = towards.includes(':') ? SERVERS.bad6 : SERVERS.bad4;
  const { stdout } = await run('ip', ['-n', namespace, 'address', 'show', 'dev', 'lo']);
  return stdout.includes(`${own}/`) ? [own] : [];
}
