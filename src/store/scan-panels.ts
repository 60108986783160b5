import type { Statement } from 'better-sqlite3';
import { type Observable, observableOfKey } from '../core/observable.ts';
import { VERDICT_STATES, type VerdictState } from '../core/verdict.ts';
import type { Sqlite } from './sqlite-file.ts';

/** How far back, and how wide the steps of what is shown over time are; both in milliseconds. */
export interface PanelRange {
  readonly since: number;
  readonly now: number;
  readonly stepMs: number;
}

/** The latest answer about one observable. */
export interface ScanRow {
  readonly observable: Observable;
  readonly scannedAt: number;
  readonly lastAnalysisAt?: number;
  readonly positives: number;
  readonly total: number;
  /** As it is held to be at present. */
  readonly state: VerdictState;
  /** Whether it is to be blocked at present. */
  readonly blocked: boolean;
  readonly permalink: string;
}

/** By what a device could be attacked: the kind of observable. */
export type Vector = 'domain' | 'ipv4' | 'ipv6' | 'url' | 'file';

/** How many observables the answers of the period rest on an analysis of this age. */
export interface AnalysisAges {
  readonly withinDay: number;
  readonly withinWeek: number;
  readonly withinMonth: number;
  readonly older: number;
  readonly unknown: number;
}

interface Row {
  readonly key: string;
  readonly asked_at: number;
  readonly last_analysis_at: number | null;
  readonly positives: number;
  readonly total: number;
  readonly state: VerdictState;
  readonly blocked: number;
  readonly permalink: string;
}

const DAY_MS = 86_400_000;

/** The latest answer of VirusTotal about each observable that was asked in the period. Other sources have no count of engines. */
const LATEST = `SELECT max(id) AS id FROM reports WHERE asked_at >= @since AND asked_at <= @now AND source = 'virustotal' GROUP BY observable_id`;
const TOTAL = 'malicious + suspicious + harmless + undetected + timeout';
const FOUND = `reports WHERE id IN (${LATEST}) AND outcome = 'found'`;
const VECTOR = `CASE WHEN substr(key, 1, 3) <> 'ip:' THEN substr(key, 1, instr(key, ':') - 1)
  WHEN instr(substr(key, 4), ':') > 0 THEN 'ipv6' ELSE 'ipv4' END`;

/** What reports show of answers and verdicts. Reads only, and only answers of the period. */
export class ScanPanels {
  readonly #byPositives: Statement<[Named], { positives: number; observables: number }>;
  readonly #ages: Statement<[Named], AnalysisAges>;
  readonly #overTime: Statement<[Named], { at: number; state: VerdictState; n: number }>;
  readonly #vectors: Statement<[Named], { vector: Vector; scanned: number; suspicious: number; malicious: number }>;
  readonly #classes: Statement<[Named], { name: string; observables: number; engines: number }>;
  readonly #rows: Statement<[Named], Row>;
  readonly #count: Statement<[Named], { n: number }>;
  readonly #last: Statement<[Named], { at: number | null }>;

