import { isReceiveStumble } from './dgram-receiver.ts';
import type { FromReceiver, ToReceiver } from './intake-message.ts';
import { ReceivingSide } from './receiving-side.ts';

// Entry of the process that receives datagrams: the unix-dgram package works on a process's main thread only.
const side = new ReceivingSide({
  send: (message: FromReceiver) => {
    if (process.connected) process.send?.(message);
  },
  listen: (listener) => process.on('message', (message) => listener(message as ToReceiver)),
});

// The main process says when to stop; a signal to the whole group must not end the intake before it has drained.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// Without the main process there is nobody to receive for.
process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => {
  if (isReceiveStumble(error)) {
    side.countReceiveError();
    return;
  }
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(1);
});
side.start();
