import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import type { ControlDependencies } from '../../src/api/control-dependencies.ts';
import { ControlServer, type ControlServerOptions } from '../../src/api/control-server.ts';
import type { PublishOutcome } from '../../src/api/publish-outcome.ts';
import type { StatusFacts } from '../../src/api/status-facts.ts';
import { UnavailableError } from '../../src/core/errors.ts';
import type { Surroundings } from '../../src/core/guards.ts';
import { whyNeverAsk, whyNeverBlock } from '../../src/core/guards.ts';
import { judge } from '../../src/core/judge.ts';
import { keyOf, type Observable, parseObservable } from '../../src/core/observable.ts';
import { covers, parsePattern } from '../../src/core/pattern.ts';
import { virusTotalPage } from '../../src/core/permalink.ts';
import { DEFAULT_POLICY } from '../../src/core/policy.ts';
import { NO_STATS, type Report } from '../../src/core/report.ts';
import { sharedHosting } from '../../src/core/shared-hosting.ts';
import { VIAS } from '../../src/core/sighting.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { SILENT } from '../../src/lib/log.ts';
import { reportOf } from '../../src/sidecar/report-of.ts';
import { Store } from '../../src/store/store.ts';
import { tempDir } from '../support/temp-dir.ts';

/** The clock of every test here. */
export const NOW = Date.parse('2026-03-14T12:00:00Z');
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

const NO_SURROUNDINGS: Surroundings = { names: new Set(), addresses: new Set(), hosts: new Set() };

interface TestContext {
  after(fn: () => void | Promise<void>): void;
}

/** A running control server over a real store, and the means to fill it. */
export interface ControlFixture {
  readonly dir: string;
  readonly socket: string;
  readonly store: Store;
  readonly server: ControlServer;
  readonly dependencies: ControlDependencies;
}

