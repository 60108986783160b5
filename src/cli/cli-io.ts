import type { Readable, Writable } from 'node:stream';
import type { CheckProbes } from '../sidecar/check-probes.ts';
import type { Replay } from '../sidecar/replay-summary.ts';

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The process a daemon runs in, as far as it cares. */
export interface HostProcess {
  readonly pid: number;
  /** The user it runs as; 0 is root. */
  readonly uid: number;
  /** How this program is started: Node, and the main file. */
  readonly program: { readonly node: string; readonly main: string };
  readonly memoryBytes: () => number;
  /** Calls back on every SIGHUP. */
  readonly onHangup: (listener: () => void) => void;
  /** Shows every error that nobody caught, which ends the process unless one of the listeners says that it is none. */
  readonly onUncaught: (isHarmless: (error: unknown) => boolean) => void;
}

/** The world as the commands see it. Only src/main.ts takes these from `process`. */
export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Readable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  /** Fires on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly version: string;
  readonly host: HostProcess;
  /** Looks at neighbours that only parts of the daemon can talk to. */
  readonly probes: () => Promise<CheckProbes>;
  /** The daemon's own pipeline over a file. */
  readonly replay: Replay;
}
