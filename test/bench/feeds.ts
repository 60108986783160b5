// npm run bench -- feeds: a feed of a million lines is swapped in while events keep coming.

import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { ControlClient } from '../../src/cli/control-client.ts';
import { dnsQuestionLine } from '../support/eve-line.ts';
import { MeasuredProcess } from './support/measured-process.ts';
import { machine, printTable } from './support/table.ts';

const LINES = 1_000_000;
const EVENTS_PER_SECOND = 5_000;
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

async function writeFeed(path: string): Promise<void> {
  const file = createWriteStream(path);
  for (let i = 0; i < LINES; i += 1000) {
    const chunk = Array.from(
      { length: 1000 },
      (_, j) => `listed-${(i + j).toString(36)}.feed-${(i + j) % 9973}.top\n`,
    ).join('');
    if (!file.write(chunk)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** Sends at an even rate until told to stop; returns how many were sent. */
async function sendEvents(socket: string, isOver: () => boolean): Promise<number> {
  const lines = Array.from({ length: 500 }, (_, i) =>
    dnsQuestionLine(`www.site-${i}.com`, `192.168.1.${2 + (i % 40)}`),
  );
  const connection = createConnection(socket);
  await once(connection, 'connect');
  const started = Date.now();
  let sent = 0;
  while (!isOver()) {
    const due = Math.floor(((Date.now() - started) / 1000) * EVENTS_PER_SECOND) - sent;
    for (let i = 0; i < due; i++) connection.write(lines[(sent + i) % lines.length] ?? '');
    sent += Math.max(0, due);
    await pause(2);
  }
  connection.end();
  await once(connection, 'close');
  return sent;
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'guardian-bench-'));
  const at = (name: string) => JSON.stringify(join(dir, name));
  await writeFeed(join(dir, 'feed.txt'));
  writeFileSync(
    join(dir, 'guardian.yaml'),
    `data_dir: ${at('data')}
eve: { socket: ${at('eve.sock')} }
suricata: { command_socket: null, rules_file: ${at('rules/x.rules')}, datasets_dir: ${at('datasets')}, allow_unchecked: true }
lists: { dir: ${at('lists')} }
api: { socket: ${at('api.sock')} }
feeds: [{ name: million, path: ${at('feed.txt')} }]
`,
  );
  const daemon = new MeasuredProcess('node', [MAIN, 'run', '--config', join(dir, 'guardian.yaml')]);
  try {
    const started = Date.now();
    while (!existsSync(join(dir, 'eve.sock'))) {
      if (daemon.hasEnded) throw new Error(daemon.output);
      await pause(10);
    }
    const client = new ControlClient(join(dir, 'api.sock'), new AbortController().signal);
    const status = () => client.ask<StatusDocument>({ method: 'GET', path: '/v1/status' });
    let isOver = false;
    const sending = sendEvents(join(dir, 'eve.sock'), () => isOver);
    while ((await status()).feeds[0]?.state !== 'current' && Date.now() - started < 180_000) await pause(200);
    const seconds = (Date.now() - started) / 1000;
    isOver = true;
    const sent = await sending;
    let received = 0;
    for (let i = 0; i < 100 && received < sent; i++) {
      received = (await status()).eve.events.dns ?? 0;
      await pause(200);
    }
    console.log(machine());
    printTable(
      ['a feed of 1,000,000 lines', 'measured', 'want'],
      [
        ['read, parsed and swapped in', `${seconds.toFixed(1)} s`, '20 s at most'],
        ['events sent meanwhile', String(sent), `${EVENTS_PER_SECOND}/s`],
        ['events lost', String(sent - received), '0'],
        ['peak memory of the daemon', `${(daemon.memory().peak / 2 ** 20).toFixed(0)} MiB`, ''],
      ],
    );
  } finally {
    await daemon.end();
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
