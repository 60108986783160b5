import type { MessagePort } from 'node:worker_threads';
import { DgramReceiver } from './dgram-receiver.ts';
import { EvePipeline } from './eve-pipeline.ts';
import { HandOver } from './hand-over.ts';
import { DEFAULT_LIMITS } from './intake-limits.ts';
import type { FromReceiver, MainPort, ReceiverSettings, ToReceiver } from './intake-message.ts';
import { takePrecedence } from './precedence.ts';
import type { Receiver } from './receiver.ts';
import { StreamReceiver } from './stream-receiver.ts';
import { warmUp } from './warm-up.ts';

/** The receiving half of the intake: socket, pipeline and hand-over, driven by messages. */
export class ReceivingSide {
  readonly #port: MainPort;
  #pipeline: EvePipeline | undefined;
  #receiver: Receiver | undefined;
  #handOver: HandOver | undefined;
  #isWarm = false;

  constructor(port: MainPort) {
    this.#port = port;
  }

  start(): void {
    this.#port.listen((message) => {
      if (message.kind === 'ack') this.#handOver?.acknowledge();
      else if (message.kind === 'ping') this.#port.send({ kind: 'pong' });
      else if (message.kind === 'start') void this.#open(message.settings);
      else void this.#close();
    });
    // Before it is told to receive, while the rest of the daemon loads on another core.
    setImmediate(() => this.#warmUp());
  }

  /** Takes no more, without draining: the other side is gone. */
  async abandon(): Promise<void> {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#handOver?.stop();
    await receiver?.stop();
  }

  /** Counts an attempt to receive that failed. */
  countReceiveError(): void {
    this.#pipeline?.drop('receive_error');
  }

  async #open(settings: ReceiverSettings): Promise<void> {
    takePrecedence();
    this.#warmUp();
    const pipeline = new EvePipeline({ limits: settings.limits, now: Date.now });
    const { flushIntervalMs } = settings;
    this.#pipeline = pipeline;
    this.#receiver = receiverOf(settings, pipeline);
    this.#handOver = new HandOver({
      pipeline,
      send: (batch) => this.#port.send({ kind: 'batch', batch }),
      flushIntervalMs,
      now: Date.now,
    });
    try {
      await this.#receiver.start();
    } catch (error) {
      this.#port.send({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
      return;
    }
    this.#handOver.start();
    this.#port.send({ kind: 'bound' });
  }

  #warmUp(): void {
    if (this.#isWarm) return;
    this.#isWarm = true;
    warmUp();
  }

  async #close(): Promise<void> {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    await receiver?.stop();
    this.#handOver?.stop();
    this.#port.send({ kind: 'stopped' });
  }
}

/** Receives on this thread for whoever has the other end of the port, until that is closed. */
export function receiveOn(port: MessagePort): ReceivingSide {
  const side = new ReceivingSide({
    send: (message: FromReceiver) => {
      const rows = message.kind === 'batch' ? [message.batch.sightings.rows.buffer as ArrayBuffer] : [];
      port.postMessage(message, rows);
    },
    listen: (listener) => port.on('message', (message: ToReceiver) => listener(message)),
  });
  port.on('close', () => void side.abandon());
  side.start();
  return side;
}

function receiverOf(settings: ReceiverSettings, pipeline: EvePipeline): Receiver {
  const { socket, type, limits } = settings;
  if (type === 'dgram') return new DgramReceiver(socket, pipeline);
  return new StreamReceiver(socket, pipeline, limits.maxConnections ?? DEFAULT_LIMITS.maxConnections);
}
