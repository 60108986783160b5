import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { readApiKey, readSecret, type Secret } from '../config/secrets.ts';
import type { OperatorError } from '../core/errors.ts';
import { type Log, SILENT } from '../lib/log.ts';
import { SystemdNotify } from '../ops/systemd-notify.ts';
import { feedList } from '../sidecar/feed-list.ts';
import type { Receiver } from '../sidecar/receiver-ahead.ts';
import { secondSources } from '../sidecar/second-sources.ts';
import { Sidecar } from '../sidecar.ts';
import type { CliIo } from './cli-io.ts';

function optionalSecret(file: string | null, env: CliIo['env'], log: Log): Secret | undefined {
  return file === null ? undefined : readSecret(file, env, log);
}

/** The world as a daemon sees it, in whatever thread it lives. */
export interface DaemonIo extends Pick<CliIo, 'env' | 'now' | 'signal' | 'version'> {
  readonly host: Pick<CliIo['host'], 'pid' | 'memoryBytes' | 'onHangup'>;
  /** Brings a message to systemd. */
  readonly notify: (message: string) => void;
}

/** What a run needs. */
export interface Daemon {
  readonly path: string;
  readonly config: Config;
  readonly log: Log;
  readonly io: DaemonIo;
  /** The receiving side, started ahead. */
  readonly receiver: Receiver;
}

/** systemd's default is 90 s; ours is what a person waits for without wondering. */
const STOP_DEADLINE_MS = 5_000;

/** Runs until a signal or a failure, and drains. */
export async function runDaemon({ path, config, log, io, receiver }: Daemon): Promise<void> {
  const systemd = new SystemdNotify({ env: io.env, pid: io.host.pid, send: io.notify });
  const ended = new EndOfRun(io.signal);
  const sidecar = new Sidecar({
    config,
    receiver,
    apiKey: readApiKey(config.virustotal.apiKeyFile, io.env, log),
    feeds: feedList(config.feeds, io.env, log),
    // Read again and again, so what is odd about its file is said by "guardian check" and not here.
    centralPassword: () => optionalSecret(config.central?.passwordFile ?? null, io.env, SILENT)?.reveal() ?? '',
    apiToken: optionalSecret(config.api.tokenFile, io.env, log),
    piholePassword: optionalSecret(config.pihole?.passwordFile ?? null, io.env, log),
    secondSources: secondSources(config, io.env, log, io.now),
    version: io.version,
    log,
    now: io.now,
    random: Math.random,
    pid: io.host.pid,
    memoryBytes: io.host.memoryBytes,
    onFailure: (error) => ended.fail(error),
  });
  try {
    await sidecar.start();
  } catch (error) {
    // What did start must not live on behind an error.
    await within(sidecar.stop(), log);
    throw error;
  }
  systemd.ready();
  const telling = tell(systemd, sidecar);
  io.host.onHangup(() => reload(sidecar, { path, log, io }));
  try {
    await ended.promise;
  } finally {
    telling.end();
    systemd.stopping();
    await within(sidecar.stop(), log);
  }
}

/** How old the line of `systemctl status` may be. */
const HEADLINE_EVERY_MS = 15_000;

/** Feeds systemd's watchdog while the intake answers too, and keeps the line of `systemctl status` current. */
function tell(systemd: SystemdNotify, sidecar: Sidecar): { end(): void } {
  let told = '';
  const sayHeadline = (): void => {
    const headline = sidecar.pulse.headline();
    if (headline !== told) systemd.status(headline);
    told = headline;
  };
  sayHeadline();
  const timer = setInterval(sayHeadline, HEADLINE_EVERY_MS);
  systemd.startWatchdog(sidecar.pulse.isAlive);
  return {
    end: () => {
      clearInterval(timer);
      systemd.stop();
    },
  };
}

/** A bad configuration is said and the good one stays: a daemon does not end because of a typo. */
function reload(sidecar: Sidecar, { path, log, io }: Pick<Daemon, 'path' | 'log' | 'io'>): void {
  try {
    const config = loadConfig({ path });
    const apiKey = readApiKey(config.virustotal.apiKeyFile, io.env, log);
    const waiting = sidecar.reload(config, { apiKey, feeds: feedList(config.feeds, io.env, log) });
    if (waiting.length === 0) log.info('configuration taken over', { path });
    else log.warn('configuration taken over, some keys wait for a restart', { path, keys: waiting });
  } catch (error) {
    log.error('configuration not taken over', { path, err: error });
  }
}

/** What a run waits for: a signal, or a part that failed for good. */
class EndOfRun {
  readonly promise: Promise<void>;
  #reject: (error: OperatorError) => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.promise = new Promise((resolve, reject) => {
      this.#reject = reject;
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  fail(error: OperatorError): void {
    this.#reject(error);
  }
}

async function within(stopping: Promise<void>, log: Log): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.warn('not drained in time, ending anyway', { took_ms: STOP_DEADLINE_MS });
      resolve();
    }, STOP_DEADLINE_MS);
  });
  await Promise.race([stopping, late]);
  clearTimeout(timer);
}
