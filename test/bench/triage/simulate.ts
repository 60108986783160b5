import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyOf, type Observable } from '../../../src/core/observable.ts';
import { DEFAULT_POLICY } from '../../../src/core/policy.ts';
import { placeOf } from '../../../src/core/registrable-domain.ts';
import type { SightingBatch } from '../../../src/core/sighting-batch.ts';
import type { VerdictState } from '../../../src/core/verdict.ts';
import { Store } from '../../../src/store/store.ts';
import { IntakeDesk } from '../../../src/triage/intake-desk.ts';
import type { Lane } from '../../../src/triage/lane.ts';
import type { NameKnowledge } from '../../../src/triage/network-memory.ts';
import { pickQuestion } from '../../../src/triage/question-picker.ts';
import { QuotaLedger } from '../../../src/triage/quota-ledger.ts';
import { VerdictKeeper } from '../../../src/triage/verdict-keeper.ts';
import { DAY_MS, EXAMPLE_HOSTS, type Household, type Seeing } from './household.ts';
import type { StandIn } from './stand-in.ts';

/** What came of a way of asking. Times are epoch milliseconds. */
export interface Outcome {
  /** When each name was first asked about, itself or by its registrable domain. */
  readonly askedAt: ReadonlyMap<string, number>;
  /** When each name was first held to be malicious. */
  readonly condemnedAt: ReadonlyMap<string, number>;
  readonly blockedBenign: readonly string[];
  readonly exampleStates: readonly VerdictState[];
  readonly lookups: number;
  readonly byLane: Readonly<Record<string, number>>;
}

const STEP_MS = 60_000;
const UPKEEP_MS = 15 * 60_000;
const SWEEP_MS = 3_600_000;

/** Lives through a household with the real store, intake, queue, ledger and judge, at a simulated clock. */
export function simulate(household: Household, standIn: StandIn, perDay: number, names?: NameKnowledge): Outcome {
  const dir = mkdtempSync(join(tmpdir(), 'hng-bench-'));
  const store = new Store({ path: join(dir, 'guardian.db'), sidRange: { first: 1, last: 1_000 } });
  try {
    return new Simulation(household, standIn, store, perDay, names).run();
  } finally {
    store.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

class Simulation {
  readonly #household: Household;
  readonly #standIn: StandIn;
  readonly #store: Store;
  readonly #ledger: QuotaLedger;
  readonly #intake: IntakeDesk;
  readonly #keeper: VerdictKeeper;
  readonly #askedAt = new Map<string, number>();
  readonly #condemnedAt = new Map<string, number>();
  readonly #blockedBenign = new Set<string>();
  readonly #byLane: Record<string, number> = {};
  #now = 0;
  #lookups = 0;

  constructor(household: Household, standIn: StandIn, store: Store, perDay: number, names: NameKnowledge | undefined) {
    const now = (): number => this.#now;
    const surroundings = () => ({ names: new Set<string>(), addresses: new Set<string>(), hosts: new Set<string>() });
    this.#household = household;
    this.#standIn = standIn;
    this.#store = store;
    this.#ledger = new QuotaLedger({
      source: 'virustotal',
      book: store.quota,
      limits: { maxPerMinute: 4, maxPerDay: perDay, reserve: { alert: 0.1, manual: 0.1, recheck: 0.25 } },
      now,
    });
    this.#intake = new IntakeDesk({
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
      surroundings,
      now,
      ...(names === undefined ? {} : { names }),
    });
    this.#keeper = new VerdictKeeper({
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
      surroundings,
      overrides: () => [],
      now,
    });
  }

  run(): Outcome {
    const { startsAt, days, seeings } = this.#household;
    const end = startsAt + days * DAY_MS;
    let at = 0;
    for (this.#now = startsAt; this.#now < end; this.#now += STEP_MS) {
      const from = at;
      while ((seeings[at]?.at ?? end) < this.#now) at++;
      this.#store.transact(() => this.#minute(seeings.slice(from, at)));
    }
    const exampleStates = [...EXAMPLE_HOSTS.keys()].map((value) => this.#ask({ kind: 'domain', value }, 'manual'));
    return {
      askedAt: this.#askedAt,
      condemnedAt: this.#condemnedAt,
      blockedBenign: [...this.#blockedBenign],
      exampleStates,
      lookups: this.#lookups,
      byLane: this.#byLane,
    };
  }

  #minute(seen: readonly Seeing[]): void {
    if (seen.length > 0) {
      const batch = batchOf(seen);
      this.#intake.considerNew(this.#store.sightings.record(batch), batch);
    }
    if (this.#now % SWEEP_MS === 0) this.#intake.sweep();
    if (this.#now % UPKEEP_MS === 0)
      for (const due of this.#store.queue.candidates.dueForRecheck(this.#now, 200)) this.#intake.considerRecheck(due);
    for (;;) {
      const picked = pickQuestion((lane) => this.#store.queue.next(lane, this.#now), this.#ledger);
      if (picked.kind !== 'ask') return;
      const { observable } = picked.question;
      if (picked.lane === 'new' && this.#intake.serviceOf(observable) !== undefined)
        this.#store.queue.remove(observable);
      else this.#ask(observable, picked.lane);
    }
  }

  #ask(observable: Observable, lane: Lane): VerdictState {
    const { value } = observable;
    this.#ledger.spend(lane);
    this.#lookups++;
    this.#byLane[lane] = (this.#byLane[lane] ?? 0) + 1;
    if (!this.#askedAt.has(value)) this.#askedAt.set(value, this.#now);
    this.#store.reports.keep(this.#standIn.report(observable, this.#now));
    this.#store.queue.remove(observable);
    const { verdict } = this.#keeper.rejudge(observable);
    this.#intake.considerVerdict(verdict);
    if (verdict?.state === 'malicious' && !this.#condemnedAt.has(value)) this.#condemnedAt.set(value, this.#now);
    if (verdict?.block === true && !this.#standIn.isBad(value)) this.#blockedBenign.add(value);
    return verdict?.state ?? 'unasked';
  }
}

/** One sighting a name and client, as the intake thread hands them over. */
export function batchOf(seen: readonly Seeing[]): SightingBatch {
  const observables = [...new Set(seen.map(({ name }) => `domain:${name}`))];
  const clients = [...new Set(seen.map(({ client }) => client))];
  const indexOf = new Map(observables.map((key, i) => [key, i]));
  const rows = seen.flatMap(({ at, name, client }) => [
    indexOf.get(`domain:${name}`) ?? 0,
    clients.indexOf(client),
    0,
    1,
    0,
    at,
    at,
  ]);
  return { observables, clients, rows: Float64Array.from(rows) };
}

/** The name whose answer settles another's: its registrable domain. */
export function registrableOf(name: string): string {
  return placeOf(name).registrable ?? name;
}