  constructor(db: Sqlite) {
    this.#byPositives = db.prepare(
      `SELECT malicious AS positives, count(*) AS observables FROM ${FOUND} AND ${TOTAL} > 0 GROUP BY malicious ORDER BY malicious`,
    );
    const older = (days: number) => `coalesce(sum(last_analysis_at < @now - ${days * DAY_MS}), 0)`;
    this.#ages = db.prepare(
      `SELECT count(last_analysis_at) - ${older(1)} AS withinDay, ${older(1)} - ${older(7)} AS withinWeek,
         ${older(7)} - ${older(30)} AS withinMonth, ${older(30)} AS older, count(*) - count(last_analysis_at) AS unknown FROM ${FOUND}`,
    );
    this.#overTime = db.prepare(
      `SELECT asked_at - asked_at % @stepMs AS at, coalesce(verdicts.state, 'unasked') AS state, count(*) AS n
       FROM reports LEFT JOIN verdicts USING (observable_id) WHERE asked_at >= @since AND asked_at <= @now AND source = 'virustotal' GROUP BY 1, 2`,
    );
    this.#vectors = db.prepare(
      `SELECT ${VECTOR} AS vector, count(*) AS scanned, sum(state IS 'suspicious') AS suspicious, sum(state IS 'malicious') AS malicious
       FROM (SELECT observable_id FROM ${FOUND}) AS scanned JOIN observables ON observables.id = observable_id
       LEFT JOIN verdicts USING (observable_id) GROUP BY 1 ORDER BY scanned DESC`,
    );
    this.#classes = db.prepare(
      `SELECT lower(json_extract(flag.value, '$.result')) AS name, count(DISTINCT observable_id) AS observables, count(*) AS engines
       FROM (SELECT observable_id, detail FROM ${FOUND} AND malicious + suspicious > 0) AS flagged, json_each(detail, '$.flagged') AS flag
       GROUP BY 1 ORDER BY observables DESC, engines DESC, name LIMIT @limit`,
    );
    this.#rows = db.prepare(
      `SELECT key, asked_at, last_analysis_at, malicious AS positives, ${TOTAL} AS total, reports.permalink,
         coalesce(state, 'unasked') AS state, indicators.observable_id IS NOT NULL AS blocked
       FROM reports JOIN observables ON observables.id = reports.observable_id LEFT JOIN verdicts USING (observable_id)
       LEFT JOIN indicators ON indicators.observable_id = reports.observable_id AND indicators.expires_at > @now
       WHERE reports.id IN (${LATEST}) AND outcome = 'found'
       ORDER BY malicious DESC, asked_at DESC, key LIMIT @limit`,
    );
    this.#count = db.prepare(`SELECT count(*) AS n FROM ${FOUND}`);
    this.#last = db.prepare("SELECT max(asked_at) AS at FROM reports WHERE asked_at <= @now AND source = 'virustotal'");
  }

  /** How many observables each number of accusing engines has, where any engine answered at all. */
  byPositives({ since, now }: PanelRange): readonly { readonly positives: number; readonly observables: number }[] {
    return this.#byPositives.all({ since, now });
  }

  /** How old the analyses are that the answers rest on. */
  ages({ since, now }: PanelRange): AnalysisAges {
    const none = { withinDay: 0, withinWeek: 0, withinMonth: 0, older: 0, unknown: 0 };
    return this.#ages.get({ since, now }) ?? none;
  }

  /** Answers by what their observable is held to be at present; steps without one are left out. */
  overTime({
    since,
    now,
    stepMs,
  }: PanelRange): readonly ({ readonly at: number } & Readonly<Record<VerdictState, number>>)[] {
    const steps = new Map<number, { at: number } & Record<VerdictState, number>>();
    const none = Object.fromEntries(VERDICT_STATES.map((state) => [state, 0])) as Record<VerdictState, number>;
    for (const { at, state, n } of this.#overTime.all({ since, now, stepMs })) {
      const step = steps.get(at) ?? { at, ...none };
      step[state] = n;
      steps.set(at, step);
    }
    return [...steps.values()];
  }

  vectors({
    since,
    now,
  }: PanelRange): readonly { vector: Vector; scanned: number; suspicious: number; malicious: number }[] {
    return this.#vectors.all({ since, now });
  }

  /** What engines called the things they flagged, the most frequent first. */
  classes(
    { since, now }: PanelRange,
    limit: number,
  ): readonly { name: string; observables: number; engines: number }[] {
    return this.#classes.all({ since, now, limit });
  }

  /** Answers with the most accusing engines first, then the latest. */
  rows({ since, now }: PanelRange, limit: number): readonly ScanRow[] {
    return this.#rows.all({ since, now, limit }).map(scanRowOf);
  }

  /** How many rows there are in all. */
  rowCount({ since, now }: PanelRange): number {
    return this.#count.get({ since, now })?.n ?? 0;
  }

  /** When the last answer came, whatever the period; undefined before the first. */
  lastScanAt({ now }: PanelRange): number | undefined {
    return this.#last.get({ now })?.at ?? undefined;
  }
}

/** Values of a statement's named parameters. */
type Named = Readonly<Record<string, number>>;

function scanRowOf(row: Row): ScanRow {
  const { positives, total, state, permalink } = row;
  return {
    observable: observableOfKey(row.key),
    scannedAt: row.asked_at,
    ...(row.last_analysis_at === null ? {} : { lastAnalysisAt: row.last_analysis_at }),
    positives,
    total,
    state,
    blocked: row.blocked === 1,
    permalink,
  };
}
