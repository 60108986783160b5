import { type AllowanceView, leastOf, sum, viewOf } from './allowance-view.ts';
import type { CentralPool } from './central-pool.ts';
import { epochMs, SET_BACK_S } from './server-clock.ts';
import { datetime } from './upsert.ts';

/** Which share of the allowance pays, as the sensors call it. */
export type DrawLane = 'alert' | 'manual' | 'recheck' | 'new';

/** What a sensor would draw for one question. */
export interface Draw {
  readonly lane: DrawLane;
  /** Worth enough to run ahead of the even flow. */
  readonly urgent: boolean;
  /** What the account is allowed, without what is used by others and what is kept for other lanes. */
  readonly limits: { readonly minute: number; readonly day: number; readonly month?: number };
  /** What this sensor spent today, by its own account book: for when it is alone. */
  readonly spentHere: number;
}

/** `minute`, `spent`: the allowance of all. `fair`: another sensor waits and had less. */
export interface DrawRefusal {
  readonly granted: false;
  readonly why: 'minute' | 'spent' | 'fair';
  readonly retryAt: number;
}

/** What a sensor spent by its own account book, by lane. */
export interface Spent {
  readonly dayStartsAt: number;
  readonly byLane: ReadonlyMap<string, number>;
  readonly monthStartsAt: number;
  readonly inMonth: number;
}

export interface SharedAllowanceOptions {
  readonly pool: Pick<CentralPool, 'use'>;
  readonly sensor: string;
  readonly account: () => string;
  readonly now: () => number;
}

/** A sensor that spoke within this time is one of those that share: one that restarts, or that the network lost, keeps its share. */
const MEMBER_S = 3_600;
/** One that waits for its turn spoke within this time, or it does not come to take it. */
const WAITING_S = 60;
/** A place is taken for a minute, and a second for the way to the source. */
const PLACE_S = 61;
/** Nobody with a larger allowance needs to count single questions. */
const MAX_PLACES = 600;
/** How far ahead of a sensor that waits another may be. */
const FAIR_LEAD = 2;
/** Soon enough to take what the other left, late enough for it to come first. */
const FAIR_RETRY_MS = 5_000;
const DAY_MS = 86_400_000;

const DAY = 'CAST(UTC_DATE() AS DATETIME(3))';
const MONTH = `CAST(DATE_FORMAT(UTC_DATE(), '%Y-%m-01') AS DATETIME(3))`;
const START = { day: DAY, month: MONTH } as const;
type Window = keyof typeof START;

/** The lanes that flow evenly. Alerts and people are served at once. */
const FLOWING: ReadonlySet<string> = new Set(['new', 'recheck']);

/**
 * Windows that all sensors of an account draw on. Every step is one statement, so that a sensor that vanishes in the middle holds no
 * lock: what it had drawn stays drawn, and the count only errs to the safe side.
 */
export class SharedAllowance {
  readonly #options: SharedAllowanceOptions;
  #view: AllowanceView | undefined;
  #least: { readonly drawn: number; readonly members: number } | undefined;

  constructor(options: SharedAllowanceOptions) {
    this.#options = options;
  }

  /** As of the last beat or draw; `undefined` before the first. */
  get view(): AllowanceView | undefined {
    return this.#view;
  }

