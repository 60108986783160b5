import { parentPort } from 'node:worker_threads';
import { receiveOn } from './receiving-side.ts';

// Entry of the worker thread that receives a stream.
if (parentPort !== null) receiveOn(parentPort);
