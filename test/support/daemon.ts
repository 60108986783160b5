import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '../../src/cli/control-client.ts';
import { endWithUs } from './children.ts';
import { until } from './until.ts';

interface TestContext {
  after(fn: () => Promise<void>): void;
}

/** Where a daemon under test keeps everything, and what it is told. */
export interface DaemonOptions {
  /** Private to it, and short: a socket's path holds 107 bytes. */
  readonly dir: string;
  readonly eveType?: 'stream' | 'dgram';
  readonly virustotalUrl?: string;
  /** Suricata's command socket; none where absent. */
  readonly commandSocket?: string;
  /** Default: in `dir`. */
  readonly rulesFile?: string;
  readonly datasetsDir?: string;
  /** More variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: `test`. */
  readonly sensor?: string;
  /** More keys of `virustotal:`, in flow style. */
  readonly moreVirustotal?: string;
  /** More YAML, at the top level. */
  readonly more?: string;
  /** More keys of `suricata:`, in flow style: `, action: drop`. */
  readonly moreSuricata?: string;
}

/** A real daemon, in a process of its own. */
export interface Daemon {
  readonly client: ControlClient;
  readonly configPath: string;
  readonly eveSocket: string;
  readonly apiSocket: string;
  readonly rulesFile: string;
  readonly datasetsDir: string;
  readonly listsDir: string;
  readonly pid: () => number;
  /** Its log so far, one JSON object a line. */
  readonly log: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves with the exit status, or the signal that ended it. */
  readonly ended: () => Promise<number | NodeJS.Signals | null>;
  /** Starts again after it ended, on the same folder. */
  readonly start: () => Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const KEY = 'test-key';

/** Longer than a daemon itself waits for its receiving side, so that on a busy machine its own words are told and not ours. */
const START_DEADLINE_MS = 120_000;

/** The key a stand-in must accept. */
export const DAEMON_KEY = KEY;

/** Starts `guardian run` and resolves when its control API answers. Ended by its process id when the test ends. */
export async function startDaemon(t: TestContext, options: DaemonOptions): Promise<Daemon> {
  const { dir } = options;
  mkdirSync(dir, { recursive: true });
  const at = (name: string) => join(dir, name);
  const configPath = at('guardian.yaml');
  writeFileSync(configPath, configText(options));
  const client = new ControlClient(at('api.sock'), new AbortController().signal);
  let child: ChildProcess | undefined;
  let log = '';
  const start = async () => {
    const started = spawn(process.execPath, ['--import', 'tsx', MAIN, 'run', '--config', configPath], {
      env: { ...process.env, VIRUSTOTAL_API_KEY: options.virustotalUrl === undefined ? '' : KEY, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    endWithUs(started);
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (text) => (log += String(text)));
    const isReady = async (): Promise<boolean> => {
      if (started.exitCode !== null) throw new Error(`The daemon ended with ${started.exitCode}: ${log}`);
      return client.ask({ method: 'GET', path: '/readyz' }).then(
        () => true,
        () => false,
      );
    };
    await until('the daemon is ready', isReady, START_DEADLINE_MS);
  };
  const ended = async () => {
    const running = child;
    if (running === undefined) return null;
    await until('the daemon has ended', () => running.exitCode !== null || running.signalCode !== null);
    return running.exitCode ?? running.signalCode;
  };
  t.after(async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await ended();
  });
  await start();
  return {
    client,
    configPath,
    eveSocket: at('eve.sock'),
    apiSocket: at('api.sock'),
    rulesFile: options.rulesFile ?? at('rules/virustotal-ioc.rules'),
    datasetsDir: options.datasetsDir ?? at('datasets'),
    listsDir: at('lists'),
    pid: () => child?.pid ?? 0,
    log: () => log,
    kill: (signal) => void child?.kill(signal),
    ended,
    start,
  };
}

function configText({
  dir,
  eveType = 'stream',
  virustotalUrl,
  commandSocket,
  more = '',
  moreSuricata = '',
  moreVirustotal = '',
  sensor = 'test',
  rulesFile = join(dir, 'rules/virustotal-ioc.rules'),
  datasetsDir = join(dir, 'datasets'),
}: DaemonOptions): string {
  const at = (name: string) => JSON.stringify(join(dir, name));
  const virustotal =
    virustotalUrl === undefined
      ? ''
      : `virustotal: { base_url: ${JSON.stringify(virustotalUrl)}, max_per_minute: 1000, max_per_day: 100000${moreVirustotal} }\n`;
  return `sensor: ${sensor}
log_level: debug
data_dir: ${at('data')}
eve: { socket: ${at('eve.sock')}, type: ${eveType}, flush_every: 1s }
suricata: { command_socket: ${commandSocket === undefined ? 'null' : JSON.stringify(commandSocket)}, rules_file: ${JSON.stringify(rulesFile)}, datasets_dir: ${JSON.stringify(datasetsDir)}${moreSuricata} }
lists: { dir: ${at('lists')} }
api: { socket: ${at('api.sock')} }
${virustotal}${more}`;
}
