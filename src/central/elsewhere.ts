import { keyOf, OBSERVABLE_KINDS, type Observable, type ObservableKey } from '../core/observable.ts';
import { VIAS, type Via } from '../core/sighting.ts';
import { plainText } from '../lib/printable.ts';
import type { SqlRow, SqlValue } from './central-connection.ts';
import type { CentralPool } from './central-pool.ts';
import type { FleetPulse } from './fleet-pulse.ts';

/** What one client of another sensor did with one observable. Times are epoch milliseconds. */
export interface ElsewhereSighting {
  readonly sensor: string;
  readonly client: string;
  readonly vias: readonly Via[];
  readonly count: number;
  /** Distinct UTC days on which it was seen. */
  readonly days: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

export interface ElsewhereOptions {
  readonly pool: CentralPool;
  readonly pulse: Pick<FleetPulse, 'isWell' | 'doubt'>;
  readonly sensor: string;
  readonly budgetMs?: number;
}

/** A person waits for it, with what this sensor knows in hand. */
const BUDGET_MS = 2_000;
/** Clients of one answer; who used something bad is few. */
const MAX_ROWS = 5_000;

/** Who used something at the other sensors of the fleet. */
export class Elsewhere {
  readonly #options: ElsewhereOptions;

  constructor(options: ElsewhereOptions) {
    this.#options = options;
  }

  /** By observable; `undefined` where the centre did not say in time. Never fails. */
  async find(
    observables: readonly Observable[],
  ): Promise<ReadonlyMap<ObservableKey, readonly ElsewhereSighting[]> | undefined> {
    const { pulse, budgetMs = BUDGET_MS } = this.#options;
    if (!pulse.isWell) return undefined;
    if (observables.length === 0) return new Map();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), budgetMs);
    });
    const read = this.#read(observables).catch(() => {
      pulse.doubt();
      return undefined;
    });
    try {
      return await Promise.race([read, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(observables: readonly Observable[]): Promise<ReadonlyMap<ObservableKey, readonly ElsewhereSighting[]>> {
    const { pool, sensor } = this.#options;
    const found = new Map<ObservableKey, ElsewhereSighting[]>();
    for (const kind of OBSERVABLE_KINDS) {
      const some = observables.filter((one) => one.kind === kind).map(({ value }) => value);
      if (some.length === 0) continue;
      const values: SqlValue[] = [...some, kind, sensor];
      const rows = await pool.use((connection) => connection.rows(sqlFor(some.length), values));
      for (const row of rows) {
        const key = keyOf({ kind, value: String(row.value) });
        const list = found.get(key) ?? [];
        list.push(sightingOf(row));
        found.set(key, list);
      }
    }
    return found;
  }
}

function sqlFor(count: number): string {
  const places = Array.from({ length: count }, () => '?').join(', ');
  return `SELECT value, sensor, client, GROUP_CONCAT(DISTINCT via) AS vias, SUM(count) AS count, COUNT(DISTINCT DATE(hour)) AS days,
      MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen
    FROM sightings_hourly WHERE value IN (${places}) AND kind = ? AND sensor <> ?
    GROUP BY value, sensor, client ORDER BY last_seen DESC LIMIT ${MAX_ROWS}`;
}

// Shown to people: what no sensor writes must at least not drive their terminal.
function sightingOf(row: SqlRow): ElsewhereSighting {
  const vias = String(row.vias).split(',');
  return {
    sensor: plainText(String(row.sensor), 64),
    client: plainText(String(row.client), 45),
    vias: VIAS.filter((via) => vias.includes(via)),
    count: Number(row.count),
    days: Number(row.days),
    firstSeenAt: epochMs(row.first_seen),
    lastSeenAt: epochMs(row.last_seen),
  };
}

function epochMs(text: unknown): number {
  return Date.parse(`${String(text).replace(' ', 'T')}Z`);
}
