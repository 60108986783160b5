import type { SuricataCommands } from './suricata-commands.ts';
import { Turns } from './turns.ts';

/** What a running Suricata says of itself. */
export interface Contact {
  readonly version: string;
  /** It is another process than the one asked last, or the first one. */
  readonly isNew: boolean;
  /** When it last read its rules, epoch milliseconds; `undefined` when it does not say. */
  readonly lastReloadAt: number | undefined;
}

/** Uptime is told in whole seconds, and the clocks of two calls differ a little. */
const SLACK_MS = 3000;

/** Asks Suricata who it is, and notices when it was restarted in between. */
export class SuricataContact {
  readonly #commands: SuricataCommands;
  readonly #now: () => number;
  readonly #turns = new Turns();
  #startedAt: number | undefined;
  #version = '';

  constructor(commands: SuricataCommands, now: () => number) {
    this.#commands = commands;
    this.#now = now;
  }

  /** @throws UnavailableError when it does not answer; the next one who answers counts as new. */
  ask(signal: AbortSignal): Promise<Contact> {
    // Two at once would each take the other for a restart.
    return this.#turns.take(() => this.#ask(signal));
  }

  async #ask(signal: AbortSignal): Promise<Contact> {
    const known = this.#startedAt;
    this.#startedAt = undefined;
    const startedAt = this.#now() - (await this.#commands.uptime(signal)) * 1000;
    const isNew = known === undefined || Math.abs(startedAt - known) > SLACK_MS;
    if (isNew) this.#version = await this.#commands.version(signal);
    const lastReloadAt = await this.#commands.lastReloadAt(signal);
    // Kept only when all went well; the drift of a slewed clock is followed by taking the newest.
    this.#startedAt = startedAt;
    return { version: this.#version, isNew, lastReloadAt };
  }
}
