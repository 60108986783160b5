// npm run bench -- intake [--runs 3] [--events 1000000] [--only dgram]: the intake of the whole daemon against bare readers
// and FEVER, and live behind Suricata. `--only` takes a part of the receivers' names, or "live".
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { databaseOf, INDICATORS, questionCounter, startBuiltDaemon, untilExists } from './support/built-daemon.ts';
import { type DnsEvents, writeDnsEvents } from './support/dns-events.ts';
import { liveSuricata } from './support/live-suricata.ts';
import { MeasuredProcess } from './support/measured-process.ts';
import { machine, median, printTable } from './support/table.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    events: { type: 'string', default: '1000000' },
    only: { type: 'string', default: '' },
  },
});
const RUNS = Number(values.runs);
const EVENTS = Number(values.events);
const SUPPORT = fileURLToPath(new URL('./support/', import.meta.url));

type Transport = 'stream' | 'dgram';

interface Result {
  readonly cpuUs: number;
  readonly eventsPerSecond: number;
  readonly peakMiB: number;
  readonly note?: string;
}

interface Contender {
  readonly name: string;
  readonly runs: number;
  readonly run: (dir: string) => Promise<Result>;
}

/**
 * Sends the file and measures: the CPU from before the first byte until `isDone`, and the rate at which the receiver let the sender go
 * on. Ours hands the counts of known names over every ten seconds only, so the time until `isDone` would say nothing.
 */
async function measure(process: MeasuredProcess, send: () => Promise<void>, isDone: () => boolean): Promise<Result> {
  const cpu = process.cpuSeconds();
  const start = Date.now();
  await send();
  const seconds = (Date.now() - start) / 1000;
  const deadline = start + 180_000;
  while (!isDone()) {
    if (process.hasEnded || Date.now() > deadline) throw new Error(`Not all arrived: ${process.output}`);
    await pause(50);
  }
  const cpuUs = ((process.cpuSeconds() - cpu) / EVENTS) * 1e6;
  return { cpuUs, eventsPerSecond: EVENTS / seconds, peakMiB: process.memory().peak / 2 ** 20 };
}

// One send() an event, for everybody: it is what Suricata does, and what makes a reader wake up.
function sender(transport: Transport, socket: string, file: string): () => Promise<void> {
  return async () => {
    const child = spawn('perl', [join(SUPPORT, 'send-events.pl'), transport, socket, file], { stdio: 'inherit' });
    const status = await new Promise((resolve) => child.once('exit', resolve));
    if (status !== 0) throw new Error(`The sender ended with ${status}`);
  };
}

async function bare(transport: Transport, file: string, dir: string): Promise<Result> {
  const socket = join(dir, 'bare.sock');
  const receiver = new MeasuredProcess('node', [join(SUPPORT, `bare-${transport}.mjs`), socket, String(EVENTS)]);
  try {
    await untilExists(socket, receiver);
    await receiver.idle();
    return await measure(receiver, sender(transport, socket, file), () => receiver.output.includes(`lines ${EVENTS}`));
  } finally {
    await receiver.end();
  }
}

/** The whole daemon, with indicators loaded. Done when SQLite holds every question. */
async function ours(transport: Transport, file: string, dir: string, sent: DnsEvents): Promise<Result> {
  const daemon = await startBuiltDaemon(dir, transport);
  try {
    const questions = questionCounter(dir);
    return await measure(daemon, sender(transport, join(dir, 'eve.sock'), file), () => questions() >= sent.questions);
  } finally {
    await daemon.end();
  }
}

/** DCSO's FEVER with a Bloom filter of as many names, told not to drop. It says nothing when it is done: idle is done. */
async function fever(file: string, dir: string): Promise<Result> {
  const filter = join(dir, 'names.bloom');
  const names = Array.from({ length: INDICATORS }, (_, i) => `bad-${i}.indicator-${i % 977}.top`).join('\n');
  execFileSync('bloom', ['create', '-p', '0.001', '-n', String(INDICATORS), filter]);
  execFileSync('bloom', ['insert', filter], { input: `${names}\n` });
  const socket = join(dir, 'fever.sock');
  const args = [
    'run',
    '--in-socket',
    socket,
    '--out-socket',
    '',
    '--bloom-file',
    filter,
    '--in-buffer-drop=false',
    '--dummy',
    '--mgmt-socket',
    join(dir, 'mgmt.sock'),
  ];
  const process = new MeasuredProcess('fever', args);
  try {
    await untilExists(socket, process);
    await process.idle();
    const cpu = process.cpuSeconds();
    const start = Date.now();
    await sender('stream', socket, file)();
    await process.idle();
    const seconds = (Date.now() - start) / 1000 - 1;
    return {
      cpuUs: ((process.cpuSeconds() - cpu) / EVENTS) * 1e6,
      eventsPerSecond: EVENTS / seconds,
      peakMiB: process.memory().peak / 2 ** 20,
    };
  } finally {
    await process.end();
  }
}

