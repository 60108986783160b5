import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultConfig } from '../../src/config/load-config.ts';
import type { DesiredState } from '../../src/core/indicator.ts';
import { Publisher } from '../../src/enforce/publisher.ts';
import { CommandSocket } from '../../src/enforce/suricata/command-socket.ts';
import { indicatorSids } from '../../src/enforce/suricata/sid-range.ts';
import { SuricataCommands } from '../../src/enforce/suricata/suricata-commands.ts';
import { SuricataTarget } from '../../src/enforce/suricata/suricata-target.ts';
import { SILENT } from '../../src/lib/log.ts';
import { FeedWords } from '../../src/sidecar/feed-words.ts';
import { Judgement } from '../../src/sidecar/judgement.ts';
import { Store } from '../../src/store/store.ts';
import { desired } from '../enforce/suricata/desired.ts';
import { networkNamespace } from '../support/netns.ts';
import { type LiveSuricata, startSuricata } from '../support/suricata.ts';
import { until } from '../support/until.ts';
import { domain, reportOf } from '../triage/network.ts';

/** Verdicts one after the other, each waited for. */
const SINGLE = 200;
const BURST = 1000;
const MANY = 100_000;
/** A rule per name is loaded for this many and extrapolated: for 100,000 it takes most of a minute. */
const RULES_MEASURED = 10_000;
const NEVER = new AbortController().signal;

/** What is to be ended when the benchmark ends, the newest first. */
class Ending {
  readonly #tasks: (() => Promise<void> | void)[] = [];

  after(task: () => Promise<void> | void): void {
    this.#tasks.unshift(task);
  }

  async end(): Promise<void> {
    for (const task of this.#tasks) await task();
  }
}

/** A whole enforcement over a live Suricata: store, judge, publisher, target. */
class Bench {
  readonly store: Store;
  readonly target: SuricataTarget;
  readonly suricata: LiveSuricata;
  readonly publisher: Publisher;
  readonly #judgement: Judgement;
  /** Time from a report's arrival to its proof, by order of proof. */
  tookMs: number[] = [];

  constructor(parts: Pick<Bench, 'store' | 'target' | 'suricata'>) {
    this.store = parts.store;
    this.target = parts.target;
    this.suricata = parts.suricata;
    const words = new FeedWords(parts.store, []);
    this.#judgement = new Judgement({ config: defaultConfig(), store: parts.store, words, now: Date.now });
    this.publisher = new Publisher({
      targets: [parts.target],
      book: {
        desired: (at) => parts.store.indicators.desired(Math.floor(at)),
        takeChanges: () => parts.store.indicators.takeChanges(),
        isWanted: (key, at) => parts.store.indicators.isWanted(key, at),
        record: (drive) =>
          parts.store.publications.record({ ...drive, at: Math.floor(drive.at), asOf: Math.floor(drive.asOf) }),
      },
      onEnforced: (took) => void this.tookMs.push(took),
      log: SILENT,
      now: preciseNow,
    });
  }

