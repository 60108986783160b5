// The floor for a datagram reader in Node: receive with unix-dgram and count.
import { createRequire } from 'node:module';

const { createSocket } = createRequire(import.meta.url)('unix-dgram');
const [path, expected] = process.argv.slice(2);
let datagrams = 0;
const socket = createSocket('unix_dgram', () => {
  datagrams++;
  if (datagrams === Number(expected)) console.log(`lines ${datagrams}`);
});
socket.on('error', () => {});
socket.bind(path);
console.log('ready');
