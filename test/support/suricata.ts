import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CommandSocket } from '../../src/enforce/suricata/command-socket.ts';
import { endWithUs } from './children.ts';
import { until } from './until.ts';

const run = promisify(execFile);

interface TestContext {
  after(fn: () => Promise<void>): void;
}

/** One line of eve.json, as far as tests look into it. */
export interface EveEvent {
  readonly event_type: string;
  readonly dest_ip?: string;
  readonly alert?: {
    readonly signature_id: number;
    readonly signature: string;
    readonly action: string;
    readonly context?: unknown;
  };
  readonly dns?: {
    readonly rrname?: string;
    readonly query?: readonly { readonly rrname: string }[];
    /** From version 8 on, in place of both. */
    readonly queries?: readonly { readonly rrname: string }[];
  };
  readonly tls?: { readonly sni?: string };
  readonly http?: { readonly hostname?: string; readonly url?: string };
  readonly quic?: { readonly sni?: string };
  readonly [key: string]: unknown;
}

/** How Suricata runs. `dir` is private to it and should be fresh: configuration, logs and sockets go there. */
export interface SuricataOptions {
  readonly dir: string;
  readonly rulesFiles?: readonly string[];
  /** A second EVE output besides the file that `events()` reads. */
  readonly eve?: { readonly type: 'unix_stream' | 'unix_dgram'; readonly path: string };
  /** More arguments, such as `--simulate-ips`. */
  readonly args?: readonly string[];
}

/** How live Suricata runs. */
export interface LiveSuricataOptions extends SuricataOptions {
  /** The network namespace to capture in. */
  readonly netns: string;
  readonly iface?: string;
}

/** A Suricata that runs until the test ends. */
export interface LiveSuricata {
  readonly commandSocket: string;
  /** Process id of Suricata itself, of this run. */
  readonly pid: () => number;
  /** Everything in eve.json so far. */
  readonly events: () => readonly EveEvent[];
  readonly alerts: () => readonly EveEvent[];
  /** What Suricata wrote to its terminal, for messages of failed tests. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
  /** Starts again after `stop`, with the same options. */
  readonly start: () => Promise<void>;
}

/** Starts real Suricata on an interface of a namespace, and resolves when its command socket answers. */
export async function startSuricata(t: TestContext, options: LiveSuricataOptions): Promise<LiveSuricata> {
  const { dir, netns, iface = 'lo' } = options;
  const config = writeConfig(options, iface);
  const commandSocket = join(dir, 'command.sock');
  const suricata = [
    'suricata',
    '-c',
    config,
    '-l',
    dir,
    '-k',
    'none',
    '--runmode',
    'workers',
    `--af-packet=${iface}`,
    ...(options.args ?? []),
  ];
  let child: ChildProcess | undefined;
  let output = '';
  const start = async () => {
    output = '';
    const started = spawn('ip', ['netns', 'exec', netns, ...suricata], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    endWithUs(started);
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (text) => (output += String(text)));
    await until('Suricata answers on its command socket', async () => {
      if (started.exitCode !== null) throw new Error(`Suricata ended with ${started.exitCode}: ${output}`);
      return output.includes('Engine started') && (await answers(commandSocket));
    });
  };
  const stop = async () => {
    const running = child;
    child = undefined;
    if (running !== undefined) await end(running);
  };
  t.after(stop);
  await start();
  const events = () => readEvents(join(dir, 'eve.json'));
  const alerts = () => events().filter(({ event_type }) => event_type === 'alert');
  return { commandSocket, pid: () => child?.pid ?? 0, events, alerts, output: () => output, stop, start };
}

