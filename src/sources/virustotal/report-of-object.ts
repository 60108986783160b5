import { parseDomainName } from '../../core/domain-name.ts';
import { UnavailableError } from '../../core/errors.ts';
import { parseIpAddress } from '../../core/ip-address.ts';
import { keyOf, type Observable, type ObservableKind } from '../../core/observable.ts';
import { virusTotalPage } from '../../core/permalink.ts';
import type { AnalysisStats, FlaggingEngine, Report } from '../../core/report.ts';
import { hostOfUrl, parseWebUrl } from '../../core/web-url.ts';
import { FixedShape } from '../../lib/fixed-shape.ts';
import { plainText } from '../../lib/printable.ts';
import { API_OBJECT_SCHEMA, type ApiObject, type Attributes } from './api-object.ts';
import { urlId } from './object-path.ts';

/** VirusTotal runs fewer than a hundred engines; more flags than this are somebody's joke. */
const MAX_ENGINES = 120;
const MAX_CATEGORIES = 20;
const MAX_REMARKS = 10;
const MAX_NAME = 64;
const MAX_REMARK = 200;
/** 2100-01-01 in seconds: a later time is milliseconds by mistake, or nonsense. */
const LAST_SECOND = 4_102_444_800;

const API_OBJECT = new FixedShape<ApiObject>(API_OBJECT_SCHEMA);

const TYPE_OF: Record<ObservableKind, string> = { domain: 'domain', ip: 'ip_address', url: 'url', file: 'file' };

/**
 * Parses the answer to a question about `observable` into a report. Kept are the counts, the engines that flagged it
 * and a few scalars; the rest of the twenty kilobytes is not. Every text kept is bounded printable ASCII.
 *
 * @throws UnavailableError when the answer is not such an object, has no counts, or is about something else.
 */
export function reportOfObject(json: unknown, observable: Observable, askedAt: number): Report {
  if (!API_OBJECT.fits(json)) throw invalid(observable, reasonOf(API_OBJECT.fault));
  const { id, type, attributes } = json.data;
  if (type !== TYPE_OF[observable.kind]) throw invalid(observable, `it is about a ${plainText(type, MAX_NAME)}`);
  if (!isAbout(observable, id, attributes)) throw invalid(observable, `it is about "${plainText(id, MAX_NAME)}"`);
  const results = attributes.last_analysis_results;
  const stats = statsOf(attributes);
  if (results === undefined && stats.malicious + stats.suspicious > 0) throw invalid(observable, 'it names no engine');
  return {
    observable,
    source: 'virustotal',
    outcome: 'found',
    askedAt,
    ...timeField('lastAnalysisAt', attributes.last_analysis_date),
    stats,
    flagged: flaggedOf(results ?? {}),
    reputation: attributes.reputation ?? 0,
    votes: { harmless: attributes.total_votes?.harmless ?? 0, malicious: attributes.total_votes?.malicious ?? 0 },
    categories: categoriesOf(attributes.categories),
    remarks: remarksOf(attributes.crowdsourced_context),
    ...timeField('createdAt', attributes.creation_date),
    permalink: permalinkOf(observable, id),
  };
}

/** `confirmed-timeout` is a timeout; engines that failed or do not know the type gave no answer and are not counted. */
function statsOf({ last_analysis_stats: stats }: Attributes): AnalysisStats {
  return {
    malicious: stats.malicious ?? 0,
    suspicious: stats.suspicious ?? 0,
    harmless: stats.harmless ?? 0,
    undetected: stats.undetected ?? 0,
    timeout: (stats.timeout ?? 0) + (stats['confirmed-timeout'] ?? 0),
  };
}

function flaggedOf(results: NonNullable<Attributes['last_analysis_results']>): readonly FlaggingEngine[] {
  const flagged: FlaggingEngine[] = [];
  for (const [name, { category, result }] of Object.entries(results)) {
    if (category !== 'malicious' && category !== 'suspicious') continue;
    const engine = plainText(name, MAX_NAME);
    if (engine !== '') flagged.push({ engine, category, result: plainText(result || category, MAX_NAME) });
    if (flagged.length === MAX_ENGINES) break;
  }
  return flagged;
}

function categoriesOf(categories: Attributes['categories']): readonly string[] {
  const names = Object.values(categories ?? {}).filter((value) => typeof value === 'string');
  const distinct = new Set(names.map((name) => plainText(name, MAX_NAME)));
  distinct.delete('');
  return [...distinct].slice(0, MAX_CATEGORIES);
}

function remarksOf(context: Attributes['crowdsourced_context']): readonly string[] {
  const remarks: string[] = [];
  for (const remark of context ?? []) {
    const parts = [remark.source, remark.severity, remark.title, remark.details];
    const text = parts.filter((part) => typeof part === 'string' && part !== '').join(': ');
    if (text !== '') remarks.push(plainText(text, MAX_REMARK));
    if (remarks.length === MAX_REMARKS) break;
  }
  return remarks;
}

function timeField<Name extends string>(name: Name, seconds: unknown): { readonly [N in Name]?: number } {
  const usable = typeof seconds === 'number' && seconds > 0 && seconds < LAST_SECOND;
  return (usable ? { [name]: Math.round(seconds * 1000) } : {}) as { readonly [N in Name]?: number };
}

function isAbout({ kind, value }: Observable, id: string, attributes: Attributes): boolean {
  switch (kind) {
    case 'domain':
      return canonical(parseDomainName(id)) === value;
    case 'ip':
      return canonical(parseIpAddress(id)) === value;
    case 'url':
      return (isSha256(id) || id === urlId(value)) && isSameHost(attributes.url, value);
    case 'file':
      return isSha256(id) && isSameFile(attributes, id, value);
  }
}

/** VirusTotal canonicalises a URL in its own way, but never into another host's. */
function isSameHost(url: unknown, asked: string): boolean {
  if (typeof url !== 'string') return true;
  const parsed = parseWebUrl(url);
  return !parsed.ok || hostOfUrl(parsed.value) === hostOfUrl(asked);
}

function isSameFile({ md5, sha1 }: Attributes, sha256: string, asked: string): boolean {
  const hash = asked.length === 64 ? sha256 : asked.length === 40 ? sha1 : md5;
  return typeof hash !== 'string' || hash.toLowerCase() === asked;
}

function permalinkOf(observable: Observable, id: string): string {
  // Its own identifier is better than ours: we do not know how it canonicalised the URL.
  if (observable.kind === 'url' && isSha256(id)) return `https://www.virustotal.com/gui/url/${id}`;
  return virusTotalPage(observable);
}

function isSha256(id: string): boolean {
  return /^[0-9a-f]{64}$/.test(id);
}

function canonical(parsed: { readonly ok: boolean; readonly value?: string }): string | undefined {
  return parsed.ok ? parsed.value : undefined;
}

function reasonOf(fault: (typeof API_OBJECT)['fault']): string {
  return plainText(`${fault?.instancePath || 'its body'} ${fault?.message ?? 'is wrong'}`, MAX_REMARK);
}

function invalid(observable: Observable, is: string): UnavailableError {
  return new UnavailableError(
    `Cannot read the report of ${keyOf(observable)}: ${is}, want a report of VirusTotal about it`,
  );
}
