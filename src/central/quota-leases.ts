import { createHash } from 'node:crypto';
import type { Observable } from '../core/observable.ts';
import type { CentralConnection } from './central-connection.ts';
import { CentralError } from './central-error.ts';
import type { CentralPool } from './central-pool.ts';
import { datetime } from './upsert.ts';

/** One window of an allowance that all sensors of an account share. */
export interface SharedWindow {
  readonly window: 'minute' | 'day' | 'month';
  /** Epoch milliseconds, UTC. */
  readonly startsAt: number;
  readonly endsAt: number;
  /** What the source allows the account in it. */
  readonly allowed: number;
}

/** Whether this sensor may ask now. `alone`: the centre is away, and a safe share is spent without it. */
export type LeaseOutcome =
  | { readonly granted: true; readonly alone: boolean }
  /** `asked`: another sensor asks the same, or has. `spent`: the allowance of all. `fair`: this sensor's share, for now. */
  | { readonly granted: false; readonly why: 'asked' | 'spent' | 'fair'; readonly retryAt: number };

export interface QuotaLeasesOptions {
  readonly pool: CentralPool;
  readonly sensor: string;
  /** From `accountOf`. */
  readonly account: string;
  /** How many sensors there were when the centre was last in reach. */
  readonly memory: {
    recall(name: 'fleet_size'): string | undefined;
    remember(name: 'fleet_size', value: string): void;
  };
  readonly now: () => number;
  readonly budgetMs?: number;
}

/** A question that was never settled is free again after this: its sensor died. Longer than the longest question. */
const LEASE_S = 60;
/** A sensor that spoke within this time is one of those that share. */
const ACTIVE_S = 3_600;
/** How long a question waits for the centre before it is asked alone. */
const BUDGET_MS = 1_000;
const RETRY_MS = 30_000;

/** The name under which sensors of one key find each other: a hash, so that the key never leaves a sensor. */
export function accountOf(source: string, apiKey: string): string {
  return createHash('sha256').update(`guardian quota\n${source}\n${apiKey}`).digest('hex');
}

/**
 * One account's allowance, shared by all sensors that use its key: no name is asked twice, no window is overspent, and no sensor
 * takes more than its share while others may still want theirs. Terms of VirusTotal: one account; accounts are not pooled.
 */
export class QuotaLeases {
  readonly #options: QuotaLeasesOptions;
  /** Taken without the centre, by window. */
  readonly #alone = new Map<string, number>();

  constructor(options: QuotaLeasesOptions) {
    this.#options = options;
  }