/** Lets real Suricata read a capture file and resolves with what it logged. Its exit status must be 0. */
export async function runSuricataOnPcap(pcap: string, options: SuricataOptions): Promise<readonly EveEvent[]> {
  const config = writeConfig(options, 'lo');
  const args = [
    '-c',
    config,
    '-l',
    options.dir,
    '-k',
    'none',
    '--runmode',
    'single',
    '-r',
    pcap,
    ...(options.args ?? []),
  ];
  await run('suricata', args, { timeout: 120_000, maxBuffer: 64 * 1024 * 1024 });
  return readEvents(join(options.dir, 'eve.json'));
}

/** The names that alerts are about, with the sids: `evil.example 1900000`. */
export function alertLines(events: readonly EveEvent[]): readonly string[] {
  return events
    .filter(({ event_type }) => event_type === 'alert')
    .map((event) => {
      const { alert, tls, http, quic, dest_ip } = event;
      const name = nameAskedIn(event) ?? tls?.sni ?? quic?.sni ?? http?.hostname ?? dest_ip;
      return `${name} ${alert?.signature_id}`;
    })
    .sort();
}

/** The name that a DNS query, or an alert about one, is about. */
export function nameAskedIn({ dns }: EveEvent): string | undefined {
  return dns?.query?.[0]?.rrname ?? dns?.queries?.[0]?.rrname ?? dns?.rrname;
}

async function answers(path: string): Promise<boolean> {
  const socket = new CommandSocket(path);
  try {
    return (await socket.send('uptime', undefined, { timeoutMs: 2000 })).ok;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // "ip netns exec" becomes the program it runs, so this is Suricata's own process id.
  child.kill('SIGTERM');
  const hurry = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(hurry);
}

function readEvents(path: string): readonly EveEvent[] {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  // Suricata may be in the middle of the last line.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EveEvent);
}

function writeConfig(options: SuricataOptions, iface: string): string {
  const { dir, rulesFiles = [], eve } = options;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'classification.config'), 'config classification: trojan-activity,A Network Trojan,1\n');
  writeFileSync(join(dir, 'reference.config'), 'config reference: url http://\n');
  const path = join(dir, 'suricata.yaml');
  writeFileSync(path, configText({ dir, iface, rulesFiles, ...(eve === undefined ? {} : { eve }) }));
  return path;
}

type ConfigParts = Pick<SuricataOptions, 'dir' | 'eve'> & {
  readonly iface: string;
  readonly rulesFiles: readonly string[];
};

function configText({ dir, iface, rulesFiles, eve }: ConfigParts): string {
  const socketOutput =
    eve === undefined
      ? ''
      : `  - eve-log: { enabled: yes, filetype: ${eve.type}, filename: ${JSON.stringify(eve.path)}, types: [${TYPES}] }\n`;
  return `%YAML 1.1
---
default-log-dir: ${JSON.stringify(dir)}
classification-file: ${JSON.stringify(join(dir, 'classification.config'))}
reference-config-file: ${JSON.stringify(join(dir, 'reference.config'))}
# Opened for live capture only.
unix-command: { enabled: auto, filename: ${JSON.stringify(join(dir, 'command.sock'))} }
stats: { enabled: yes, interval: 1 }
default-rule-path: ${JSON.stringify(dir)}
rule-files: ${JSON.stringify(rulesFiles)}
af-packet:
  - interface: ${iface}
    threads: 1
    cluster-id: 98
    cluster-type: cluster_flow
    defrag: no
    use-mmap: yes
    ring-size: 2048
outputs:
  - eve-log: { enabled: yes, filetype: regular, filename: eve.json, types: [${TYPES}] }
${socketOutput}app-layer:
  protocols:
    dns: { tcp: { enabled: yes, detection-ports: { dp: 53 } }, udp: { enabled: yes, detection-ports: { dp: 53 } } }
    tls: { enabled: yes, detection-ports: { dp: 443 } }
    http: { enabled: yes }
    http2: { enabled: yes }
    quic: { enabled: yes }
`;
}

const TYPES =
  'alert, dns, tls, http, quic, { files: { force-hash: [sha256] } }, { stats: { totals: yes, threads: no } }';
