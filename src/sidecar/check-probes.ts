import type { Config } from '../config/schema.ts';

/** One line of `guardian check`. */
export interface CheckItem {
  readonly state: 'ok' | 'warn' | 'bad';
  /** What was looked at: `rules_file`. */
  readonly name: string;
  /** What is. */
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** What the key is allowed and has used, and what time the source's clock says. */
export interface KeyFacts {
  /** By window: `minute`, `hour`, `day`, `month`. */
  readonly windows: ReadonlyMap<string, { readonly used: number; readonly allowed: number }>;
  /** The source's own clock (its `Date` header), epoch milliseconds. */
  readonly serverTimeAt?: number;
}

/** Questions that only parts of the daemon can ask. The composition root passes them in; each ends within its signal. */
export interface CheckProbes {
  /**
   * Suricata's answer on its command socket, as a phrase: `7.0.10, running for 3 h`.
   * @throws UnavailableError with a hint
   */
  readonly askSuricata: (commandSocket: string, signal: AbortSignal) => Promise<string>;
  /**
   * What the configured VirusTotal key is really allowed; undefined where no key is configured.
   * @throws ConfigError when its file cannot be read, CredentialsError when it is refused, UnavailableError
   */
  readonly readKey: (config: Config, signal: AbortSignal) => Promise<KeyFacts | undefined>;
  /** Neighbours that are only looked at where they are configured: Pi-hole, nftables, MySQL. In the order of printing. */
  readonly others: readonly ((config: Config, signal: AbortSignal) => Promise<readonly CheckItem[]>)[];
}
