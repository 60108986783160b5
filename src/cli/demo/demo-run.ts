import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';
import type { ExplanationDocument } from '../../api/explanation.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { Config } from '../../config/schema.ts';
import { Secret } from '../../config/secrets.ts';
import type { Alert } from '../../core/alert.ts';
import { OperatorError } from '../../core/errors.ts';
import { makeFolder } from '../../lib/make-folder.ts';
import { createLog } from '../../ops/logger.ts';
import { Sidecar } from '../../sidecar.ts';
import type { CliIo } from '../cli-io.ts';
import { ControlClient } from '../control-client.ts';
import { DemoScreen } from './demo-screen.ts';
import { DEMO_NAMES, demoReports, domain, EXAMPLE_HOSTS, MALICIOUS_DOMAIN, MALICIOUS_SUBDOMAIN } from './demo-world.ts';
import { captureMovedTo, recordingMovedTo } from './moved-to-now.ts';
import { readCapture, suricataVersion } from './offline-suricata.ts';
import { VirusTotalStandIn } from './virustotal-stand-in.ts';

export interface DemoOptions {
  readonly io: CliIo;
  readonly once: boolean;
  /** Kept at the end. Absent: a fresh folder below the system's temporary one, removed at the end. */
  readonly dataDir?: string;
}

/** Accepted by the stand-in and by nobody else. */
const DEMO_KEY = 'demo-key-of-no-use-anywhere-else';

/** The stand-in is generous, so that nobody has to wait for four a minute; the screen says so. */
const ALLOWANCE = { minute: 600, day: 100_000, month: 1_000_000 };

const STEP_DEADLINE_MS = 30_000;
const POLL_MS = 20;

const BUNDLE = new URL('../../../native-config/demo/', import.meta.url);