/** The observable of a text that is one. */
export function observable(text: string): Observable {
  const parsed = parseObservable(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.reason}`);
  return parsed.value;
}

/** Starts a control server over an empty store. */
export async function startControl(
  t: TestContext,
  changes: Partial<ControlDependencies> = {},
  http?: ControlServerOptions['http'],
): Promise<ControlFixture> {
  const dir = tempDir(t);
  const socket = join(dir, 'run', 'api.sock');
  const store = new Store({ path: join(dir, 'guardian.db'), sidRange: { first: 1_900_000, last: 1_999_999 } });
  const dependencies: ControlDependencies = { ...dependenciesOver(store), ...changes };
  const server = new ControlServer(http === undefined ? { socket } : { socket, http }, dependencies);
  t.after(async () => {
    await server.stop();
    store.close();
  });
  await server.start();
  return { dir, socket, store, server, dependencies };
}

/** Keeps a report with these engines, and the verdict that follows from it. */
export function keepReport(store: Store, text: string, flagged: Report['flagged'], engines = 92): Verdict {
  const seen = observable(text);
  const malicious = flagged.filter(({ category }) => category === 'malicious').length;
  const suspicious = flagged.length - malicious;
  store.reports.keep({
    observable: seen,
    source: 'virustotal',
    outcome: 'found',
    askedAt: NOW - HOUR,
    lastAnalysisAt: NOW - DAY,
    stats: { ...NO_STATS, malicious, suspicious, harmless: 60, undetected: engines - 60 - flagged.length },
    flagged,
    reputation: 0,
    votes: { harmless: 0, malicious: 0 },
    categories: [],
    remarks: [],
    permalink: virusTotalPage(seen),
  });
  return keepVerdict(store, seen);
}

/** `count` engines that call it malware. */
export function accusers(count: number): Report['flagged'] {
  return Array.from({ length: count }, (_, at) => ({
    engine: `Engine ${at + 1}`,
    category: 'malicious',
    result: 'malware',
  }));
}

/** Judges an observable by what is stored, and keeps the verdict. */
export function keepVerdict(store: Store, seen: Observable, held = false): Verdict {
  const shared = sharedHosting(seen);
  const override = store.overrides.current(NOW).find(({ pattern }) => covers(pattern, seen));
  const guard = whyNeverBlock(seen, NO_SURROUNDINGS);
  const judgement = judge(
    {
      reports: store.reports.latest(seen),
      ...(shared === undefined ? {} : { sharedHosting: shared }),
      ...(override === undefined ? {} : { override }),
      ...(guard === undefined ? {} : { guard }),
    },
    DEFAULT_POLICY,
  );
  const verdict: Verdict = { ...judgement, observable: seen, held, since: NOW - HOUR, judgedAt: NOW - HOUR };
  store.verdicts.keep(verdict);
  return verdict;
}

/** Records that a client used an observable by DNS, `count` times, at `at`. */
export function keepSighting(store: Store, text: string, client: string, count: number, at = NOW - 2 * HOUR): void {
  const rows = new Float64Array([0, 0, VIAS.indexOf('dns'), count, 0, at, at + 60_000]);
  store.transact(() => store.sightings.record({ observables: [keyOf(observable(text))], clients: [client], rows }));
}

/** Keeps that a verdict is wanted and in place at a target, proved. */
export function publishProved(store: Store, { observable: seen, ratio, strong }: Verdict, target = 'suricata'): void {
  store.indicators.want({
    observable: seen,
    subdomains: false,
    source: 'virustotal',
    ratio: ratio ?? '',
    strong,
    engines: 12,
    permalink: virusTotalPage(seen),
    since: NOW - HOUR,
    expiresAt: NOW + 7 * DAY,
  });
  store.publications.record({
    target,
    proved: true,
    failed: new Map(),
    unsupported: new Set(),
    at: NOW - HOUR,
    asOf: NOW - HOUR,
  });
}

/** The facts of a daemon that has just begun. */
export function statusFacts(store: Store): StatusFacts {
  return {
    sensor: 'gateway',
    version: '0.1.0',
    startedAt: NOW - 2 * HOUR,
    eve: {
      socket: '/run/guardian/eve.sock',
      type: 'stream',
      connections: 1,
      events: new Map([
        ['dns', 120],
        ['tls', 30],
      ]),
      dropped: new Map([['bad_json', 1]]),
      lossEstimate: 0.001,
      lastEventAt: NOW - 3000,
    },
    quota: [
      {
        source: 'virustotal',
        window: 'day',
        allowed: 500,
        used: 12,
        spent: new Map([['new', 12]]),
        reserved: new Map([['manual', 50]]),
        nextLookupAt: NOW + 60_000,
      },
    ],
    sources: [{ source: 'virustotal', state: 'asking' }],
    feeds: [{ name: 'urlhaus', role: 'evidence', state: 'current', entries: 1, fetchedAt: NOW - 60_000 }],
    queue: { length: store.queue.size().length },
    verdicts: store.verdicts.countByState(),
    held: store.verdicts.held().length,
    heldBlocks: [],
    targets: [{ name: 'suricata', published: 1, proved: 1, failed: 0, lastProofAt: NOW - 60_000 }],
    alertsLastDay: store.alerts.countSince(NOW - DAY),
    disclosures: store.lookups.disclosedCount(),
    warnings: [
      { code: 'no_key', text: 'No VirusTotal key: only feeds are used.', hint: 'Set virustotal.api_key_file.' },
    ],
    memoryBytes: 88 * 1024 * 1024,
  };
}

function dependenciesOver(store: Store): ControlDependencies {
  const nothing: PublishOutcome = { targets: [] };
  return {
    stores: store,
    lookUp: async (seen) => {
      const known = store.verdicts.find(seen);
      if (known !== undefined) return known;
      throw new UnavailableError(`Cannot look up ${keyOf(seen)}: no answer within 15000 ms`);
    },
    publish: async () => nothing,
    runCanary: async () => ({ at: NOW, name: 'canary-0.guardian.test', targets: [] }),
    setOverride: async (override) => {
      store.overrides.keep(override);
      return { affected: [], targets: [], conflicts: [] };
    },
    forget: async ({ text }) => ({ forgotten: store.overrides.remove(text), affected: [], targets: [], conflicts: [] }),
    configuredOverrides: () => {
      const pattern = parsePattern('*.allowed.example.com');
      if (!pattern.ok) throw new Error(pattern.reason);
      return [{ action: 'allow', pattern: pattern.value, reason: '', origin: 'config', createdAt: NOW - DAY }];
    },
    neverAsk: (seen) => whyNeverAsk(seen, NO_SURROUNDINGS),
    neverBlock: (seen) => whyNeverBlock(seen, NO_SURROUNDINGS),
    fleetSensor: () => undefined,
    whyHolds: () => undefined,
    elsewhere: async () => undefined,
    feedReports: () => [],
    servedBy: () => undefined,
    worthOf: () => ({ total: 10.5, parts: { kind_domain: 10, lexical: 0.5 } }),
    sidOf: () => undefined,
    disclosuresOf: (sent) => store.lookups.disclosures(1000, 0).filter((row) => row.sent === sent),
    status: () => statusFacts(store),
    report: (since) => reportOf({ store, status: statusFacts(store), policy: DEFAULT_POLICY, since, now: NOW }),
    exportAs: (format) => (format === 'domains' ? '# guardian\nbad.evil.com\n' : undefined),
    metricsText: async () => '# TYPE guardian_up gauge\nguardian_up 1\n',
    ready: () => ({ ready: true, why: [] }),
    now: () => NOW,
    log: SILENT,
    version: '0.1.0',
  };
}

/** What an HTTP request got. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body, for the test to look into. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came and asserts on it
  readonly json: any;
}

/** How to ask. */
export interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
}

/** One HTTP request over the unix socket, or over TCP where `where` is a port. */
export function ask(where: string | number, path: string, asked: Asked = {}): Promise<Answer> {
  const target = typeof where === 'string' ? { socketPath: where } : { host: '127.0.0.1', port: where };
  const { method = 'GET', body, headers = {}, agent = new Agent() } = asked;
  const all = body === undefined ? headers : { 'content-type': 'application/json', ...headers };
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...target, path, method, agent, headers: all }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => {
        const isJson = (incoming.headers['content-type'] ?? '').includes('json');
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        });
      });
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
