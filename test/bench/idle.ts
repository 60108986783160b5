// npm run bench -- idle [--seconds 60] [--runs 3]: how soon the built daemon is ready on an empty store, and what it costs while nothing happens.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ControlClient } from '../../src/cli/control-client.ts';
import { FtlStandIn } from '../enforce/pihole/ftl-stand-in.ts';
import { MeasuredProcess } from './support/measured-process.ts';
import { machine, median, printTable } from './support/table.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, runs: { type: 'string', default: '3' } },
});
const SECONDS = Number(values.seconds);
const RUNS = Number(values.runs);

/** What is asked of it. */
const TARGETS = { readyMs: 1000, cpuPercent: 1, memoryMiB: 120 } as const;

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const POLL_MS = 5;
/** Its start, the first drive of every target and what V8 compiles for them are not its idling. */
const SETTLE_MS = 15_000;
/** Suricata tells its counters that often, also when nothing happens. */
const STATS_MS = 8000;

interface Surroundings {
  readonly name: string;
  /** YAML at the top level. */
  readonly more: (dir: string) => string;
  readonly hasSuricata: boolean;
}

interface Figures {
  readonly readyMs: number;
  readonly cpuPercent: number;
  readonly memoryMiB: number;
}

async function measure({ more, hasSuricata }: Surroundings): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), 'hng-idle-'));
  const at = (name: string) => JSON.stringify(join(dir, name));
  const config = join(dir, 'guardian.yaml');
  writeFileSync(
    config,
    `data_dir: ${at('data')}
eve: { socket: ${at('eve.sock')} }
suricata: { command_socket: null, rules_file: ${at('rules/virustotal-ioc.rules')}, datasets_dir: ${at('datasets')}, allow_unchecked: true }
lists: { dir: ${at('lists')} }
api: { socket: ${at('api.sock')} }
${more(dir)}`,
  );
  const startedAt = performance.now();
  const daemon = new MeasuredProcess('node', [MAIN, 'run', '--config', config]);
  try {
    await untilReady(join(dir, 'api.sock'), daemon);
    const readyMs = performance.now() - startedAt;
    const stopTelling = hasSuricata ? tellStats(join(dir, 'eve.sock')) : () => undefined;
    await pause(SETTLE_MS);
    const cpu = daemon.cpuSeconds();
    await pause(SECONDS * 1000);
    const cpuPercent = (100 * (daemon.cpuSeconds() - cpu)) / SECONDS;
    stopTelling();
    return { readyMs, cpuPercent, memoryMiB: daemon.memory().now / 2 ** 20 };
  } finally {
    await daemon.end();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function untilReady(socket: string, daemon: MeasuredProcess): Promise<void> {
  const client = new ControlClient(socket, new AbortController().signal);
  for (;;) {
    if (daemon.hasEnded) throw new Error(`It ended: ${daemon.output}`);
    const isReady = await client.ask({ method: 'GET', path: '/readyz' }).then(
      () => true,
      () => false,
    );
    if (isReady) return;
    await pause(POLL_MS);
  }
}

/** What a Suricata on a quiet network says. Returns how to end it. */
function tellStats(socket: string): () => void {
  const connection = createConnection(socket);
  connection.on('error', () => undefined);
  const timer = setInterval(() => {
    const timestamp = new Date().toISOString().replace('Z', '000+0000');
    const stats = { uptime: 1, capture: { kernel_packets: 100, kernel_drops: 0 }, detect: { alert: 0 } };
    connection.write(`${JSON.stringify({ timestamp, event_type: 'stats', stats })}\n`);
  }, STATS_MS);
  return () => {
    clearInterval(timer);
    connection.destroy();
  };
}

const pihole = new FtlStandIn();
pihole.auth.password = null;
await pihole.start();
const cases: readonly Surroundings[] = [
  { name: 'alone', more: () => '', hasSuricata: false },
  {
    name: 'a quiet Suricata, a Pi-hole',
    more: () => `pihole: { url: "${pihole.url}", dns: "127.0.0.1:${pihole.dns.port}" }\n`,
    hasSuricata: true,
  },
];
console.log(`${machine()}; medians of ${RUNS} runs, ${SECONDS} s each, empty store`);
const rows: string[][] = [];
for (const one of cases) {
  const runs: Figures[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await measure(one));
  const of = (key: keyof Figures) => median(runs.map((figures) => figures[key]));
  rows.push([one.name, of('readyMs').toFixed(0), of('cpuPercent').toFixed(2), of('memoryMiB').toFixed(0)]);
}
rows.push(['wanted: below', String(TARGETS.readyMs), String(TARGETS.cpuPercent), String(TARGETS.memoryMiB)]);
await pihole.stop();
printTable(['beside', 'ready ms', '% of a CPU', 'MiB'], rows);
