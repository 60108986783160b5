import { Agent, type IncomingMessage, request } from 'node:http';
import { OperatorError, UnavailableError } from '../core/errors.ts';

/** What is asked of the daemon. */
export interface ControlRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** For the whole answer; the default suits everything that waits for nobody else. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 35_000;
/** An export of a million names stays below this; more means that something else listens there. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

/** What the daemon said instead of an answer. */
export class AnsweredError extends OperatorError {
  readonly status: number;
  readonly code: string;
  readonly retryAt: string | undefined;

  constructor(status: number, { code, message, hint, retry_at: retryAt }: ErrorFields) {
    super(message, hint === '' ? {} : { hint });
    this.status = status;
    this.code = code;
    this.retryAt = retryAt;
  }
}

interface ErrorFields {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retry_at?: string;
}

/** Asks a running daemon over its unix socket. One connection per question: commands are short-lived. */
export class ControlClient {
  readonly #socketPath: string;
  readonly #signal: AbortSignal;

  constructor(socketPath: string, signal: AbortSignal) {
    this.#socketPath = socketPath;
    this.#signal = signal;
  }

  /**
   * The JSON document that answers. The caller names its type; both ends are one program.
   * @throws UnavailableError when no daemon answers, AnsweredError when it refuses.
   */
  async ask<T>(asked: ControlRequest): Promise<T> {
    return this.#parse(await this.askText(asked)) as T;
  }

  /** As `ask`, for answers that are no JSON. */
  async askText(asked: ControlRequest): Promise<string> {
    const { status, text } = await this.#exchange(asked);
    if (status >= 200 && status < 300) return text;
    const { error } = this.#parse(text) as { readonly error?: ErrorFields };
    if (typeof error?.message !== 'string') throw this.#strange(`it answered ${status}`);
    throw new AnsweredError(status, error);
  }

  #exchange({ method, path, body, timeoutMs = TIMEOUT_MS }: ControlRequest): Promise<Answer> {
    const agent = new Agent({ keepAlive: false });
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]);
    return new Promise<Answer>((resolve, reject) => {
      const outgoing = request({
        agent,
        socketPath: this.#socketPath,
        method,
        path,
        headers:
          payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
        signal,
      });
      outgoing.on('response', (incoming) =>
        readAnswer(incoming).then(resolve, (error) => reject(this.#explain(error, timeoutMs))),
      );
      outgoing.on('error', (error) => reject(this.#explain(error, timeoutMs)));
      outgoing.end(payload);
    }).finally(() => agent.destroy());
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw this.#strange('its answer is no JSON', cause);
    }
  }

  #strange(what: string, cause?: unknown): UnavailableError {
    const hint = 'Another program may listen there: name the right socket with --socket.';
    return new UnavailableError(`Cannot reach guardian at "${this.#socketPath}": ${what}`, { cause, hint });
  }

  #explain(cause: unknown, timeoutMs: number): UnavailableError {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const interrupted = this.#signal.aborted;
    const [what, hint] = REASONS[code] ?? [
      cause instanceof Error ? cause.message : String(cause),
      'Run "guardian check".',
    ];
    if (code === 'ABORT_ERR' && interrupted) return new UnavailableError('Cannot finish: interrupted', { cause });
    const why = code === 'ABORT_ERR' ? `no answer within ${timeoutMs / 1000} s` : what;
    return new UnavailableError(`Cannot reach guardian at "${this.#socketPath}": ${why}`, { cause, hint });
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const START = 'Start it ("guardian run", or "systemctl start guardian"), or name its socket with --socket.';

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['there is no such socket', START],
  ECONNREFUSED: ['nobody listens there', START],
  ENOTSOCK: ['it is no socket', 'Name the right one with --socket.'],
  EACCES: ['this user may not connect', "Run it with sudo, or add yourself to guardian's group."],
  ENAMETOOLONG: ['its path is longer than a socket path may be', 'Name the right one with --socket.'],
  EINVAL: ['its path is longer than a socket path may be', 'Name the right one with --socket.'],
  ECONNRESET: ['it closed the connection', 'It may be stopping: try again.'],
};

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('its answer has no end');
    chunks.push(chunk);
  }
  return { status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}
