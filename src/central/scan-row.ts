import { OBSERVABLE_KINDS, type Observable, parseObservableOf } from '../core/observable.ts';
import { virusTotalPage } from '../core/permalink.ts';
import { type AnalysisStats, enginesIn, type FlaggingEngine, type Report } from '../core/report.ts';
import { plainText } from '../lib/printable.ts';
import type { SqlRow } from './central-connection.ts';
import type { RowValue } from './upsert.ts';

/** Columns of `scans` that make a report, in the order of `scanValues`. */
export const SCAN_FIELDS = [
  'kind',
  'value',
  'source',
  'scan_date',
  'outcome',
  'last_analysis_date',
  'positives',
  'suspicious',
  'harmless',
  'undetected',
  'total_scans',
  'reputation',
  'permalink',
  'categories',
  'engines',
  'detail',
] as const;

/** What is kept of a report besides its columns. */
interface Detail {
  readonly votes: Report['votes'];
  readonly remarks: readonly string[];
  readonly created_at?: number;
}

// As in an answer of a source: more is somebody's joke.
const MAX_ENGINES = 120;
const MAX_COUNT = 1_000;
const MAX_LIST = 20;
const MAX_NAME = 64;
const MAX_REMARK = 200;
const MAX_SCORE = 1_000_000;
/** Longer than a report of 120 engines can be. */
const MAX_JSON_LENGTH = 64 * 1024;

/** The row of a report, as the outbox sends it too. */
export function scanValues(report: Report): readonly RowValue[] {
  const { observable, stats, votes, remarks, createdAt } = report;
  const detail: Detail = { votes, remarks, ...(createdAt === undefined ? {} : { created_at: createdAt }) };
  return [
    observable.kind,
    observable.value,
    report.source,
    report.askedAt,
    report.outcome,
    report.lastAnalysisAt ?? null,
    stats.malicious,
    stats.suspicious,
    stats.harmless,
    stats.undetected,
    enginesIn(stats),
    report.reputation,
    report.permalink,
    JSON.stringify(report.categories),
    JSON.stringify(report.flagged),
    JSON.stringify(detail),
  ];
}

/**
 * The report of a row of `scans` (with its `sensor`), as the sensor that asked had it; `undefined` for a row that no sensor writes. Whoever
 * can write to the centre can write anything: every value is parsed as if it came from the network.
 */
export function reportOfScan(row: SqlRow): Report | undefined {
  const observable = observableOf(row);
  const { outcome } = row;
  if (observable === undefined || (outcome !== 'found' && outcome !== 'not_found')) return undefined;
  try {
    const stats = statsOf(row);
    const flagged = listOf(row.engines).slice(0, MAX_ENGINES).map(engineOf);
    // Engines are what is judged by: counts without names, or the other way round, are nobody's answer.
    if (flagged.length > stats.malicious + stats.suspicious) return undefined;
    if (stats.malicious + stats.suspicious > 0 && flagged.length === 0) return undefined;
    const source = nameOf(row.source);
    const times = timesOf(row);
    return {
      observable,
      source,
      outcome,
      ...times,
      stats,
      flagged,
      ...detailOf(row.detail),
      reputation: numberOf(row.reputation, -MAX_SCORE, MAX_SCORE),
      categories: textsOf(listOf(row.categories), MAX_NAME),
      permalink: permalinkOf(String(row.permalink), observable, source),
      sensor: nameOf(row.sensor),
    };
  } catch (error) {
    if (error instanceof NotOurs || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A value that no sensor writes. */
class NotOurs extends Error {}

function observableOf(row: SqlRow): Observable | undefined {
  const kind = OBSERVABLE_KINDS.find((one) => one === row.kind);
  if (kind === undefined || typeof row.value !== 'string') return undefined;
  const parsed = parseObservableOf(kind, row.value);
  // A sensor writes the canonical form. Another one would be somebody who wants one name to be taken for another.
  return parsed.ok && parsed.value.value === row.value ? parsed.value : undefined;
}

function statsOf(row: SqlRow): AnalysisStats {
  const of = (value: unknown) => numberOf(value, 0, MAX_COUNT);
  const malicious = of(row.positives);
  const suspicious = of(row.suspicious);
  const harmless = of(row.harmless);
  const undetected = of(row.undetected);
  const timeout = of(of(row.total_scans) - malicious - suspicious - harmless - undetected);
  return { malicious, suspicious, harmless, undetected, timeout };
}

function engineOf(one: unknown): FlaggingEngine {
  const { engine, category, result } = recordOf(one);
  if (category !== 'malicious' && category !== 'suspicious') throw new NotOurs();
  const name = plainText(textOf(engine), MAX_NAME);
  if (name === '') throw new NotOurs();
  return { engine: name, category, result: plainText(textOf(result), MAX_NAME) };
}

function detailOf(text: unknown): Pick<Report, 'votes' | 'remarks' | 'createdAt'> {
  const detail = recordOf(jsonOf(text));
  const votes = recordOf(detail.votes);
  const createdAt = detail.created_at;
  return {
    votes: { harmless: numberOf(votes.harmless, 0, MAX_SCORE), malicious: numberOf(votes.malicious, 0, MAX_SCORE) },
    remarks: textsOf(detail.remarks, MAX_REMARK),
    ...(createdAt === undefined ? {} : { createdAt: numberOf(createdAt, 0, Number.MAX_SAFE_INTEGER) }),
  };
}

// A link is shown to people: only the report pages that our own sources have.
function permalinkOf(text: string, observable: Observable, source: string): string {
  const page = virusTotalPage(observable);
  if (source === 'virustotal')
    return /^https:\/\/www\.virustotal\.com\/gui\/url\/[0-9a-f]{64}$/.test(text) ? text : page;
  return text === `https://www.abuseipdb.com/check/${observable.value}` ? text : '';
}

function timesOf(row: SqlRow): Pick<Report, 'askedAt' | 'lastAnalysisAt'> {
  const askedAt = epochMs(row.scan_date);
  return row.last_analysis_date === null ? { askedAt } : { askedAt, lastAnalysisAt: epochMs(row.last_analysis_date) };
}

/** A DATETIME of ours, which is UTC and comes as text. */
function epochMs(text: unknown): number {
  return numberOf(Date.parse(`${textOf(text).replace(' ', 'T')}Z`), 0, Number.MAX_SAFE_INTEGER);
}

function numberOf(value: unknown, min: number, max: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) throw new NotOurs();
  return number;
}

function nameOf(value: unknown): string {
  const text = textOf(value);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) throw new NotOurs();
  return text;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new NotOurs();
  return value;
}

function textsOf(value: unknown, maxLength: number): readonly string[] {
  if (!Array.isArray(value)) throw new NotOurs();
  return value.slice(0, MAX_LIST).map((one) => plainText(textOf(one), maxLength));
}

function listOf(text: unknown): readonly unknown[] {
  const list = jsonOf(text);
  if (!Array.isArray(list)) throw new NotOurs();
  return list;
}

function jsonOf(text: unknown): unknown {
  const json = textOf(text);
  if (json.length > MAX_JSON_LENGTH) throw new NotOurs();
  return JSON.parse(json);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new NotOurs();
  return value as Readonly<Record<string, unknown>>;
}
