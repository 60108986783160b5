import { createHash } from 'node:crypto';
import { keyOf, type Observable, type ObservableKey } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import { CentralError } from './central-error.ts';
import type { CentralPool } from './central-pool.ts';
import { RELATIONS } from './central-relation.ts';
import type { FleetPulse } from './fleet-pulse.ts';
import { type LoneMemory, LoneShare } from './lone-share.ts';
import { SCAN_FIELDS, scanValues } from './scan-row.ts';
import { SET_BACK_S } from './server-clock.ts';
import { type Draw, type DrawRefusal, SharedAllowance, type Spent } from './shared-allowance.ts';
import type { SharedReports } from './shared-reports.ts';
import { Upsert } from './upsert.ts';

/** What a sensor wants to ask, and what it may. */
export interface LeaseRequest extends Draw {
  /** Whether an answer of another sensor makes the question needless. Absent: a person wants a fresh one. */
  readonly serves?: (report: Report) => boolean;
}

/** Whether this sensor may ask now. `alone`: the centre is away, and a safe share is spent without it. */
export type LeaseOutcome =
  | { readonly granted: true; readonly alone: boolean }
  /** Somebody has the answer by now. */
  | { readonly granted: false; readonly why: 'known'; readonly report: Report }
  /** Another sensor is asking the same at this moment; or the centre, which was well, did not say in time whether one is. */
  | { readonly granted: false; readonly why: 'asked' | 'slow' }
  | DrawRefusal;

export interface QuotaLeasesOptions {
  readonly pool: Pick<CentralPool, 'use'>;
  readonly pulse: Pick<FleetPulse, 'isWell' | 'isKnown' | 'doubt'>;
  readonly reports: Pick<SharedReports, 'read' | 'forget'>;
  readonly sensor: string;
  /** From `accountOf`, of the key in use. */
  readonly account: () => string;
  readonly memory: LoneMemory;
  readonly now: () => number;
  /** How many share the account at the least, by whatever is known beside the centre. */
  readonly atLeast?: () => number;
  readonly budgetMs?: number;
}

/** Who paid for a question: the account that was in use then, and the start of its day (epoch milliseconds). */
interface Drawn {
  readonly account: string;
  readonly dayStartsAt: number;
}

/** A question that was never settled is free again after this: its sensor died. Longer than the longest question. */
const LEASE_S = 60;
/** How long a question waits for a centre that is well. Those that flow over the day wait for nothing else. */
const BUDGET_MS = 5_000;
/** A person waits, and is served alone then: it is one question that another sensor may ask too. */
const BUDGET_OF_A_PERSON_MS = 1_500;

/**
 * The name under which sensors of one key find each other: a salted hash, so that the key never leaves a sensor. The salt is the same
 * everywhere, or they would not find each other; a key of 256 random bits needs no other.
 */
export function accountOf(source: string, apiKey: string): string {
  return createHash('sha256').update(`guardian quota\n${source}\n${apiKey}`).digest('hex');
}

/**
 * One account's allowance, shared by all sensors that use its key: no name is asked twice, no window is overspent, and no sensor
 * takes more than its share while others want theirs. Terms of VirusTotal: one account; accounts are not pooled. All times are those
 * of the server, since sensors' clocks differ.
 */
export class QuotaLeases {
  readonly allowance: SharedAllowance;
  readonly #options: QuotaLeasesOptions;
  readonly #lone: LoneShare;
  /** What was drawn from the fleet and is not settled yet. */
  readonly #drawn = new Map<ObservableKey, Drawn>();

  constructor(options: QuotaLeasesOptions) {
    this.#options = options;
    this.allowance = new SharedAllowance(options);
    this.#lone = new LoneShare(options);
  }

