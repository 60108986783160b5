import { lookup } from 'node:dns/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { askDns, type DnsOutcome, type DnsServer } from './dns-question.ts';

/** What proves that a Pi-hole blocks. */
export interface DnsProofOptions {
  /** Its DNS; a host name is looked up for each proof. */
  readonly server: DnsServer;
  /** From 0 up to 1, for the ids of questions. */
  readonly random: () => number;
}

/** What came of a proof. */
export interface ProofReport {
  /** Names that were asked about and are not blocked. */
  readonly open: readonly string[];
  /** Names that do not exist for it. Nobody gets an address, but that is no word of a block. */
  readonly absent: readonly string[];
  /** Nobody answered at all. */
  readonly silent: boolean;
  readonly asked: number;
}

/** A name that clients had resolved before is blocked 60-180 ms after it was added (measured); a reload comes on top. */
const PATIENCE_MS = 1500;
const RETRY_MS = 20;
const ANSWER_MS = 1000;
/** FTL answers thousands a second; this is not meant to be noticed. */
const AT_ONCE = 16;

/** Asks the Pi-hole what any device would ask it: the only proof that counts. */
export class DnsProof {
  readonly #options: DnsProofOptions;

  constructor(options: DnsProofOptions) {
    this.#options = options;
  }

  /**
   * Asks about every name until it is blocked or patience ends. `patienceMs` 0: one question each.
   * @throws the signal's reason when it is aborted.
   */
  async prove(names: readonly string[], signal: AbortSignal, patienceMs = PATIENCE_MS): Promise<ProofReport> {
    if (names.length === 0) return { open: [], absent: [], silent: false, asked: 0 };
    const server = await this.#address();
    if (server === undefined) return { open: [], absent: [], silent: true, asked: names.length };
    const open: string[] = [];
    const absent: string[] = [];
    let answered = 0;
    const waiting = [...names];
    const work = async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const outcome = await this.#askUntilBlocked(server, name, patienceMs, signal);
        if (outcome !== 'silent') answered++;
        if (outcome === 'open') open.push(name);
        if (outcome === 'absent') absent.push(name);
        // A Pi-hole that is away would cost a second for each of the others.
        if (outcome === 'silent' && answered === 0) waiting.length = 0;
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, work));
    return { open, absent, silent: answered === 0, asked: names.length };
  }

  async #askUntilBlocked(
    server: DnsServer,
    name: string,
    patienceMs: number,
    signal: AbortSignal,
  ): Promise<DnsOutcome> {
    const rounds = Math.ceil(patienceMs / RETRY_MS);
    for (let round = 0; ; round++) {
      signal.throwIfAborted();
      const id = Math.floor(this.#options.random() * 0x10000);
      const outcome = await askDns(server, name, id, ANSWER_MS);
      // A name that did not exist before it was added is answered so from the cache for a moment.
      if (outcome === 'blocked' || outcome === 'silent' || round >= rounds) return outcome;
      await pause(RETRY_MS, undefined, { signal });
    }
  }

  async #address(): Promise<DnsServer | undefined> {
    const { host, port } = this.#options.server;
    try {
      const { address } = await lookup(host);
      return { host: address, port };
    } catch {
      return undefined;
    }
  }
}
