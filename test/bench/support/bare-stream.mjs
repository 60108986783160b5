// The floor for a stream reader in Node: receive chunks and count newlines. Ends its line with the count when the sender closes.
import { createServer } from 'node:net';

const [path] = process.argv.slice(2);
let lines = 0;
const server = createServer((connection) => {
  connection.on('data', (chunk) => {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
  });
  connection.on('close', () => console.log(`lines ${lines}`));
});
server.listen(path, () => console.log('ready'));
