import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../native-config/bootstrap/build.mjs';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import type { VerdictDocument } from '../../src/api/verdict-document.ts';
import { ControlClient } from '../../src/cli/control-client.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { countIn, type FleetServer, startFleetServer, WRITER } from '../central/fleet-fixture.ts';
import { alertLine, sendToSocket } from '../support/eve-line.ts';
import { until } from '../support/until.ts';
import { untilExists } from './support/built-daemon.ts';
import { MeasuredProcess } from './support/measured-process.ts';
import { machine, median, printTable } from './support/table.ts';

/**
 * Ten sensors, each a real daemon, on one real MariaDB and one key of a strict VirusTotal stand-in. First every sensor meets the same
 * names and some of its own, less than the allowance; then more than is left of it. `--sensors N` for another number.
 */
const argument = process.argv.indexOf('--sensors');
const SENSORS = argument === -1 ? 10 : Number(process.argv[argument + 1]);
const COMMON = 60;
const OWN = 10;
const MORE = 20;
const PER_MINUTE = 240;
/** What all names of the first part need, and 40 more: less than the second part wants. */
const ALLOWED = COMMON + OWN * SENSORS + 40;
const KEY = 'key-of-the-fleet';
const DEADLINE_MS = 15 * 60_000;
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

interface Sensor {
  readonly name: string;
  readonly process: MeasuredProcess;
  readonly eveSocket: string;
  readonly status: () => Promise<StatusDocument>;
  readonly judged: () => Promise<ReadonlySet<string>>;
}

const cleanups: (() => Promise<void> | void)[] = [];
const t = { after: (fn: () => Promise<void> | void) => void cleanups.unshift(fn) };
try {
  await build();
  await main();
} finally {
  for (const cleanup of cleanups) await cleanup();
}

