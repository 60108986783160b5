import { OperatorError, UnavailableError } from '../../core/errors.ts';
import { CommandConnection, MAX_COMMAND_BYTES } from './command-connection.ts';

/** What Suricata answered. `ok` is `return: OK`; `message` is whatever the command says. */
export interface CommandAnswer {
  readonly ok: boolean;
  readonly message: unknown;
}

/** How one command is sent. */
export interface CommandOptions {
  /** From the moment it is written. The wait for its turn before that is bounded by the timeouts of those in front. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** A held connection keeps Suricata's one listening thread from nobody, but a person with suricatasc expects room. */
const IDLE_CLOSE_MS = 2_000;
const MAX_QUEUED = 10_000;

/**
 * Suricata's unix command socket for several callers: one command at a time, in the order of asking, over one
 * connection that is made when needed, made anew when Suricata went away, and closed when idle.
 */
export class CommandSocket {
  /** Empty where none is configured: then every command is refused. */
  readonly path: string;
  #connection: CommandConnection | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #queued = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Sends a command and resolves with the answer, also with a NOK one.
   * @throws UnavailableError when Suricata does not answer, or too many commands wait already.
   * @throws OperatorError when the command is longer than Suricata survives; nothing is sent then.
   */
  async send(
    command: string,
    args?: Readonly<Record<string, string>>,
    options: CommandOptions = {},
  ): Promise<CommandAnswer> {
    const line = `${JSON.stringify(args === undefined ? { command } : { command, arguments: args })}\n`;
    const bytes = Buffer.byteLength(line);
    if (bytes > MAX_COMMAND_BYTES) {
      throw new OperatorError(
        `Cannot send "${command}" to Suricata: it is ${bytes} bytes, want at most ${MAX_COMMAND_BYTES}`,
      );
    }
    if (this.#queued >= MAX_QUEUED) {
      throw new UnavailableError(`Cannot send "${command}" to Suricata: ${MAX_QUEUED} commands wait already`);
    }
    if (this.path === '') {
      throw new UnavailableError('no command socket is configured, so rules take effect when it reads them next', {
        hint: 'Set suricata.command_socket.',
      });
    }
    options.signal?.throwIfAborted();
    const answer = await abortable(this.#enqueue(line, options), options.signal);
    return { ok: answer.return === 'OK', message: answer.message };
  }

  /** Closes the connection; whatever is outstanding is rejected. A later `send` connects anew. */
  close(): void {
    clearTimeout(this.#idle);
    this.#connection?.close();
    this.#connection = undefined;
  }

  #enqueue(line: string, options: CommandOptions): Promise<Record<string, unknown>> {
    this.#queued += 1;
    const turn = this.#tail.then(() => this.#exchange(line, options));
    this.#tail = turn.then(
      () => this.#leave(),
      () => this.#leave(),
    );
    return turn;
  }

  #leave(): void {
    this.#queued -= 1;
    clearTimeout(this.#idle);
    if (this.#queued === 0) this.#idle = setTimeout(() => this.close(), IDLE_CLOSE_MS).unref();
  }

  async #exchange(line: string, { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: CommandOptions) {
    // A caller who gave up before its turn must not cost Suricata anything.
    signal?.throwIfAborted();
    clearTimeout(this.#idle);
    const kept = this.#connection?.isOpen === true ? this.#connection : undefined;
    if (kept !== undefined) {
      try {
        return await kept.request(line, timeoutMs);
      } catch (error) {
        // A connection kept from before a restart of Suricata ends at its first use; every command of ours may be
        // said twice. One that timed out may not be repeated: Suricata is alive and busy.
        if (!(error instanceof UnavailableError) || error.hint !== undefined) throw error;
      }
    }
    this.#connection = await CommandConnection.open(this.path, timeoutMs);
    return this.#connection.request(line, timeoutMs);
  }
}

/**
 * Lets the caller go when `signal` fires, while the command itself runs on to its answer or timeout: leaving a
 * connection in the middle of a reload leaks memory in Suricata (its issue 7898).
 */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  work.catch(() => undefined);
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
