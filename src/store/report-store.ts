import type { Statement } from 'better-sqlite3';
import type { Observable } from '../core/observable.ts';
import type { FlaggingEngine, Report } from '../core/report.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

interface Row {
  readonly source: string;
  readonly outcome: 'found' | 'not_found';
  readonly asked_at: number;
  readonly last_analysis_at: number | null;
  readonly malicious: number;
  readonly suspicious: number;
  readonly harmless: number;
  readonly undetected: number;
  readonly timeout: number;
  readonly reputation: number;
  readonly permalink: string;
  readonly detail: string;
  readonly origin: string | null;
}

/** The part of a report that is read whole and never searched. */
interface Detail {
  readonly flagged: readonly FlaggingEngine[];
  readonly votes: { readonly harmless: number; readonly malicious: number };
  readonly categories: readonly string[];
  readonly remarks: readonly string[];
  readonly created_at?: number;
}

const COLUMNS =
  'source, outcome, asked_at, last_analysis_at, malicious, suspicious, harmless, undetected, timeout, reputation, permalink, detail, origin';

/** The table `reports`: every answer ever got, none overwritten. */
export class ReportStore {
  readonly #observables: ObservableStore;
  readonly #insert: Statement;
  readonly #all: Statement<[number], Row>;
  readonly #latest: Statement<[number], Row>;
  readonly #since: Statement<[number, number], { n: number }>;
  readonly #lastAsked: Statement<[number, string], { at: number | null }>;
  readonly #prune: Statement;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.#observables = observables;
    this.#insert = db.prepare(
      `INSERT INTO reports (observable_id, ${COLUMNS}, origin_asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#lastAsked = db.prepare(
      'SELECT max(coalesce(origin_asked_at, asked_at)) AS at FROM reports WHERE observable_id = ? AND source = ?',
    );
    this.#all = db.prepare(`SELECT ${COLUMNS} FROM reports WHERE observable_id = ? ORDER BY asked_at DESC LIMIT 200`);
    this.#latest = db.prepare(
      `SELECT ${COLUMNS} FROM reports AS r WHERE observable_id = ? AND id = (
         SELECT id FROM reports WHERE observable_id = r.observable_id AND source = r.source ORDER BY asked_at DESC, id DESC LIMIT 1)`,
    );
    this.#since = db.prepare('SELECT count(*) AS n FROM reports WHERE observable_id = ? AND asked_at >= ?');
    this.#prune = db.prepare(
      `DELETE FROM reports WHERE observable_id BETWEEN ? AND ? AND asked_at < ? AND EXISTS (SELECT 1 FROM reports AS later
         WHERE later.observable_id = reports.observable_id AND later.source = reports.source AND later.id > reports.id)`,
    );
  }

  /** Keeps a report. Returns the row number of its observable. */
  keep(report: Report): number {
    return this.#keep(report, report.askedAt, null);
  }

  /**
   * Keeps a report of another sensor that came at `now`. Passes over one that is no news: it was kept already, or a later answer was.
   * Returns whether it was kept.
   */
  takeOver(report: Report, now: number): boolean {
    const last = this.lastAskedAt(report.observable, report.source);
    if (last !== undefined && last >= report.askedAt) return false;
    this.#keep(report, Math.min(report.askedAt, now), report.askedAt);
    return true;
  }

  /** When the latest kept answer of a source was asked, by the clock of the sensor that asked. */
  lastAskedAt(observable: Observable, source: string): number | undefined {
    const stored = this.#observables.find(observable);
    return stored === undefined ? undefined : (this.#lastAsked.get(stored.id, source)?.at ?? undefined);
  }

  #keep(report: Report, askedAt: number, originAskedAt: number | null): number {
    const { id } = this.#observables.idOf(`${report.observable.kind}:${report.observable.value}`, askedAt);
    const { stats } = report;
    this.#insert.run(
      id,
      report.source,
      report.outcome,
      askedAt,
      report.lastAnalysisAt ?? null,
      stats.malicious,
      stats.suspicious,
      stats.harmless,
      stats.undetected,
      stats.timeout,
      report.reputation,
      report.permalink,
      JSON.stringify(detailOf(report)),
      report.sensor ?? null,
      originAskedAt,
    );
    return id;
  }

  /** All reports about an observable, the latest first. */
  history(observable: Observable): readonly Report[] {
    const stored = this.#observables.find(observable);
    return stored === undefined ? [] : this.#all.all(stored.id).map((row) => reportOf(observable, row));
  }

  /** The latest report of each source. */
  latest(observable: Observable): readonly Report[] {
    const stored = this.#observables.find(observable);
    return stored === undefined ? [] : this.#latest.all(stored.id).map((row) => reportOf(observable, row));
  }

  /** How many answers about an observable were got at or after `since`. */
  answersSince(observable: Observable, since: number): number {
    const stored = this.#observables.find(observable);
    return stored === undefined ? 0 : (this.#since.get(stored.id, since)?.n ?? 0);
  }

  /** Deletes reports asked before `before` about observables of a range of row numbers, but never the latest of a source. */
  prune(before: number, fromId: number, toId: number): number {
    return this.#prune.run(fromId, toId, before).changes;
  }
}

function detailOf(report: Report): Detail {
  const { flagged, votes, categories, remarks, createdAt } = report;
  return { flagged, votes, categories, remarks, ...(createdAt === undefined ? {} : { created_at: createdAt }) };
}

function reportOf(observable: Observable, row: Row): Report {
  const detail = JSON.parse(row.detail) as Detail;
  return {
    observable,
    source: row.source,
    outcome: row.outcome,
    askedAt: row.asked_at,
    ...(row.last_analysis_at === null ? {} : { lastAnalysisAt: row.last_analysis_at }),
    stats: {
      malicious: row.malicious,
      suspicious: row.suspicious,
      harmless: row.harmless,
      undetected: row.undetected,
      timeout: row.timeout,
    },
    flagged: detail.flagged,
    reputation: row.reputation,
    votes: detail.votes,
    categories: detail.categories,
    remarks: detail.remarks,
    ...(detail.created_at === undefined ? {} : { createdAt: detail.created_at }),
    permalink: row.permalink,
    ...(row.origin === null ? {} : { sensor: row.origin }),
  };
}
