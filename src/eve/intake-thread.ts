import { parentPort } from 'node:worker_threads';
import type { FromReceiver, ToReceiver } from './intake-message.ts';
import { ReceivingSide } from './receiving-side.ts';

// Entry of the worker thread that receives a stream.
const port = parentPort;
if (port !== null) {
  new ReceivingSide({
    send: (message: FromReceiver) => {
      const rows = message.kind === 'batch' ? [message.batch.sightings.rows.buffer as ArrayBuffer] : [];
      port.postMessage(message, rows);
    },
    listen: (listener) => port.on('message', (message: ToReceiver) => listener(message)),
  }).start();
}
