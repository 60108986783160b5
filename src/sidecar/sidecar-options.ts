import type { Config } from '../config/schema.ts';
import type { Secret } from '../config/secrets.ts';
import type { OperatorError } from '../core/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Feed } from '../sources/feeds/feed.ts';
import type { Receiver } from './receiver-ahead.ts';
import type { SecondSource } from './second-source.ts';

/** What a sidecar is built of and told. */
export interface SidecarOptions {
  readonly config: Config;
  /** The receiving side, where it was started ahead. */
  readonly receiver?: Receiver;
  /** VirusTotal's key. Without one nothing is asked, and status says so. */
  readonly apiKey: Secret | undefined;
  /** The configured feeds, with presets filled in and keys read. */
  readonly feeds: readonly Feed[];
  /** Reads the password of the central database. */
  readonly centralPassword: () => string;
  /** Opens the whole API over TCP to whoever carries it. */
  readonly apiToken: Secret | undefined;
  /** The Pi-hole's application password. */
  readonly piholePassword: Secret | undefined;
  /** Sources that are asked after VirusTotal. */
  readonly secondSources: readonly SecondSource[];
  readonly version: string;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** From 0 up to 1, for jitter. */
  readonly random: () => number;
  /** This process. */
  readonly pid: number;
  readonly memoryBytes: () => number;
  /** The intake ended without being told to: the process should end, and be started again. */
  readonly onFailure: (error: OperatorError) => void;
}