async function main(): Promise<void> {
  const server = await startFleetServer(t);
  const standIn = new VirusTotalStandIn({
    keys: [KEY],
    reports: ({ value }) => ({ malicious: value.startsWith('bad') ? 12 : 0 }),
    allowance: { minute: PER_MINUTE, day: ALLOWED, month: ALLOWED * 31 },
  });
  const { baseUrl } = await standIn.start();
  t.after(() => standIn.stop());
  const dir = mkdtempSync(join(tmpdir(), 'hng-bench-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const fleet: Sensor[] = [];
  for (let at = 0; at < SENSORS; at++) fleet.push(await startSensor(dir, `sensor-${at}`, server.port, baseUrl));
  await all('every sensor knows the others', fleet, async (one) => {
    const { fleet: facts } = await one.status();
    return facts?.state === 'in_reach' && facts.sensors === SENSORS;
  });

  const first = await meet(fleet, (one) => [...namesOf('bad-common', COMMON), ...namesOf(`own-${one}`, OWN)]);
  const asked = askedAbout(standIn);
  const second = await meetTooMuch(fleet, server);
  const everAsked = askedAbout(standIn);
  const facts = await Promise.all(fleet.map(async (one) => ({ one, fleet: (await one.status()).fleet })));
  const shares = facts.map(({ fleet: told }) => told?.asked_here ?? 0);
  const memory = fleet.map(({ process: one }) => one.memory().now / 1e6);
  console.log(`\n${machine()}, ${SENSORS} daemons, one MariaDB, one key: ${PER_MINUTE} a minute, ${ALLOWED} a day\n`);
  printTable(
    ['', 'names wanted', 'asked', 'asked twice', 'seconds'],
    [
      ['within the allowance', `${SENSORS} x ${COMMON + OWN}`, String(asked.length), twice(asked), first.toFixed(0)],
      [
        'more than is left',
        `${SENSORS} x ${MORE}`,
        String(everAsked.length - asked.length),
        twice(everAsked),
        second.toFixed(0),
      ],
    ],
  );
  console.log(
    `\n${everAsked.length} of ${ALLOWED} allowed; a sensor asked ${Math.min(...shares)} to ${Math.max(...shares)} (median ${median(shares)})` +
      `; ${facts.reduce((sum, one) => sum + (one.fleet?.lookups_saved ?? 0), 0)} lookups saved` +
      `; ${facts.reduce((sum, one) => sum + (one.fleet?.asked_alone ?? 0), 0)} asked without the centre` +
      `; ${overrunsOf(fleet)} refused by VirusTotal; ${median(memory).toFixed(0)} MB a daemon`,
  );
  if (new Set(everAsked).size !== everAsked.length || everAsked.length > ALLOWED) process.exitCode = 1;
}

async function startSensor(dir: string, name: string, port: number, virustotalUrl: string): Promise<Sensor> {
  const own = join(dir, name);
  mkdirSync(own);
  const at = (file: string) => JSON.stringify(join(own, file));
  writeFileSync(join(own, 'password'), WRITER.password, { mode: 0o600 });
  writeFileSync(
    join(own, 'guardian.yaml'),
    `sensor: ${name}
data_dir: ${at('data')}
eve: { socket: ${at('eve.sock')}, type: stream, flush_every: 1s }
virustotal: { base_url: ${virustotalUrl}, max_per_minute: ${PER_MINUTE}, max_per_day: ${ALLOWED}, reserve: { alerts: 0, manual: 0, recheck: 0 } }
suricata: { command_socket: null, rules_file: ${at('rules/virustotal-ioc.rules')}, datasets_dir: ${at('datasets')}, allow_unchecked: true }
lists: { dir: ${at('lists')} }
api: { socket: ${at('api.sock')} }
central: { hosts: ["127.0.0.1:${port}"], user: ${WRITER.user}, password_file: ${at('password')} }
`,
  );
  const running = new MeasuredProcess('node', [MAIN, 'run', '--config', join(own, 'guardian.yaml')], {
    VIRUSTOTAL_API_KEY: KEY,
  });
  t.after(() => running.end());
  await untilExists(join(own, 'eve.sock'), running);
  const client = new ControlClient(join(own, 'api.sock'), new AbortController().signal);
  return {
    name,
    process: running,
    eveSocket: join(own, 'eve.sock'),
    status: () => client.ask<StatusDocument>({ method: 'GET', path: '/v1/status' }),
    judged: async () => {
      const path = '/v1/verdicts?limit=1000';
      const { verdicts } = await client.ask<{ verdicts: readonly VerdictDocument[] }>({ method: 'GET', path });
      return new Set(verdicts.map(({ observable }) => observable));
    },
  };
}

/** Every sensor meets its names at the same time. Returns how long it took until all are judged everywhere, in seconds. */
async function meet(fleet: readonly Sensor[], names: (sensor: string) => readonly string[]): Promise<number> {
  const startedAt = performance.now();
  await send(fleet, names);
  await all('every sensor has judged all it met', fleet, async (one) => {
    const judged = await one.judged();
    return names(one.name).every((name) => judged.has(name));
  });
  return (performance.now() - startedAt) / 1000;
}

/** Returns how long it took until nothing is left to spend. */
async function meetTooMuch(fleet: readonly Sensor[], server: FleetServer): Promise<number> {
  const startedAt = performance.now();
  await send(fleet, (one) => namesOf(`more-${one}`, MORE));
  const drawn = `SELECT COALESCE(MAX(drawn), 0) FROM virus_total.quota_drawn WHERE quota_window = 'day' AND sensor = ''`;
  const underWay = 'SELECT COUNT(*) FROM virus_total.quota_leases WHERE leased_until > UTC_TIMESTAMP(3)';
  await until(
    'the allowance is spent, and nothing is under way',
    async () => (await countIn(server, drawn)) >= ALLOWED && (await countIn(server, underWay)) === 0,
    DEADLINE_MS,
  );
  return (performance.now() - startedAt) / 1000;
}

async function send(fleet: readonly Sensor[], names: (sensor: string) => readonly string[]): Promise<void> {
  const lines = (one: Sensor) => names(one.name).map((name) => alertLine(name));
  await Promise.all(fleet.map((one) => sendToSocket(one.eveSocket, lines(one).join(''))));
}

async function all(what: string, fleet: readonly Sensor[], test: (one: Sensor) => Promise<boolean>): Promise<void> {
  await until(what, async () => (await Promise.all(fleet.map(test))).every(Boolean), DEADLINE_MS);
}

function namesOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}-${at}.top`);
}

function askedAbout({ requests }: VirusTotalStandIn): readonly string[] {
  return requests.flatMap(({ path }) => /\/domains\/(.+)$/.exec(path)?.[1] ?? []);
}

function twice(asked: readonly string[]): string {
  return String(asked.length - new Set(asked).size);
}

function overrunsOf(fleet: readonly Sensor[]): number {
  return fleet.reduce((sum, { process: one }) => sum + one.output.split('allowance spent').length - 1, 0);
}