/** As many different names as events: memory must stay bounded whatever a client invents. */
async function distinct(file: string, dir: string): Promise<Result> {
  const daemon = await startBuiltDaemon(dir, 'stream');
  try {
    const db = new Database(databaseOf(dir), { readonly: true });
    const names = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM observables');
    const cpu = daemon.cpuSeconds();
    const start = Date.now();
    await sender('stream', join(dir, 'eve.sock'), file)();
    const seconds = (Date.now() - start) / 1000;
    await daemon.idle();
    const kept = (names.get()?.n ?? 0) - INDICATORS;
    const cpuUs = ((daemon.cpuSeconds() - cpu) / EVENTS) * 1e6;
    return {
      cpuUs,
      eventsPerSecond: EVENTS / seconds,
      peakMiB: daemon.memory().peak / 2 ** 20,
      note: `${kept} names kept, the rest counted and folded`,
    };
  } finally {
    await daemon.end();
  }
}

async function showLive(dir: string): Promise<void> {
  if (!isInstalled('suricata') || !isInstalled('ip') || process.getuid?.() !== 0) {
    console.log('live: skipped, since it needs Suricata, iproute2 and root.');
    return;
  }
  mkdirSync(dir);
  const { sent, transactions, captureDrops, received, cpuUs } = await liveSuricata(dir);
  console.log(
    `live, Suricata at 10,000 queries/s over unix_stream: ${sent} sent, ${transactions} transactions by Suricata's count ` +
      `(${captureDrops} packets dropped in its capture), ${received} received, ${transactions - received} lost, ${cpuUs.toFixed(1)} us CPU/event`,
  );
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function middle(results: readonly Result[]): Result {
  const note = results.at(-1)?.note;
  return {
    cpuUs: median(results.map((one) => one.cpuUs)),
    eventsPerSecond: median(results.map((one) => one.eventsPerSecond)),
    peakMiB: median(results.map((one) => one.peakMiB)),
    ...(note === undefined ? {} : { note }),
  };
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'guardian-bench-'));
  try {
    const file = join(dir, 'repeating.ndjson');
    const fresh = join(dir, 'distinct.ndjson');
    const sent = await writeDnsEvents({ path: file, events: EVENTS, distinct: 20_000, clients: 60, perSecond: 16 });
    await writeDnsEvents({ path: fresh, events: EVENTS, distinct: EVENTS, clients: 60, perSecond: 40_000 });
    console.log(
      `${EVENTS} DNS events of ${Math.round(sent.bytes / EVENTS)} bytes in the mean, 20000 different lines; medians of ${RUNS} runs`,
    );
    console.log(machine());
    console.log('');
    const hasFever = isInstalled('fever') && isInstalled('bloom');
    const contenders: readonly Contender[] = [
      { name: 'bare Node stream reader', runs: RUNS, run: (at) => bare('stream', file, at) },
      { name: 'guardian, stream', runs: RUNS, run: (at) => ours('stream', file, at, sent) },
      { name: 'bare unix-dgram reader', runs: RUNS, run: (at) => bare('dgram', file, at) },
      { name: 'guardian, dgram', runs: RUNS, run: (at) => ours('dgram', file, at, sent) },
      ...(hasFever ? [{ name: 'FEVER, 50000 names', runs: 1, run: (at: string) => fever(file, at) }] : []),
      { name: `guardian, ${EVENTS} different names`, runs: 1, run: (at) => distinct(fresh, at) },
    ];
    const results = new Map<string, Result[]>();
    // In turn, so that a machine that drifts drifts for all.
    for (let run = 0; run < RUNS; run++) {
      for (const contender of contenders.filter((one) => run < one.runs && one.name.includes(values.only))) {
        const at = join(dir, `run-${run}-${contenders.indexOf(contender)}`);
        mkdirSync(at);
        results.set(contender.name, [...(results.get(contender.name) ?? []), await contender.run(at)]);
        rmSync(at, { recursive: true, force: true });
      }
    }
    show(
      contenders.filter(({ name }) => results.has(name)),
      results,
      hasFever,
    );
    if ('live'.includes(values.only)) await showLive(join(dir, 'live'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function show(
  contenders: readonly Contender[],
  results: ReadonlyMap<string, readonly Result[]>,
  hasFever: boolean,
): void {
  const of = (name: string) => middle(results.get(name) ?? []);
  const ratio = (result: Result, name: string) =>
    results.has(name) ? `${(result.cpuUs / of(name).cpuUs).toFixed(2)} x` : '-';
  const rows = contenders.map(({ name }) => {
    const result = of(name);
    const floor = name.includes('dgram') ? 'bare unix-dgram reader' : 'bare Node stream reader';
    return [
      name,
      Math.round(result.eventsPerSecond).toLocaleString('en'),
      result.cpuUs.toFixed(2),
      ratio(result, floor),
      ratio(result, 'FEVER, 50000 names'),
      result.peakMiB.toFixed(0),
    ];
  });
  printTable(['receiver', 'events/s', 'CPU us/event', 'of its floor', 'of FEVER', 'peak MiB'], rows);
  for (const { name } of contenders) {
    const { note } = of(name);
    if (note !== undefined) console.log(`${name}: ${note}`);
  }
  if (!hasFever)
    console.log('FEVER is not installed (packages fever and golang-github-dcso-bloom-cli), so it is not in the table.');
}

await main();