  /** A report arrives: kept, judged and handed on as the lookup desk does. */
  arrive(name: string): void {
    const at = preciseNow();
    const { indicatorChanged } = this.store.transactDurably(() => {
      this.store.reports.keep(reportOf(name, 12, Math.floor(at)));
      return this.#judgement.rejudge(domain(name));
    });
    if (indicatorChanged) this.publisher.changed(at);
  }
}

async function bench(ending: Ending, netns: string): Promise<Bench> {
  const dir = folder(ending);
  const rulesFile = join(dir, 'rules', 'virustotal-ioc.rules');
  const { suricata: config } = defaultConfig();
  const store = new Store({ path: join(dir, 'guardian.db'), sidRange: indicatorSids(config.sidRange) });
  ending.after(() => store.close());
  const target = new SuricataTarget({
    ...config,
    commandSocket: join(dir, 's', 'command.sock'),
    rulesFile,
    datasetsDir: join(dir, 'datasets'),
    sids: store.sids,
    pid: process.pid,
    log: SILENT,
    now: Date.now,
  });
  // The rules must be there when Suricata starts.
  await target.drive(new Map(), NEVER);
  const suricata = await startSuricata(ending, { dir: join(dir, 's'), netns, rulesFiles: [rulesFile] });
  const made = new Bench({ store, target, suricata });
  ending.after(async () => {
    await made.publisher.stop();
    await target.stop();
  });
  return made;
}

async function oneByOne(made: Bench, prefix: string, count = SINGLE): Promise<readonly number[]> {
  made.tookMs = [];
  for (let i = 0; i < count; i++) {
    made.arrive(`${prefix}-${i}.top`);
    await until('it is proved', () => made.tookMs.length > i, 60_000);
  }
  return made.tookMs;
}

async function burst(made: Bench): Promise<readonly number[]> {
  made.tookMs = [];
  for (let i = 0; i < BURST; i++) {
    made.arrive(`burst-${i}.top`);
    // As answers come in: others have their turn in between.
    if (i % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  await until('all are proved', () => made.tookMs.length >= BURST, 60_000);
  return made.tookMs;
}

async function reloadMs({ commandSocket }: LiveSuricata): Promise<number> {
  const socket = new CommandSocket(commandSocket);
  const commands = new SuricataCommands(socket);
  const at = performance.now();
  await commands.reloadRules();
  const took = performance.now() - at;
  socket.close();
  return took;
}

/** Resident memory of Suricata without its capture ring. */
function rssMb({ pid }: LiveSuricata): number {
  // The ring into which the kernel writes packets is mapped from a socket and is as large as the capture is configured.
  const maps = readFileSync(`/proc/${pid()}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const own = maps.filter((map) => !/ socket:\[/.test(map.slice(0, map.indexOf('\n'))));
  return own.reduce((sum, map) => sum + Number(/^Rss:\s+(\d+) kB/m.exec(map)?.[1] ?? 0), 0) / 1024;
}

function many(count: number): DesiredState {
  return desired(...Array.from({ length: count }, (_, i) => `host-${i}.malware-${i % 977}.top`));
}

/** Suricata started anew, so that its memory is that of these rules and not of what went before. */
async function restarted(suricata: LiveSuricata): Promise<{ readonly startMs: number; readonly rss: number }> {
  await suricata.stop();
  const at = performance.now();
  await suricata.start();
  return { startMs: performance.now() - at, rss: rssMb(suricata) };
}

async function timed<T>(work: () => Promise<T>): Promise<number> {
  const at = performance.now();
  await work();
  return performance.now() - at;
}

async function rulePerName(ending: Ending, netns: string) {
  const dir = folder(ending);
  const rulesFile = join(dir, 'one-each.rules');
  const rules = Array.from(
    { length: RULES_MEASURED },
    (_, i) =>
      `alert dns any any -> any any (msg:"x"; dns.query; content:"host-${i}.malware-${i % 977}.top"; nocase; endswith; sid:${1_900_000 + i}; rev:1;)\n`,
  );
  writeFileSync(rulesFile, '');
  const suricata = await startSuricata(ending, { dir: join(dir, 's'), netns, rulesFiles: [rulesFile] });
  const idle = rssMb(suricata);
  writeFileSync(rulesFile, rules.join(''));
  const took = await reloadMs(suricata);
  const { rss } = await restarted(suricata);
  await suricata.stop();
  const factor = MANY / RULES_MEASURED;
  return { took, rss, reload: took * factor, rssAll: idle + (rss - idle) * factor };
}

function folder(ending: Ending): string {
  const dir = mkdtempSync(join(tmpdir(), 'hng-'));
  ending.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Epoch milliseconds with their fraction: 50 ms are not measured in whole ones. */
function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const rows: string[] = [];
function row(what: string, value: number, unit: string, target?: number): void {
  const shown = value.toFixed(value < 10 ? 1 : 0);
  const verdict = target === undefined ? '' : `want <= ${target} ${unit}: ${value <= target ? 'reached' : 'MISSED'}`;
  rows.push(`${what.padEnd(66)} ${shown.padStart(8)} ${unit.padEnd(3)} ${verdict}`.trimEnd());
  process.stdout.write(`${rows.at(-1)}\n`);
}

async function main(): Promise<void> {
  const ending = new Ending();
  try {
    const netns = await networkNamespace(ending);
    const made = await bench(ending, netns);
    row('Suricata RSS without its capture ring with nothing published', rssMb(made.suricata), 'MB');
    made.publisher.start();
    const single = await oneByOne(made, 'single');
    row('report to proof at Suricata, one by one, p50', percentile(single, 0.5), 'ms', 50);
    row('report to proof at Suricata, one by one, p99', percentile(single, 0.99), 'ms', 500);
    const all = await burst(made);
    row(`burst of ${BURST} verdicts, all proved`, Math.max(...all), 'ms', 10_000);
    await manyIndicators(made, netns, ending);
  } finally {
    await ending.end();
  }
}

async function manyIndicators(made: Bench, netns: string, ending: Ending): Promise<void> {
  await made.publisher.stop();
  const state = many(MANY);
  row(
    `${MANY} indicators: first drive (files, suricata -T, reload, proof)`,
    await timed(() => made.target.drive(state, NEVER)),
    'ms',
  );
  row(
    `${MANY} indicators: file write and reconcile, one name more`,
    await timed(() => made.target.drive(new Map([...state, ...desired('one-more.top')]), NEVER)),
    'ms',
    2000,
  );
  row(`${MANY} indicators: reconcile, nothing changed`, await timed(() => made.target.drive(state, NEVER)), 'ms', 2000);
  row(`${MANY} indicators: reload by datasets`, await reloadMs(made.suricata), 'ms', 1000);
  row(
    `${MANY} indicators: Suricata RSS without its capture ring by datasets, after a start`,
    (await restarted(made.suricata)).rss,
    'MB',
    110,
  );
  made.store.transact(() => {
    for (const indicator of state.values()) made.store.indicators.want({ ...indicator, expiresAt: Date.now() + 1e9 });
  });
  made.publisher.start();
  await made.publisher.publish();
  const single = await oneByOne(made, 'among-many');
  row(`${MANY} indicators: report to proof, one by one, p50`, percentile(single, 0.5), 'ms', 50);
  row(`${MANY} indicators: report to proof, one by one, p99`, percentile(single, 0.99), 'ms', 500);
  await made.publisher.stop();
  const each = await rulePerName(ending, netns);
  row(`a rule per name: reload of ${RULES_MEASURED} (measured)`, each.took, 'ms');
  row(`a rule per name: RSS with ${RULES_MEASURED} (measured)`, each.rss, 'MB');
  row(`a rule per name: reload of ${MANY} (extrapolated, in proportion)`, each.reload, 'ms');
  row(`a rule per name: RSS with ${MANY} (extrapolated, in proportion)`, each.rssAll, 'MB');
}

await main();