  /** Takes one question of each window, or says why not. @throws CentralError */
  async draw(draw: Draw): Promise<DrawRefusal | undefined> {
    const { limits, lane } = draw;
    const serverNow = await this.#look();
    return (
      this.#whyNotFair(draw, serverNow) ??
      (await this.#takePlace(limits.minute)) ??
      (await this.#takeOf('day', limits.day, lane, serverNow)) ??
      (await this.#takeOfMonth(draw, serverNow))
    );
  }

  /** Gives one question back to the account and the day it was drawn from, and to that day's month. @throws CentralError */
  async giveBack(
    lane: DrawLane,
    { account, dayStartsAt }: { readonly account: string; readonly dayStartsAt: number },
  ): Promise<void> {
    for (const window of ['day', 'month'] as const) await this.#giveBackTo(window, lane, dayStartsAt, account);
  }

  /** Says that this sensor is there, and brings up the account what it spent while the centre was away. @throws CentralError */
  async beat(waiting: number, spent: Spent): Promise<void> {
    const { sensor } = this.#options;
    const account = this.#options.account();
    await this.#run(
      `INSERT INTO quota_members (account, sensor, seen, waiting) VALUES (?, ?, UTC_TIMESTAMP(3), ?)
       ON DUPLICATE KEY UPDATE seen = VALUES(seen), waiting = VALUES(waiting)`,
      [account, sensor, waiting],
    );
    await this.#catchUp(spent);
    await this.#look();
  }

  /** Reads how the account stands. Returns the time of the server, epoch milliseconds. */
  async #look(): Promise<number> {
    const { sensor } = this.#options;
    const account = this.#options.account();
    const [[clock], rows] = await this.#options.pool.use(async (connection) => [
      await connection.rows(
        `SELECT UTC_TIMESTAMP(3) AS now,
           (SELECT COUNT(*) FROM quota_members WHERE account = ? AND seen >= UTC_TIMESTAMP(3) - INTERVAL ${MEMBER_S} SECOND) AS members`,
        [account],
      ),
      await connection.rows(
        `SELECT d.quota_window AS w, d.sensor AS sensor, d.lane AS lane, d.drawn AS drawn,
           m.waiting > 0 AND m.seen >= UTC_TIMESTAMP(3) - INTERVAL ${WAITING_S} SECOND AS hungry
         FROM quota_drawn AS d LEFT JOIN quota_members AS m ON m.account = d.account AND m.sensor = d.sensor
         WHERE d.account = ? AND d.sensor <> '' AND ((d.quota_window = 'day' AND d.starts_at = ${DAY}) OR (d.quota_window = 'month' AND d.starts_at = ${MONTH}))
         UNION ALL SELECT 'day', sensor, 'new', 0, 1 FROM quota_members
         WHERE account = ? AND waiting > 0 AND seen >= UTC_TIMESTAMP(3) - INTERVAL ${WAITING_S} SECOND`,
        [account, account],
      ),
    ]);
    const now = epochMs(clock?.now);
    const members = Math.max(1, Number(clock?.members));
    this.#view = viewOf(rows, { sensor, members, now });
    this.#least = { drawn: leastOf(rows, sensor), members };
    return now;
  }

  /** Among sensors that wait, who had least comes first; but what nobody takes although it flows is anybody's. */
  #whyNotFair({ lane, urgent, limits }: Draw, serverNow: number): DrawRefusal | undefined {
    const view = this.#view;
    if (view === undefined || this.#least === undefined || !FLOWING.has(lane)) return undefined;
    const share = limits.day / view.members;
    if (urgent && view.ownToday < share) return undefined;
    const flowed = (limits.day * (serverNow - view.dayStartsAt)) / DAY_MS;
    const total = view.ownToday + sum(view.othersByLane.values());
    const hasLead = view.ownToday >= this.#least.drawn + FAIR_LEAD;
    if (!hasLead || total < flowed - view.members) return undefined;
    return { granted: false, why: 'fair', retryAt: this.#options.now() + FAIR_RETRY_MS };
  }

  async #takePlace(allowed: number): Promise<DrawRefusal | undefined> {
    const { sensor, now, pool } = this.#options;
    const account = this.#options.account();
    if (allowed > MAX_PLACES) return undefined;
    const take = () =>
      this.#run(
        `UPDATE quota_places SET free_at = UTC_TIMESTAMP(3) + INTERVAL ${PLACE_S} SECOND, sensor = ?
         WHERE account = ? AND place < ? AND (free_at <= UTC_TIMESTAMP(3) OR free_at > UTC_TIMESTAMP(3) + INTERVAL ${SET_BACK_S} SECOND)
         ORDER BY place LIMIT 1`,
        [sensor, account, allowed],
      );
    if ((await take()) > 0) return undefined;
    const [row] = await pool.use((connection) =>
      connection.rows(
        `SELECT COUNT(*) AS places, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), MIN(free_at)) DIV 1000 AS wait_ms
         FROM quota_places WHERE account = ? AND place < ?`,
        [account, allowed],
      ),
    );
    const isMissing = Number(row?.places) < allowed;
    if (isMissing) await this.#makePlaces(allowed);
    // Another sensor may have made them, or left one, since the first attempt.
    if ((isMissing || Number(row?.wait_ms) <= 0) && (await take()) > 0) return undefined;
    return { granted: false, why: 'minute', retryAt: now() + Math.max(1, Number(row?.wait_ms ?? PLACE_S * 1000)) };
  }

  async #makePlaces(allowed: number): Promise<void> {
    const account = this.#options.account();
    const places = Array.from({ length: allowed }, (_, place) => place);
    await this.#run(
      `INSERT IGNORE INTO quota_places (account, place, free_at, sensor) VALUES ${places.map(() => `(?, ?, '2000-01-01', '')`).join(', ')}`,
      places.flatMap((place) => [account, place]),
    );
  }

  async #takeOf(window: Window, allowed: number, lane: DrawLane, serverNow: number): Promise<DrawRefusal | undefined> {
    const { now, sensor } = this.#options;
    const account = this.#options.account();
    const take = () =>
      this.#run(
        `UPDATE quota_drawn SET drawn = drawn + 1
         WHERE account = ? AND quota_window = ? AND starts_at = ${START[window]} AND sensor = '' AND lane = '' AND drawn < ?`,
        [account, window, allowed],
      );
    if ((await take()) === 0) {
      // Nothing matched: it is spent, or the window has just begun. Another sensor may make the row at the same moment.
      await this.#makeRow(window);
      if ((await take()) === 0)
        return { granted: false, why: 'spent', retryAt: now() + (endOf(window, serverNow) - serverNow) };
    }
    await this.#add(window, sensor, lane, 1);
    return undefined;
  }

  async #takeOfMonth({ limits, lane }: Draw, serverNow: number): Promise<DrawRefusal | undefined> {
    const refusal = await this.#takeOf('month', limits.month ?? Number.MAX_SAFE_INTEGER, lane, serverNow);
    if (refusal !== undefined) await this.#giveBackTo('day', lane, startOf('day', serverNow));
    return refusal;
  }

  async #giveBackTo(window: Window, lane: DrawLane, at: number, account = this.#options.account()): Promise<void> {
    const { sensor } = this.#options;
    const statement = `UPDATE quota_drawn SET drawn = drawn - 1 WHERE account = ? AND quota_window = ? AND starts_at = ?
         AND drawn > 0 AND (sensor = '' OR (sensor = ? AND lane = ?))`;
    const values = [account, window, datetime(startOf(window, at)), sensor, lane];
    // Never twice: one that was lost on its way is spent, which is the safe side.
    await this.#options.pool.use((connection) => connection.run(statement, values), { once: true });
  }

  /** Only this sensor writes its rows, so the difference is sure. */
  async #catchUp({ dayStartsAt, byLane, monthStartsAt, inMonth }: Spent): Promise<void> {
    const { sensor, pool } = this.#options;
    const account = this.#options.account();
    const [[starts], rows] = await pool.use(async (connection) => [
      await connection.rows(`SELECT ${DAY} AS day, ${MONTH} AS month`),
      await connection.rows(
        `SELECT quota_window AS w, lane, drawn FROM quota_drawn WHERE account = ? AND sensor = ?
           AND ((quota_window = 'day' AND starts_at = ${DAY}) OR (quota_window = 'month' AND starts_at = ${MONTH}))`,
        [account, sensor],
      ),
    ]);
    const drawn = (window: Window, lane?: string): number =>
      sum(
        rows
          .filter((row) => row.w === window && (lane === undefined || row.lane === lane))
          .map((row) => Number(row.drawn)),
      );
    // By a clock that is far off it would be another day's.
    if (epochMs(starts?.day) === dayStartsAt)
      for (const [lane, count] of byLane) await this.#raise('day', lane, count - drawn('day', lane));
    if (epochMs(starts?.month) === monthStartsAt) await this.#raise('month', 'new', inMonth - drawn('month'));
  }

  async #raise(window: Window, lane: string, by: number): Promise<void> {
    if (by <= 0) return;
    await this.#add(window, '', '', by);
    await this.#add(window, this.#options.sensor, lane, by);
  }

  async #add(window: Window, sensor: string, lane: string, count: number): Promise<void> {
    await this.#run(
      `INSERT INTO quota_drawn (account, quota_window, starts_at, sensor, lane, drawn) VALUES (?, ?, ${START[window]}, ?, ?, ?)
       ON DUPLICATE KEY UPDATE drawn = drawn + VALUES(drawn)`,
      [this.#options.account(), window, sensor, lane, count],
    );
  }

  async #makeRow(window: Window): Promise<void> {
    await this.#run(
      `INSERT IGNORE INTO quota_drawn (account, quota_window, starts_at, sensor, lane, drawn) VALUES (?, ?, ${START[window]}, '', '', 0)`,
      [this.#options.account(), window],
    );
  }

  async #run(sql: string, values: readonly (string | number)[]): Promise<number> {
    return this.#options.pool.use((connection) => connection.run(sql, values));
  }
}

function startOf(window: Window, at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), window === 'month' ? 1 : date.getUTCDate());
}

function endOf(window: Window, at: number): number {
  const date = new Date(at);
  return window === 'month'
    ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
    : Math.floor(at / DAY_MS) * DAY_MS + DAY_MS;
}
