import { MessageChannel, Worker } from 'node:worker_threads';
import { isReceiveStumble } from '../eve/dgram-receiver.ts';
import { receiveOn } from '../eve/receiving-side.ts';
import type { Log } from '../lib/log.ts';
import { threadEntry } from '../lib/thread-entry.ts';
import type { CliIo } from './cli-io.ts';
import type { DaemonStart, FromDaemon, ToDaemon } from './daemon-message.ts';
import { EXIT_STATUS, FailedCommand } from './failure.ts';

/** What it takes to run a daemon in a thread. */
export interface DaemonBeside {
  readonly path: string;
  readonly log: Log;
  readonly io: CliIo;
  /** Brings a message to systemd. */
  readonly notify: (message: string) => void;
}

/**
 * Receives datagrams on this thread, where the package for them works, and runs the daemon in a thread beside it, so that neither
 * waits for the other. A process of its own for one of them would cost 50 MiB more.
 * @throws FailedCommand when the daemon failed, which has been said.
 */
export async function runBesideReceiver({ path, log, io, notify }: DaemonBeside): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const side = receiveOn(port1);
  io.host.onUncaught((error) => {
    if (!isReceiveStumble(error)) return false;
    side.countReceiveError();
    return true;
  });
  const { file, argv } = threadEntry('cli/daemon-thread');
  const start: DaemonStart = { path, version: io.version, pid: io.host.pid, receiver: port2 };
  const worker = new Worker(file, { argv, name: 'daemon', workerData: start, transferList: [port2] });
  const tell = (message: ToDaemon): void => worker.postMessage(message);
  io.signal.addEventListener('abort', () => tell({ kind: 'end' }), { once: true });
  if (io.signal.aborted) tell({ kind: 'end' });
  io.host.onHangup(() => tell({ kind: 'hangup' }));
  let status: number | undefined;
  worker.on('message', (message: FromDaemon) => {
    if (message.kind === 'notify') return notify(message.message);
    status = message.status;
    io.stderr.write(message.said);
    void worker.terminate();
  });
  worker.on('error', (error) => log.error('bug, ending', { err: error }));
  await new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  port1.close();
  // A bug ends the thread without a word to us; it stands in the log.
  if (status !== EXIT_STATUS.done) throw new FailedCommand(status ?? EXIT_STATUS.failed);
}
