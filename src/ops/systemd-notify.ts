import { createRequire } from 'node:module';
import type { Log } from '../lib/log.ts';
import { printable } from '../lib/printable.ts';

/** `sun_path` of unix(7) holds 108 bytes with its final NUL; `unix-dgram` would cut a longer path without a word. */
const MAX_PATH_BYTES = 107;

/** The part of `unix-dgram` that is used; the package has no types. */
interface DatagramSocket {
  send(data: Buffer, offset: number, length: number, path: string, done: (error?: Error) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  close(): void;
}
interface DatagramPackage {
  createSocket(type: 'unix_dgram'): DatagramSocket;
}

/** What systemd passes to a service with `Type=notify` (sd_notify(3), sd_watchdog_enabled(3)). */
export interface SystemdEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
  readonly WATCHDOG_PID?: string | undefined;
}

/** The socket on which a service tells systemd how it is. Only for the main thread, on which `unix-dgram` works. */
export class NotifySocket {
  readonly #path: string | undefined;
  readonly #log: Log;
  #hasComplained = false;

  constructor(path: string | undefined, log: Log) {
    this.#path = path === '' ? undefined : path;
    this.#log = log;
  }

  /** Does nothing where there is no systemd. A message that cannot be sent is logged once and otherwise left. */
  send(message: string): void {
    const path = this.#path;
    if (path === undefined) return;
    const reason = unusable(path);
    if (reason !== undefined) {
      this.#complain(reason, path);
      return;
    }
    try {
      this.#sendTo(path, Buffer.from(message));
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : String(error), path);
    }
  }

  #sendTo(path: string, message: Buffer): void {
    // Loaded only here: without systemd the native package is not needed for this.
    const { createSocket } = createRequire(import.meta.url)('unix-dgram') as DatagramPackage;
    const socket = createSocket('unix_dgram');
    socket.on('error', (error) => this.#complain(error.message, path));
    try {
      socket.send(message, 0, message.length, path, (error) => {
        if (error !== undefined) this.#complain(error.message, path);
      });
    } finally {
      socket.close();
    }
  }

  #complain(reason: string, path: string): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    const hint = 'Use a unit with Type=exec and no WatchdogSec, or a manager that notifies through a socket file.';
    this.#log.warn('cannot notify systemd', { path, reason, hint });
  }
}

/** What the daemon's word to systemd is made of. */
export interface SystemdNotifyOptions {
  readonly env: SystemdEnvironment;
  readonly pid: number;
  /** Brings a message to systemd. */
  readonly send: (message: string) => void;
}

/**
 * Tells systemd how the daemon is. When nothing arrives there, systemd acts by its own timeouts, and the daemon goes on.
 */
export class SystemdNotify {
  readonly #watchdogMs: number | undefined;
  readonly #send: (message: string) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor({ env, pid, send }: SystemdNotifyOptions) {
    const { WATCHDOG_PID: watchdogPid } = env;
    const isForUs = watchdogPid === undefined || watchdogPid === String(pid);
    this.#watchdogMs = isForUs ? milliseconds(env.WATCHDOG_USEC) : undefined;
    this.#send = send;
  }

  /** The daemon takes events. */
  ready(): void {
    this.#send('READY=1');
  }

  /** One line for `systemctl status`. */
  status(text: string): void {
    this.#send(`STATUS=${printable(text)}`);
  }

  /** The daemon shuts down. */
  stopping(): void {
    this.#send('STOPPING=1');
  }

  /**
   * Tells systemd's watchdog that the daemon is alive, twice in each of its periods, as long as `isAlive` says so.
   * Does nothing where the unit has no `WatchdogSec`. Ended by `stop`.
   */
  startWatchdog(isAlive: () => boolean): void {
    if (this.#watchdogMs === undefined || this.#timer !== undefined) return;
    const beat = (): void => {
      if (isAlive()) this.#send('WATCHDOG=1');
    };
    this.#timer = setInterval(beat, Math.max(1, Math.floor(this.#watchdogMs / 2)));
    this.#timer.unref();
    beat();
  }

  /** Ends the watchdog's beat. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function unusable(path: string): string | undefined {
  if (path.startsWith('@')) return 'abstract socket is not supported';
  return Buffer.byteLength(path) > MAX_PATH_BYTES ? 'path is too long for a socket' : undefined;
}

function milliseconds(microseconds: string | undefined): number | undefined {
  if (microseconds === undefined || !/^[0-9]{1,15}$/.test(microseconds)) return undefined;
  const ms = Number(microseconds) / 1000;
  return ms > 0 ? ms : undefined;
}