  /**
   * Takes the right to ask about an observable, and one question of every window. Call it right before asking.
   * `again`: a person wants a fresh answer, also where another sensor has one.
   */
  async take(
    observable: Observable,
    windows: readonly SharedWindow[],
    { again = false }: { readonly again?: boolean } = {},
  ): Promise<LeaseOutcome> {
    const { pool, budgetMs = BUDGET_MS } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), budgetMs);
    });
    try {
      const shared = pool.use((connection) => this.#takeShared(connection, observable, windows, again));
      // What comes too late was counted for nothing; the count only errs to the safe side.
      shared.catch(() => undefined);
      return (await Promise.race([shared, late])) ?? this.#takeAlone(windows);
    } catch (error) {
      if (error instanceof CentralError) return this.#takeAlone(windows);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** There is an answer: nobody in the fleet asks again for `ttlMs`. Best effort; the answer itself is shared by the sync. */
  async settle(observable: Observable, ttlMs: number): Promise<void> {
    await this.#quietly((connection) =>
      connection.run(
        `UPDATE quota_leases SET leased_until = UTC_TIMESTAMP(3) + INTERVAL ? SECOND
         WHERE account = ? AND kind = ? AND value = ? AND sensor = ?`,
        [Math.ceil(ttlMs / 1000), this.#options.account, observable.kind, observable.value, this.#options.sensor],
      ),
    );
  }

  /** There is no answer and the source charged nothing: others may ask, and the question is given back, but not to its minute. */
  async giveBack(observable: Observable, windows: readonly SharedWindow[]): Promise<void> {
    const { account, sensor } = this.#options;
    await this.#quietly(async (connection) => {
      await this.#release(connection, observable);
      for (const { window, startsAt } of windows.filter((one) => one.window !== 'minute'))
        await connection.run(
          `UPDATE quota_taken SET taken = taken - 1 WHERE account = ? AND quota_window = ? AND starts_at = ? AND sensor IN ('', ?) AND taken > 0`,
          [account, window, datetime(startsAt), sensor],
        );
    });
  }

  async #takeShared(
    connection: CentralConnection,
    observable: Observable,
    windows: readonly SharedWindow[],
    again: boolean,
  ): Promise<LeaseOutcome> {
    const now = this.#options.now();
    if (!(await this.#lease(connection, observable)) && !again)
      return { granted: false, why: 'asked', retryAt: now + RETRY_MS };
    const refused = (await this.#whyNotFair(connection, windows)) ?? (await this.#takeWindows(connection, windows));
    if (refused === undefined) return { granted: true, alone: false };
    await this.#release(connection, observable);
    return refused;
  }

  async #lease(connection: CentralConnection, { kind, value }: Observable): Promise<boolean> {
    const { account, sensor } = this.#options;
    const matched = await connection.run(
      `UPDATE quota_leases SET sensor = ?, leased_until = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_S} SECOND
       WHERE account = ? AND kind = ? AND value = ? AND (leased_until < UTC_TIMESTAMP(3) OR sensor = ?)`,
      [sensor, account, kind, value, sensor],
    );
    if (matched > 0) return true;
    const inserted = await connection.run(
      `INSERT IGNORE INTO quota_leases (account, kind, value, sensor, leased_until)
       VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ${LEASE_S} SECOND)`,
      [account, kind, value, sensor],
    );
    return inserted > 0;
  }

  /** A day's share is an equal part of it. Beyond it a sensor takes only what the day, flowing evenly, would have given out by now. */
  async #whyNotFair(
    connection: CentralConnection,
    windows: readonly SharedWindow[],
  ): Promise<LeaseOutcome | undefined> {
    const { account, sensor, memory, now } = this.#options;
    const day = windows.find(({ window }) => window === 'day');
    if (day === undefined) return undefined;
    const [row] = await connection.rows(
      `SELECT (SELECT count(*) FROM sensors WHERE heartbeat >= UTC_TIMESTAMP(3) - INTERVAL ${ACTIVE_S} SECOND) AS fleet,
         COALESCE(SUM(IF(sensor = '', taken, 0)), 0) AS total, COALESCE(SUM(IF(sensor = ?, taken, 0)), 0) AS mine
       FROM quota_taken WHERE account = ? AND quota_window = 'day' AND starts_at = ?`,
      [sensor, account, datetime(day.startsAt)],
    );
    const fleet = Math.max(1, Number(row?.fleet));
    if (memory.recall('fleet_size') !== String(fleet)) memory.remember('fleet_size', String(fleet));
    if (Number(row?.mine) < Math.ceil(day.allowed / fleet)) return undefined;
    if (Number(row?.total) >= day.allowed) return { granted: false, why: 'spent', retryAt: day.endsAt };
    const flowed = (day.allowed * (now() - day.startsAt)) / (day.endsAt - day.startsAt);
    return Number(row?.total) < flowed ? undefined : { granted: false, why: 'fair', retryAt: now() + RETRY_MS };
  }

  /** Each window by one atomic update. What a later window refuses was taken from the earlier: that errs to the safe side. */
  async #takeWindows(
    connection: CentralConnection,
    windows: readonly SharedWindow[],
  ): Promise<LeaseOutcome | undefined> {
    const { account, sensor } = this.#options;
    for (const { window, startsAt, endsAt, allowed } of windows) {
      const key = [account, window, datetime(startsAt)];
      await connection.run(
        `INSERT IGNORE INTO quota_taken (account, quota_window, starts_at, sensor, taken) VALUES (?, ?, ?, '', 0), (?, ?, ?, ?, 0)`,
        [...key, ...key, sensor],
      );
      const matched = await connection.run(
        `UPDATE quota_taken SET taken = taken + 1 WHERE account = ? AND quota_window = ? AND starts_at = ? AND sensor = '' AND taken < ?`,
        [...key, allowed],
      );
      if (matched === 0) return { granted: false, why: 'spent', retryAt: endsAt };
      await connection.run(
        `UPDATE quota_taken SET taken = taken + 1 WHERE account = ? AND quota_window = ? AND starts_at = ? AND sensor = ?`,
        [...key, sensor],
      );
    }
    return undefined;
  }

  async #release(connection: CentralConnection, { kind, value }: Observable): Promise<void> {
    const { account, sensor } = this.#options;
    await connection.run('DELETE FROM quota_leases WHERE account = ? AND kind = ? AND value = ? AND sensor = ?', [
      account,
      kind,
      value,
      sensor,
    ]);
  }

  /** As many as were here when the centre was last heard share each window equally. */
  #takeAlone(windows: readonly SharedWindow[]): LeaseOutcome {
    const { memory } = this.#options;
    const fleet = Math.max(1, Number(memory.recall('fleet_size') ?? 1));
    const keyed = windows.map((one) => ({ ...one, key: `${one.window} ${one.startsAt}` }));
    for (const { key, allowed, endsAt } of keyed)
      if ((this.#alone.get(key) ?? 0) >= Math.floor(allowed / fleet))
        return { granted: false, why: 'spent', retryAt: endsAt };
    for (const key of this.#alone.keys()) if (!keyed.some((one) => one.key === key)) this.#alone.delete(key);
    for (const { key } of keyed) this.#alone.set(key, (this.#alone.get(key) ?? 0) + 1);
    return { granted: true, alone: true };
  }

  async #quietly(work: (connection: CentralConnection) => Promise<unknown>): Promise<void> {
    try {
      await this.#options.pool.use(work);
    } catch (error) {
      // A lease that is not settled ends by itself.
      if (!(error instanceof CentralError)) throw error;
    }
  }
}
