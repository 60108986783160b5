import { OBSERVABLE_KINDS, type Observable, type ObservableKind } from '../core/observable.ts';
import type { FlaggingEngine, Report } from '../core/report.ts';
import type { SqlRow } from './central-connection.ts';

/** Columns of `scans` that make a report. */
export const SCAN_COLUMNS = `kind, value, source, scan_date, outcome, last_analysis_date, positives, suspicious, harmless, undetected,
  total_scans, reputation, permalink, categories, engines, detail`;

/** What is kept of a report besides its columns. */
interface Detail {
  readonly votes?: { readonly harmless: number; readonly malicious: number };
  readonly remarks?: readonly string[];
  readonly created_at?: number;
}

/** The report of a row of `scans`, as the sensor that asked had it; `undefined` where another program wrote something else there. */
export function reportOfScan(row: SqlRow): Report | undefined {
  const kind = OBSERVABLE_KINDS.find((one): one is ObservableKind => one === row.kind);
  if (kind === undefined || (row.outcome !== 'found' && row.outcome !== 'not_found')) return undefined;
  const observable: Observable = { kind, value: String(row.value) };
  try {
    return { observable, source: String(row.source), outcome: row.outcome, ...timesOf(row), ...contentOf(row) };
  } catch {
    return undefined;
  }
}

function contentOf(row: SqlRow): Omit<Report, 'observable' | 'source' | 'outcome' | 'askedAt' | 'lastAnalysisAt'> {
  const detail = JSON.parse(String(row.detail)) as Detail;
  const malicious = Number(row.positives);
  const suspicious = Number(row.suspicious);
  const harmless = Number(row.harmless);
  const undetected = Number(row.undetected);
  return {
    stats: {
      malicious,
      suspicious,
      harmless,
      undetected,
      timeout: Number(row.total_scans) - malicious - suspicious - harmless - undetected,
    },
    flagged: JSON.parse(String(row.engines)) as readonly FlaggingEngine[],
    reputation: Number(row.reputation),
    votes: detail.votes ?? { harmless: 0, malicious: 0 },
    categories: JSON.parse(String(row.categories)) as readonly string[],
    remarks: detail.remarks ?? [],
    permalink: String(row.permalink),
    ...(detail.created_at === undefined ? {} : { createdAt: detail.created_at }),
  };
}

function timesOf(row: SqlRow): Pick<Report, 'askedAt' | 'lastAnalysisAt'> {
  const askedAt = epochMs(row.scan_date);
  return row.last_analysis_date === null ? { askedAt } : { askedAt, lastAnalysisAt: epochMs(row.last_analysis_date) };
}

/** A DATETIME of ours, which is UTC and comes as text. */
function epochMs(text: unknown): number {
  return Date.parse(`${String(text).replace(' ', 'T')}Z`);
}
