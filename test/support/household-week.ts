import type { StatusFacts } from '../../src/api/status-facts.ts';
import { DEMO_NAMES, EXAMPLE_HOSTS } from '../../src/cli/demo/demo-world.ts';
import { judge } from '../../src/core/judge.ts';
import { keyOf, type Observable, parseObservable } from '../../src/core/observable.ts';
import { virusTotalPage } from '../../src/core/permalink.ts';
import { DEFAULT_POLICY } from '../../src/core/policy.ts';
import { NO_STATS } from '../../src/core/report.ts';
import { sharedHosting } from '../../src/core/shared-hosting.ts';
import { VIAS } from '../../src/core/sighting.ts';
import type { Store } from '../../src/store/store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const CLIENTS = ['192.168.50.21', '192.168.50.22', '192.168.50.40', '192.168.50.77', 'fd00:50::21'];
/** What engines call what they flag. */
const CLASSES = ['phishing', 'malware', 'malicious'];

/** A week of an invented household, ending at `now`: always the same, for tests and pictures. Nothing in it was ever on a network. */
export class HouseholdWeek {
  readonly now: number;
  readonly #store: Store;
  #seed = 1;

  constructor(store: Store, now: number) {
    this.#store = store;
    this.now = now;
  }

  /** Fills the store: names, answers, verdicts, blocks, alerts, and the load of Pi-hole and Suricata. */
  fill(): void {
    this.#store.transact(() => {
      this.#ordinary();
      this.#flagged();
      this.#alerts();
      this.#load();
      this.#quota();
    });
    this.#publish();
  }

  /** A name, address or file that is seen, asked about and judged. `positives` of 92 engines accuse it. */
  answer(text: string, positives: number, at: number, analysisDays = 2): Observable {
    const observable = parsed(text);
    this.#store.reports.keep({
      observable,
      source: 'virustotal',
      outcome: 'found',
      askedAt: at,
      lastAnalysisAt: at - analysisDays * DAY,
      stats: { ...NO_STATS, malicious: positives, harmless: 61, undetected: 31 - positives },
      flagged: Array.from({ length: positives }, (_, n) => ({
        engine: `Engine ${n + 1}`,
        category: 'malicious' as const,
        result: CLASSES[n % CLASSES.length] ?? '',
      })),
      reputation: 0,
      votes: { harmless: 0, malicious: 0 },
      categories: [],
      remarks: [],
      permalink: virusTotalPage(observable),
    });
    this.#store.lookups.keep({
      at,
      source: 'virustotal',
      observable,
      lane: 'new',
      outcome: 'found',
      tookMs: 180,
      error: undefined,
    });
    this.#judge(observable, at);
    return observable;
  }

  /** A device uses something, `count` times within an hour. */
  use(observable: Observable, client: string, at: number, count = 3): void {
    const rows = new Float64Array([0, 0, VIAS.indexOf('dns'), count, 0, at, at + MINUTE]);
    this.#store.sightings.record({ observables: [keyOf(observable)], clients: [client], rows });
  }

  /** What status says at the end of the week. */
  status(): StatusFacts {
    const store = this.#store;
    return {
      sensor: 'gateway',
      version: '0.1.0',
      startedAt: this.now - 9 * DAY,
      eve: {
        socket: '/run/guardian/eve.sock',
        type: 'stream',
        connections: 1,
        events: new Map([['dns', 812_440]]),
        dropped: new Map(),
        lossEstimate: 0.0004,
        lastEventAt: this.now - 900,
      },
      quota: [
        { source: 'virustotal', window: 'minute', allowed: 4, used: 1, spent: new Map(), reserved: new Map() },
        {
          source: 'virustotal',
          window: 'day',
          allowed: 500,
          used: 212,
          spent: new Map([['new', 212]]),
          reserved: new Map([['manual', 50]]),
          nextLookupAt: this.now + 40_000,
        },
      ],
      sources: [{ source: 'virustotal', state: 'asking' }],
      feeds: [],
      queue: { length: 38, oldestAt: this.now - 3 * HOUR },
      verdicts: store.verdicts.countByState(),
      held: 0,
      heldBlocks: [],
      targets: ['suricata', 'lists', 'pihole'].map((name) => ({
        name,
        published: 2,
        proved: 2,
        failed: 0,
        lastProofAt: this.now - MINUTE,
      })),
      pihole: {
        state: 'read',
        readAt: this.now - 9000,
        figures: {
          blocking: true,
          queries: 29_855,
          blocked: 3_482,
          cached: 18_201,
          forwarded: 8_172,
          unchecked: 0,
          queriesPerSecond: 0.4,
          activeClients: 7,
          listedNames: 105_000,
          cpuShare: 0.012,
          cacheEvicted: 0,
          uptimeMs: 9 * DAY,
        },
        missedQueries: 0,
      },
      alertsLastDay: store.alerts.countSince(this.now - DAY),
      disclosures: store.lookups.disclosedCount(),
      warnings: [],
      memoryBytes: 88 * 1024 * 1024,
    };
  }

  #ordinary(): void {
    for (let n = 0; n < 420; n++) {
      const at = this.#waking();
      const kind = n % 20;
      const text =
        kind === 0
          ? `203.0.113.${n % 250}`
          : kind === 1
            ? `2001:db8::${n.toString(16)}`
            : `host-${n}.example-${n % 60}.com`;
      const client = CLIENTS[n % CLIENTS.length] ?? '';
      this.use(parsed(text), client, at);
      if (n % 3 !== 2)
        this.answer(text, 0, Math.min(at + 10 * MINUTE, this.now - MINUTE), Math.floor(60 * this.#random() ** 3));
    }
    this.answer('a'.repeat(64), 0, this.#waking(), 40);
  }

  #flagged(): void {
    for (const [n, { name, client, report }] of [
      ...EXAMPLE_HOSTS,
      ...DEMO_NAMES.filter(({ report: found }) => (found?.malicious ?? 0) >= 5),
    ].entries()) {
      const at = this.now - (6 - n) * 22 * HOUR - 5 * HOUR;
      const observable = this.answer(name, report?.malicious ?? 0, at + MINUTE, n % 4);
      for (let use = 0; use < 4; use++)
        this.use(observable, client, Math.min(at + use * 7 * HOUR, this.now - HOUR), 2 + n);
    }
    this.use(
      this.answer('cdn.hng-demo-coupons.shop', 3, this.now - 30 * HOUR, 12),
      '192.168.50.22',
      this.now - 31 * HOUR,
    );
  }

  #alerts(): void {
    for (let n = 0; n < 60; n++) {
      const severity = n % 15 === 0 ? 1 : n % 5 === 0 ? 2 : 3;
      this.#store.alerts.keep({
        at: this.#waking(),
        sid: 1_900_000 + severity,
        signature:
          [
            '',
            'GUARDIAN known malicious domain',
            'ET INFO suspicious TLD in TLS SNI',
            'ET INFO session traversal utility',
          ][severity] ?? '',
        category: 'misc',
        severity,
        action: 'allowed',
        client: CLIENTS[n % 4] ?? '',
        peer: '203.0.113.80',
      });
    }
  }

  #load(): void {
    const start = this.now - 7 * DAY;
    for (let at = start; at < this.now; at += 10 * MINUTE) {
      const busy = this.#busy(at);
      const queries = Math.round(260 * busy + 40 * this.#random());
      const blocked = Math.round(queries * (0.08 + 0.06 * this.#random()));
      // A person switched it off one evening.
      const blocking = !(at > this.now - 52 * HOUR && at < this.now - 50 * HOUR);
      const cached = Math.round(0.6 * queries);
      this.#store.stats.addPihole(at, {
        queries,
        blocked: blocking ? blocked : 0,
        cached,
        forwarded: queries - blocked - cached,
        blocking,
      });
      const packets = Math.round(90_000 * busy + 20_000 * this.#random());
      this.#store.stats.addSuricata(at, { packets, drops: busy > 0.95 ? 1400 : 0, alerts: 0 });
    }
  }

  #quota(): void {
    for (let day = 0; day < 8; day++) {
      const midnight = this.now - (this.now % DAY) - day * DAY;
      this.#store.quota.add('virustotal', 'day', midnight, 'new', day === 0 ? 212 : 420 + 10 * day);
    }
  }

  #publish(): void {
    for (const verdict of this.#store.verdicts.page({ state: 'malicious', limit: 100 }).verdicts) {
      if (!verdict.block) continue;
      const ratio = verdict.ratio ?? '';
      this.#store.indicators.want({
        observable: verdict.observable,
        subdomains: false,
        source: 'virustotal',
        ratio,
        strong: verdict.strong,
        engines: Number(ratio.split('/')[0]),
        permalink: virusTotalPage(verdict.observable),
        since: verdict.since,
        expiresAt: this.now + 6 * DAY,
      });
    }
    const nothing = { failed: new Map(), unsupported: new Set<string>() };
    for (const target of ['suricata', 'lists', 'pihole'])
      this.#store.publications.record({
        target,
        proved: true,
        ...nothing,
        at: this.now - MINUTE,
        asOf: this.now - MINUTE,
      });
    const hits = [...this.#store.indicators.desired(this.now).values()].map(({ observable }) => ({
      name: observable.value,
      client: '192.168.50.77',
      count: 6,
    }));
    this.#store.piholeHits.add(this.now - 2 * HOUR, hits);
  }

  #judge(observable: Observable, at: number): void {
    const shared = sharedHosting(observable);
    const reports = this.#store.reports.latest(observable);
    const judgement = judge({ reports, ...(shared === undefined ? {} : { sharedHosting: shared }) }, DEFAULT_POLICY);
    this.#store.verdicts.keep({ ...judgement, observable, held: false, since: at, judgedAt: at });
  }

  /** Some time of the week when people are up. */
  #waking(): number {
    for (;;) {
      const at = this.now - Math.floor(this.#random() * 7 * DAY);
      if (this.#random() < this.#busy(at)) return at;
    }
  }

  /** From 0 up to 1: nights are quiet, evenings are not. */
  #busy(at: number): number {
    const hour = (at % DAY) / HOUR;
    return 0.12 + 0.88 * Math.max(0, Math.sin(((hour - 6) / 18) * Math.PI)) ** 1.5;
  }

  // A linear congruential generator (Numerical Recipes): the same week every time.
  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}

function parsed(text: string): Observable {
  const result = parseObservable(text);
  if (!result.ok) throw new Error(`${text}: ${result.reason}`);
  return result.value;
}
