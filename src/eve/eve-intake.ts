import { readFile } from 'node:fs/promises';
import { OperatorError } from '../core/errors.ts';
import type { Log } from '../lib/log.ts';
import type { IntakeBatch } from './intake-batch.ts';
import type { IntakeLimits } from './intake-limits.ts';
import type { FromReceiver, ReceiverSettings } from './intake-message.ts';
import { type ReceiverHost, startHost } from './receiver-host.ts';
import { claimSocketFile, openToSuricata } from './socket-file.ts';

export interface EveIntakeOptions {
  readonly socket: string;
  readonly type: 'stream' | 'dgram';
  /** Permission bits: `0o660`. */
  readonly socketMode: number;
  /** Name or number of the group that may write; unchanged where absent. */
  readonly socketGroup?: string;
  /** How long counts of known pairs may wait. What is new is handed over within 200 ms. Default 10 s. */
  readonly flushIntervalMs?: number;
  readonly limits?: Partial<IntakeLimits>;
  /** The receiving side, where it was started ahead. The intake's to end. */
  readonly host?: ReceiverHost;
  readonly log: Log;
  /** Called on the main thread, one batch at a time. The next batches are merged while it runs. */
  readonly onBatch: (batch: IntakeBatch) => void;
  /** Something a person should change; also logged. */
  readonly onWarning?: (message: string, hint: string) => void;
  /** The receiving side ended without being told to. Nothing is received from here on. */
  readonly onFailure?: (error: OperatorError) => void;
}

const DEFAULT_FLUSH_INTERVAL_MS = 10_000;
/** A second where nothing else runs. At boot a small board starts everything at once, and giving up would only start it all again. */
const BIND_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 3_000;
const MIN_DGRAM_QUEUE = 512;
const DGRAM_QUEUE_FILE = '/proc/sys/net/unix/max_dgram_qlen';

/** Receives EVE on a unix socket, beside the main thread, and hands over what it saw in compact batches. */
export class EveIntake {
  readonly #options: EveIntakeOptions;
  #host: ReceiverHost | undefined;
  #isStopping = false;
  #isPingOpen = false;
  #answer: ((message: FromReceiver | { readonly kind: 'exited'; readonly reason: string }) => void) | undefined;

  constructor(options: EveIntakeOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the socket is bound and open to Suricata.
   * @throws OperatorError when it cannot be.
   */
  async start(): Promise<void> {
    const { socket, type, socketMode, socketGroup, log } = this.#options;
    await claimSocketFile(socket);
    if (type === 'dgram') await this.#checkDgramQueue();
    const host = this.#options.host ?? startHost(type);
    this.#host = host;
    host.listen({ message: (message) => this.#take(message), exited: (reason) => this.#exited(reason) });
    try {
      await this.#bind(host);
      await openToSuricata(socket, socketMode, socketGroup);
    } catch (error) {
      await this.stop();
      throw error;
    }
    log.info('eve socket bound', { path: socket });
  }

  /** Drains: takes no new sender, reads what is buffered, hands everything over, removes the socket file. */
  async stop(): Promise<void> {
    const host = this.#host;
    if (host === undefined) return;
    this.#isStopping = true;
    this.#host = undefined;
    const stopped = this.#next(STOP_DEADLINE_MS);
    host.send({ kind: 'stop' });
    await stopped;
    await host.terminate();
  }

  /**
   * Whether the receiving side has answered since this was asked last, and asks it anew. False once it is gone. For a watchdog:
   * asked in longer steps than the busiest receiver takes for one turn.
   */
  isAlive(): boolean {
    if (this.#host === undefined || this.#isPingOpen) return false;
    this.#isPingOpen = true;
    this.#host.send({ kind: 'ping' });
    return true;
  }

  async #bind(host: ReceiverHost): Promise<void> {
    const { socket } = this.#options;
    const answered = this.#next(BIND_DEADLINE_MS);
    host.send({ kind: 'start', settings: this.#settings() });
    const answer = await answered;
    if (answer?.kind === 'bound') return;
    const reason = answer !== undefined && 'reason' in answer ? answer.reason : `no answer in ${BIND_DEADLINE_MS} ms`;
    throw new OperatorError(`Cannot listen on "${socket}": ${reason}, want a path this user may create a socket at`, {
      hint: 'Check that the folder exists and that this user may write to it.',
    });
  }

  #settings(): ReceiverSettings {
    const { socket, type, flushIntervalMs = DEFAULT_FLUSH_INTERVAL_MS, limits = {} } = this.#options;
    return { socket, type, flushIntervalMs, limits };
  }

  #take(message: FromReceiver): void {
    if (message.kind === 'pong') {
      this.#isPingOpen = false;
      return;
    }
    if (message.kind !== 'batch') {
      this.#answer?.(message);
      return;
    }
    // Acknowledged also when it throws, since the error is the owner's and the intake must go on.
    try {
      this.#options.onBatch(message.batch);
    } finally {
      this.#host?.send({ kind: 'ack' });
    }
  }

  #exited(reason: string): void {
    this.#answer?.({ kind: 'exited', reason });
    if (this.#isStopping || this.#answer !== undefined) return;
    const error = new OperatorError(`Cannot go on receiving EVE: the receiver ended (${reason}), want it to run`, {
      hint: 'Restart guardian; the log above says why it ended.',
    });
    this.#host = undefined;
    this.#options.log.error('eve receiver ended', { err: error, reason });
    this.#options.onFailure?.(error);
  }

  /** The next answer that is no batch, or `undefined` when none comes in time. */
  #next(deadlineMs: number): Promise<FromReceiver | { kind: 'exited'; reason: string } | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(undefined), deadlineMs);
      const settle = (answer: FromReceiver | { kind: 'exited'; reason: string } | undefined): void => {
        clearTimeout(timer);
        this.#answer = undefined;
        resolve(answer);
      };
      this.#answer = settle;
    });
  }

  async #checkDgramQueue(): Promise<void> {
    const text = await readFile(DGRAM_QUEUE_FILE, 'utf8').catch(() => '');
    const length = Number.parseInt(text, 10);
    if (!(length < MIN_DGRAM_QUEUE)) return;
    const hint = `Run "sysctl -w net.unix.max_dgram_qlen=${MIN_DGRAM_QUEUE}" before guardian starts.`;
    this.#options.log.warn('datagram queue is short, events will be lost', { count: length, hint });
    this.#options.onWarning?.(
      `net.unix.max_dgram_qlen is ${length}, want at least ${MIN_DGRAM_QUEUE}: Suricata drops events when it is full`,
      hint,
    );
  }
}
