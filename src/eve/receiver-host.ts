import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FromReceiver, ToReceiver } from './intake-message.ts';

/** The thread or process the receiving side lives in, seen from the main side. */
export interface ReceiverHost {
  /** Who is told from now on, also of an end that came before. */
  listen(listener: HostListener): void;
  send(message: ToReceiver): void;
  /** Ends it at once and resolves when it is gone. */
  terminate(): Promise<void>;
}

/** What the main side hears of its host. */
export interface HostListener {
  message(message: FromReceiver): void;
  /** It ended, for whatever reason. */
  exited(reason: string): void;
}

/**
 * Starts the receiving side: a worker thread for a stream, a process for datagrams (see `DgramReceiver`). It loads while its starter
 * goes on, and does nothing until it is told to.
 */
export function startHost(type: 'stream' | 'dgram'): ReceiverHost {
  return type === 'stream' ? startThread() : startProcess();
}

/** Tells whoever listens, and keeps an end that nobody was told of. */
class Relay implements HostListener {
  #listener: HostListener | undefined;
  #end: string | undefined;

  listen(listener: HostListener): void {
    this.#listener = listener;
    if (this.#end !== undefined) listener.exited(this.#end);
  }

  message(message: FromReceiver): void {
    this.#listener?.message(message);
  }

  exited(reason: string): void {
    this.#end = reason;
    this.#listener?.exited(reason);
  }
}

/**
 * The receiving side makes short-lived strings only, so V8's young generation may be small: measured no slower than with
 * its default of 16 MiB, and 25 MiB less memory.
 */
const SEMI_SPACE_MB = 1;

const RUNS_SOURCES = import.meta.url.endsWith('.ts');

/** The file to start, and its arguments: the sources go through a small loader, the built files do not. */
function entry(name: string): { readonly file: URL; readonly argv: string[] } {
  return RUNS_SOURCES
    ? { file: new URL('./intake-entry.mjs', import.meta.url), argv: [`./${name}.ts`] }
    : { file: new URL(`./${name}.js`, import.meta.url), argv: [] };
}

function startThread(): ReceiverHost {
  const listener = new Relay();
  const { file, argv } = entry('intake-thread');
  const worker = new Worker(file, {
    argv,
    name: 'eve-intake',
    // V8 divides it by three.
    resourceLimits: { maxYoungGenerationSizeMb: 3 * SEMI_SPACE_MB },
  });
  let reason = '';
  worker.on('message', (message: FromReceiver) => listener.message(message));
  worker.on('error', (error) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  worker.on('exit', (code) => listener.exited(reason === '' ? `exit status ${code}` : reason));
  return {
    listen: (whom) => listener.listen(whom),
    send: (message) => worker.postMessage(message),
    terminate: async () => {
      await worker.terminate();
    },
  };
}

function startProcess(): ReceiverHost {
  const listener = new Relay();
  const { file, argv } = entry('intake-process');
  const child = fork(fileURLToPath(file), argv, {
    serialization: 'advanced',
    execArgv: [`--max-semi-space-size=${SEMI_SPACE_MB}`],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.on('message', (message) => listener.message(message as FromReceiver));
  child.on('error', (error) => listener.exited(error.message));
  child.on('exit', (code, signal) => listener.exited(signal ?? `exit status ${code}`));
  return {
    listen: (whom) => listener.listen(whom),
    send: (message) => {
      if (child.connected) child.send(message);
    },
    terminate: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