/** Runs the demonstration. @throws OperatorError when the loop was not proved. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const dir = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), 'guardian-demo-')) : resolve(options.dataDir);
  if (options.dataDir !== undefined) makeDataDir(dir);
  const demo = new Demo(dir, options.io, await suricataVersion());
  try {
    await demo.start();
    await demo.show();
    if (!options.once) await demo.explore();
  } finally {
    await demo.stop();
    if (options.dataDir === undefined) rmSync(dir, { recursive: true, force: true });
  }
}

function makeDataDir(dir: string): void {
  try {
    makeFolder(dir);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const hint = 'Name a folder that this user may make and write to.';
    throw new OperatorError(`Cannot make folder ${JSON.stringify(dir)}: ${code}`, { cause, hint });
  }
}

class Demo {
  readonly #dir: string;
  readonly #io: CliIo;
  readonly #suricata: string | undefined;
  readonly #screen: DemoScreen;
  readonly #standIn: VirusTotalStandIn;
  #sidecar: Sidecar | undefined;
  #config: Config | undefined;

  constructor(dir: string, io: CliIo, suricata: string | undefined) {
    this.#dir = dir;
    this.#io = io;
    this.#suricata = suricata;
    this.#screen = new DemoScreen(io);
    this.#standIn = new VirusTotalStandIn({
      keys: [DEMO_KEY],
      reports: demoReports(),
      allowance: ALLOWANCE,
      now: io.now,
    });
  }

  async start(): Promise<void> {
    const { baseUrl } = await this.#standIn.start();
    const config = loadConfig({ path: join(this.#dir, 'guardian.yaml'), text: this.#configText(baseUrl) });
    this.#config = config;
    this.#sidecar = new Sidecar({
      config,
      apiKey: new Secret(DEMO_KEY),
      feeds: [],
      secondSources: [],
      centralPassword: () => '',
      apiToken: undefined,
      piholePassword: undefined,
      version: this.#io.version,
      log: createLog({
        level: 'debug',
        destination: pino.destination({ dest: join(this.#dir, 'guardian.log'), sync: true }),
      }),
      now: this.#io.now,
      random: Math.random,
      pid: this.#io.host.pid,
      memoryBytes: this.#io.host.memoryBytes,
      onFailure: (error) => {
        throw error;
      },
    });
    await this.#sidecar.start();
    this.#screen.opening({ version: this.#io.version, baseUrl, suricata: this.#suricata, dir: this.#dir });
  }

  /** The five steps of the loop, each waited for and shown. */
  async show(): Promise<void> {
    const { store } = this.#running();
    await this.#hear();
    await this.#until('every name has its answer', () => this.#isAnswered());
    this.#screen.judged(
      await this.#stories(),
      this.#standIn.requests.filter((one) => !one.path.includes('/users/')).length,
    );
    await this.#until('the rules are in place', () =>
      hasRulesFor(this.#rules(), [MALICIOUS_DOMAIN, MALICIOUS_SUBDOMAIN]),
    );
    this.#screen.published(this.#configured(), store.indicators.desired(this.#io.now()).size);
    this.#judgeProof(await this.#prove());
    this.#screen.closing();
  }

  async explore(): Promise<void> {
    this.#screen.exploring(this.#configured().api.socket);
    const { signal } = this.#io;
    if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  }

  async stop(): Promise<void> {
    await this.#sidecar?.stop();
    await this.#standIn.stop();
  }

  /** The capture, or its recording, goes through the same socket that a live Suricata would write to. */
  async #hear(rules?: string): Promise<void> {
    const at = this.#io.now();
    const { socket } = this.#configured().eve;
    if (this.#suricata === undefined) {
      await sendLines(socket, recordingMovedTo(at, readFileSync(new URL('eve-recording.json', BUNDLE), 'utf8')));
      return;
    }
    const dir = join(this.#dir, rules === undefined ? 'suricata-first' : 'suricata-second');
    makeFolder(dir);
    const pcap = join(dir, 'capture.pcap');
    writeFileSync(pcap, captureMovedTo(at, readFileSync(new URL('guardian-demo.pcap', BUNDLE))));
    const output = { filetype: 'unix_stream', filename: socket } as const;
    await readCapture({ dir, pcap, output, signal: this.#io.signal, ...(rules === undefined ? {} : { rules }) });
  }

  /** Lets Suricata read the capture again, now with our rules; the alerts come back the way everything came. */
  async #prove(): Promise<readonly Alert[] | undefined> {
    if (this.#suricata === undefined) return undefined;
    await this.#hear(this.#configured().suricata.rulesFile);
    const { store } = this.#running();
    const isAlerted = (name: string) => store.alerts.of(domain(name), 1).length > 0;
    await this.#until('the alerts are back', () => isAlerted(MALICIOUS_DOMAIN) && isAlerted(MALICIOUS_SUBDOMAIN));
    return store.alerts.recent(50);
  }

  #judgeProof(alerts: readonly Alert[] | undefined): void {
    const { store } = this.#running();
    this.#screen.proved(alerts);
    const harmed = EXAMPLE_HOSTS.filter(
      ({ name }) => store.indicators.find(domain(name)) !== undefined || store.alerts.of(domain(name), 1).length > 0,
    );
    const private_ = this.#standIn.violations;
    if (harmed.length === 0 && private_.length === 0) return;
    throw new OperatorError(
      `Cannot prove the loop: ${[...harmed.map((one) => one.name), ...private_.map((one) => one.path)].join(', ')} should have been left alone`,
    );
  }

  async #isAnswered(): Promise<boolean> {
    const stories = await this.#stories();
    return stories.every(
      ({ verdict, served_by, never_ask }) =>
        verdict.state !== 'unasked' || served_by !== undefined || never_ask !== undefined,
    );
  }

  /** Asked the way a person asks: over the control socket. */
  #stories(): Promise<readonly ExplanationDocument[]> {
    const client = new ControlClient(this.#configured().api.socket, this.#io.signal);
    const names = [...new Set(DEMO_NAMES.map((one) => one.name))];
    return Promise.all(
      names.map((name) => client.ask<ExplanationDocument>({ method: 'GET', path: `/v1/explain/${name}` })),
    );
  }

  #rules(): string {
    try {
      return readFileSync(this.#configured().suricata.rulesFile, 'utf8');
    } catch {
      return '';
    }
  }

  async #until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = this.#io.now() + STEP_DEADLINE_MS;
    while (!(await isSo())) {
      if (this.#io.signal.aborted) throw new OperatorError('Cannot prove the loop: it was interrupted');
      if (this.#io.now() > deadline) {
        throw new OperatorError(`Cannot prove the loop: waited ${STEP_DEADLINE_MS / 1000} s in vain until ${what}`, {
          hint: `Run it with --data-dir and read guardian.log there.`,
        });
      }
      await pause(POLL_MS);
    }
  }

  #configText(baseUrl: string): string {
    const at = (name: string) => JSON.stringify(join(this.#dir, name));
    return `sensor: demo
data_dir: ${at('data')}
log_level: debug
eve: { socket: ${at('eve.sock')} }
virustotal: { base_url: ${JSON.stringify(baseUrl)}, max_per_minute: ${ALLOWANCE.minute}, max_per_day: ${ALLOWANCE.day} }
suricata: { command_socket: null, rules_file: ${at('rules/virustotal-ioc.rules')}, datasets_dir: ${at('datasets')}, allow_unchecked: ${this.#suricata === undefined} }
lists: { dir: ${at('lists')} }
api: { socket: ${at('api.sock')} }
`;
  }

  #running(): Sidecar {
    if (this.#sidecar === undefined) throw new Error('the demonstration was not started');
    return this.#sidecar;
  }

  #configured(): Config {
    if (this.#config === undefined) throw new Error('the demonstration was not started');
    return this.#config;
  }
}

function hasRulesFor(rules: string, names: readonly string[]): boolean {
  return names.every((name) => rules.includes(`"${name}"`));
}

function sendLines(socket: string, text: string): Promise<void> {
  return new Promise((done, fail) => {
    const connection = createConnection(socket);
    connection.on('error', fail);
    connection.on('close', () => done());
    connection.end(text);
  });
}
