import { parentPort, workerData } from 'node:worker_threads';
import { loadConfig } from '../config/load-config.ts';
import { hostOn } from '../eve/receiver-host.ts';
import { createStdoutLog } from '../ops/logger.ts';
import type { DaemonStart, FromDaemon, ToDaemon } from './daemon-message.ts';
import { EXIT_STATUS, exitStatusOf, sayError } from './failure.ts';
import { runDaemon } from './run-daemon.ts';

// Entry of the thread that a daemon lives in where datagrams are received on the main one.
const { path, version, pid, receiver: port } = workerData as DaemonStart;
const ending = new AbortController();
const hangupListeners: (() => void)[] = [];
const say = (message: FromDaemon): void => parentPort?.postMessage(message);

parentPort?.on('message', (message: ToDaemon) => {
  if (message.kind === 'end') ending.abort();
  else for (const listener of hangupListeners) listener();
});

// As in main.ts; it ends this thread, and the main one ends the process.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    createStdoutLog('error').error('bug, ending', { err: error });
    process.exit(EXIT_STATUS.failed);
  });
}

const receiver = hostOn(port);
let status: number = EXIT_STATUS.done;
let said = '';
try {
  const config = loadConfig({ path });
  const io = {
    env: process.env,
    now: Date.now,
    signal: ending.signal,
    version,
    host: {
      pid,
      memoryBytes: () => process.memoryUsage.rss(),
      onHangup: (listener: () => void) => void hangupListeners.push(listener),
    },
    notify: (message: string) => say({ kind: 'notify', message }),
  };
  await runDaemon({ path, config, log: createStdoutLog(config.logLevel), io, receiver });
} catch (error) {
  status = exitStatusOf(error);
  const write = (text: string): void => {
    said += text;
  };
  sayError(error, { stderr: { write }, env: process.env });
} finally {
  await receiver.terminate();
  // Whatever still holds this thread open, the main one ends it now.
  say({ kind: 'ended', status, said });
}