  /** Takes the right to ask about an observable, and one question of every window. Call it right before asking. Never fails. */
  async take(observable: Observable, request: LeaseRequest): Promise<LeaseOutcome> {
    const { pulse } = this.#options;
    const isPerson = request.lane === 'manual';
    // Just started: what the others know is told within moments, and a question asked before would be asked twice.
    if (!pulse.isKnown && !isPerson) return { granted: false, why: 'slow' };
    if (!pulse.isWell) return this.#lone.take(request);
    const budgetMs = this.#options.budgetMs ?? (isPerson ? BUDGET_OF_A_PERSON_MS : BUDGET_MS);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), budgetMs);
    });
    try {
      const shared = this.#takeShared(observable, request);
      const outcome = await Promise.race([shared, late]);
      if (outcome !== undefined) return outcome;
      this.#undoWhenThere(observable, request, shared);
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
    } finally {
      clearTimeout(timer);
    }
    pulse.doubt();
    // Alone only when a beat has failed: what is slow would be asked twice.
    return isPerson ? this.#lone.take(request) : { granted: false, why: 'slow' };
  }

  /**
   * There is an answer: it is in the centre when this resolves, and others may have it instead of asking. Best effort: where the centre
   * went away meanwhile, the sync brings the report later and the lease ends by itself.
   */
  async settle(report: Report): Promise<void> {
    const drawn = this.#forgetDrawn(report.observable);
    await this.#quietly(async () => {
      await this.#options.pool.use(async (connection) => {
        const upsert = new Upsert(scans(), SCAN_FIELDS, connection.escape(this.#options.sensor));
        const row = upsert.row(scanValues(report), (text) => connection.escape(text));
        await connection.run(upsert.statement([row]));
      });
      // In this order: whoever gets the lease after us finds the report.
      await this.#release(report.observable, drawn?.account);
    });
  }

  /** There is no answer and the source charged nothing: others may ask, and the question is given back to its day and month, not to its minute. */
  async giveBack(observable: Observable, draw: Pick<Draw, 'lane'>): Promise<void> {
    const drawn = this.#forgetDrawn(observable);
    await this.#quietly(async () => {
      await this.#release(observable, drawn?.account);
      // What was asked alone was not drawn from anybody.
      if (drawn !== undefined) await this.allowance.giveBack(draw.lane, drawn);
    });
  }

  /** There is no answer, and it was charged: others may ask all the same. */
  async release(observable: Observable): Promise<void> {
    const drawn = this.#forgetDrawn(observable);
    await this.#quietly(() => this.#release(observable, drawn?.account));
  }

  /** Sensors that share the account, as far as this one ever heard. */
  get members(): number {
    return this.allowance.view?.members ?? this.#lone.members;
  }

  /** A sign of life, and what the others spent. @throws CentralError */
  async beat(waiting: number, spent: Spent): Promise<void> {
    await this.allowance.beat(waiting, spent);
    this.#lone.note(this.allowance.view, spent);
  }

  /** What comes too late was drawn for nothing. Where it cannot be given back either, the count errs to the safe side. */
  #undoWhenThere(observable: Observable, request: LeaseRequest, late: Promise<LeaseOutcome>): void {
    void late.then(
      ({ granted }) => (granted ? this.giveBack(observable, request) : undefined),
      () => undefined,
    );
  }

  async #takeShared(observable: Observable, request: LeaseRequest): Promise<LeaseOutcome> {
    const { pool, reports } = this.#options;
    reports.forget(observable);
    const account = this.#options.account();
    if (!(await this.#lease(observable))) return { granted: false, why: 'asked' };
    const { serves } = request;
    const known =
      serves === undefined ? undefined : await pool.use((connection) => reports.read(connection, observable));
    const isServed = known !== undefined && serves?.(known) === true;
    const refusal = isServed ? undefined : await this.allowance.draw(request);
    if (!isServed && refusal === undefined) {
      this.#drawn.set(keyOf(observable), { account, dayStartsAt: this.allowance.view?.dayStartsAt ?? 0 });
      return { granted: true, alone: false };
    }
    await this.#release(observable);
    return isServed ? { granted: false, why: 'known', report: known } : (refusal as DrawRefusal);
  }

  #forgetDrawn(observable: Observable): Drawn | undefined {
    const drawn = this.#drawn.get(keyOf(observable));
    this.#drawn.delete(keyOf(observable));
    return drawn;
  }

  async #lease({ kind, value }: Observable): Promise<boolean> {
    const { sensor, pool } = this.#options;
    const account = this.#options.account();
    return pool.use(async (connection) => {
      const matched = await connection.run(
        `UPDATE quota_leases SET sensor = ?, leased_until = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_S} SECOND
         WHERE account = ? AND kind = ? AND value = ? AND (leased_until < UTC_TIMESTAMP(3)
           OR leased_until > UTC_TIMESTAMP(3) + INTERVAL ${SET_BACK_S} SECOND OR sensor = ?)`,
        [sensor, account, kind, value, sensor],
      );
      if (matched > 0) return true;
      const inserted = await connection.run(
        `INSERT IGNORE INTO quota_leases (account, kind, value, sensor, leased_until)
         VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ${LEASE_S} SECOND)`,
        [account, kind, value, sensor],
      );
      return inserted > 0;
    });
  }

  /** Of the account that the question was taken with: the key may be another by now. */
  async #release({ kind, value }: Observable, account = this.#options.account()): Promise<void> {
    const { sensor, pool } = this.#options;
    await pool.use((connection) =>
      connection.run('DELETE FROM quota_leases WHERE account = ? AND kind = ? AND value = ? AND sensor = ?', [
        account,
        kind,
        value,
        sensor,
      ]),
    );
  }

  async #quietly(work: () => Promise<unknown>): Promise<void> {
    const { pulse } = this.#options;
    if (!pulse.isWell) return;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      pulse.doubt();
    }
  }
}

function scans(): NonNullable<ReturnType<typeof RELATIONS.get>> {
  const relation = RELATIONS.get('scans');
  if (relation === undefined) throw new Error('There is no relation scans');
  return relation;
}
