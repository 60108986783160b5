import { join } from 'node:path';
import { keyOf, type Observable } from '../../src/core/observable.ts';
import { DEFAULT_POLICY } from '../../src/core/policy.ts';
import type { Report } from '../../src/core/report.ts';
import type { SightingBatch } from '../../src/core/sighting-batch.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { Store } from '../../src/store/store.ts';
import { IntakeDesk } from '../../src/triage/intake-desk.ts';
import type { NameKnowledge } from '../../src/triage/network-memory.ts';
import { type Rejudged, VerdictKeeper } from '../../src/triage/verdict-keeper.ts';
import { tempDir } from '../support/temp-dir.ts';

/** What one client did with one name. */
export interface Use {
  readonly name: string;
  readonly client?: string;
  readonly nxdomain?: boolean;
}

export interface NetworkOptions {
  readonly names?: NameKnowledge;
  readonly maxWaiting?: number;
}

const SURROUNDINGS = { names: new Set<string>(), addresses: new Set<string>(), hosts: new Set<string>() };

/** A small network with a real store, an intake desk and a judge, at a clock that a test sets. */
export class Network {
  readonly store: Store;
  readonly intake: IntakeDesk;
  readonly keeper: VerdictKeeper;
  now = Date.UTC(2026, 0, 5, 12);

  constructor(t: Parameters<typeof tempDir>[0], options: NetworkOptions = {}) {
    const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: { first: 1, last: 100 } });
    t.after(() => store.close());
    const now = (): number => this.now;
    this.store = store;
    this.intake = new IntakeDesk({
      book: {
        put: (...args) => store.queue.put(...args),
        hasAnswer: (observable) => store.verdicts.find(observable) !== undefined,
        idOf: (observable, at) => store.observables.idOf(keyOf(observable), at).id,
        trim: (limit) => store.queue.trim(limit),
        rescore: (...args) => store.queue.rescore(...args),
        waitingFrom: (...args) => store.queue.waitingFrom(...args),
        waitingAfter: (...args) => store.queue.waitingAfter(...args),
      },
      memory: store.queue.candidates,
      surroundings: () => SURROUNDINGS,
      now,
      ...options,
    });
    this.keeper = new VerdictKeeper({
      book: {
        latestReports: (observable) => store.reports.latest(observable),
        find: (observable) => store.verdicts.find(observable),
        keep: (verdict) => store.verdicts.keep(verdict),
        remove: (observable) => store.verdicts.remove(observable),
        answersSince: (observable, since) => store.reports.answersSince(observable, since),
        want: (indicator) => store.indicators.want(indicator),
        unwant: (observable) => store.indicators.unwant(observable),
      },
      policy: () => DEFAULT_POLICY,
      surroundings: () => SURROUNDINGS,
      overrides: () => [],
      now,
    });
  }

  /** Clients use names now. */
  use(...uses: readonly Use[]): void {
    const batch = batchOf(uses, this.now);
    this.store.transact(() => this.intake.considerNew(this.store.sightings.record(batch), batch));
  }

  /** An answer comes in. */
  answer(name: string, malicious: number | 'not_found'): Rejudged {
    return this.store.transact(() => {
      this.store.reports.keep(reportOf(name, malicious, this.now));
      this.store.queue.remove(domain(name));
      const rejudged = this.keeper.rejudge(domain(name));
      this.intake.considerVerdict(rejudged.verdict);
      return rejudged;
    });
  }

  /** The parts of a question that waits, or undefined where none does. */
  waiting(name: string): Readonly<Record<string, number>> | undefined {
    return this.store.queue.find(domain(name))?.parts;
  }

  /** Everything that waits, the worthiest of `new` first. */
  order(limit = 1_000): readonly string[] {
    return this.store.queue
      .waitingAfter(0, limit)
      .toSorted((a, b) => b.score - a.score)
      .map(({ observable }) => observable.value);
  }

  verdict(name: string): Verdict | undefined {
    return this.store.verdicts.find(domain(name));
  }
}

export function domain(value: string): Observable {
  return { kind: 'domain', value };
}

/** A report of VirusTotal's shape with so many engines against the name. */
export function reportOf(name: string, malicious: number | 'not_found', askedAt: number): Report {
  const count = malicious === 'not_found' ? 0 : malicious;
  const silent = malicious === 'not_found';
  return {
    observable: domain(name),
    source: 'virustotal',
    outcome: silent ? 'not_found' : 'found',
    askedAt,
    stats: {
      malicious: count,
      suspicious: 0,
      harmless: silent ? 0 : 60,
      undetected: silent ? 0 : 32 - count,
      timeout: 0,
    },
    flagged: Array.from({ length: count }, (_, i) => ({
      engine: `Engine ${i}`,
      category: 'malicious',
      result: 'malware',
    })),
    reputation: 0,
    votes: { harmless: 0, malicious: 0 },
    categories: [],
    remarks: [],
    permalink: '',
  };
}

function batchOf(uses: readonly Use[], at: number): SightingBatch {
  const clients = [...new Set(uses.map(({ client = '192.168.1.2' }) => client))];
  const clientIndex = new Map(clients.map((client, i) => [client, i]));
  const rows = uses.flatMap(({ client = '192.168.1.2', nxdomain = false }, i) => [
    i,
    clientIndex.get(client) ?? 0,
    0,
    1,
    Number(nxdomain),
    at,
    at,
  ]);
  return { observables: uses.map(({ name }) => `domain:${name}`), clients, rows: Float64Array.from(rows) };
}
