import { connect, type Socket } from 'node:net';
import { UnavailableError } from '../../core/errors.ts';

/**
 * Longest command we send, newline included. Suricata 7.0.10 reads into 4,096 bytes and crashes on 4,095
 * (Suricata issues 8080 and 8064), so nothing longer may ever leave.
 */
export const MAX_COMMAND_BYTES = 4094;

/** Largest answer we keep; `dump-counters` is some 17 KB, a list of failed rules stays far below this. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const VERSION_LINE = '{"version":"0.2"}\n';

interface Waiter {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One connection to Suricata's command socket, its version already agreed. One line out, one line in:
 * Suricata closes on a second command before the answer and on a command split over two writes.
 */
export class CommandConnection {
  readonly #path: string;
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #waiter: Waiter | undefined;
  #ended: Error | undefined;

  private constructor(path: string, socket: Socket) {
    this.#path = path;
    this.#socket = socket;
  }

  /**
   * Connects and agrees on the version at once: Suricata reads it with a blocking call that holds up every other client.
   * @throws UnavailableError when nobody listens, we may not connect, or no answer came within `timeoutMs`.
   */
  static async open(path: string, timeoutMs: number): Promise<CommandConnection> {
    const connection = new CommandConnection(path, connect({ path }));
    connection.#listen();
    const answer = parse(path, await connection.#exchange(VERSION_LINE, timeoutMs));
    if (answer.return !== 'OK') {
      connection.close();
      throw new UnavailableError(
        `Cannot talk to Suricata at "${path}": it refuses protocol 0.2, want Suricata 6 or newer`,
      );
    }
    return connection;
  }

  /** Whether nothing was heard yet that ends this connection. */
  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Sends one line, which ends in a newline, in a single write and resolves with the answer.
   * @throws UnavailableError on a closed connection or when `timeoutMs` passed; the connection is then closed.
   */
  async request(line: string, timeoutMs: number): Promise<Record<string, unknown>> {
    return parse(this.#path, await this.#exchange(line, timeoutMs));
  }

  /** Closes at once; an outstanding request is rejected. */
  close(): void {
    this.#end(new UnavailableError(`Cannot talk to Suricata at "${this.#path}": the connection was closed`));
  }

  #listen(): void {
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#end(explain(this.#path, error)));
    this.#socket.on('close', () =>
      this.#end(new UnavailableError(`Cannot talk to Suricata at "${this.#path}": it closed the connection`)),
    );
  }

  #exchange(line: string, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      const timer = setTimeout(() => this.#end(timedOut(this.#path, timeoutMs)), timeoutMs);
      this.#waiter = { resolve, reject, timer };
      this.#socket.write(line);
    });
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_ANSWER_BYTES) {
      this.#end(new UnavailableError(`Cannot read Suricata's answer at "${this.#path}": it has no end`));
    } else if (chunk.at(-1) === NEWLINE) {
      const line = Buffer.concat(this.#chunks).toString('utf8');
      this.#chunks = [];
      this.#bytes = 0;
      this.#settle()?.resolve(line);
    }
  }

  #settle(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    clearTimeout(waiter?.timer);
    return waiter;
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#socket.destroy();
    this.#settle()?.reject(error);
  }
}

const NEWLINE = 0x0a;

function parse(path: string, line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Falls through: what is no object and what is no JSON are one thing to the caller.
  }
  throw new UnavailableError(`Cannot read Suricata's answer at "${path}": it is not a JSON object`);
}

function timedOut(path: string, timeoutMs: number): UnavailableError {
  return new UnavailableError(`Cannot talk to Suricata at "${path}": no answer within ${timeoutMs} ms`, {
    hint: 'Suricata serves one client after another: look for another program that holds the socket (ss -xp).',
  });
}

function explain(path: string, error: NodeJS.ErrnoException): UnavailableError {
  const hint = HINTS[error.code ?? ''];
  return new UnavailableError(`Cannot connect to Suricata at "${path}": ${error.code ?? error.message}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'Is Suricata running, and is unix-command enabled in suricata.yaml?',
  ECONNREFUSED: 'Suricata left its socket file behind and does not run: start it.',
  EACCES: "Add guardian's user to the group that Suricata runs as; the socket has mode 0660.",
  EPERM: "Add guardian's user to the group that Suricata runs as; the socket has mode 0660.",
  EAGAIN: 'Too many clients wait for Suricata: look for a program that holds the socket (ss -xp).',
};
