import { createHash } from 'node:crypto';
import type { Observable } from '../../core/observable.ts';
import { ENGINES, FLAGGING_ORDER } from './virustotal-engines.ts';
import type { StandInReport } from './virustotal-stand-in-answer.ts';

const DAY_MS = 86_400_000;

/** Results of ninety engines are the bulk of an object and depend on the counts alone. */
const resultsByCounts = new Map<string, string>();
const MAX_CACHED = 1_000;

interface Counts {
  readonly malicious: number;
  readonly suspicious: number;
  readonly timeout: number;
  readonly undetected: number;
  readonly harmless: number;
}

/** The JSON text of `GET /domains/{domain}` and its like, in the shape of the real one. `now` dates what is not dated. */
export function objectJson(observable: Observable, report: StandInReport, now: number, apiUrl: string): string {
  const counts = countsOf(report);
  const analysedAt = report.lastAnalysisAt ?? now - DAY_MS;
  const { type, id, own } = identityOf(observable, now);
  const attributes = {
    ...own,
    ...(report.createdAt === undefined ? {} : { creation_date: seconds(report.createdAt) }),
    ...(report.crowdsourcedContext === undefined ? {} : { crowdsourced_context: report.crowdsourcedContext }),
    categories: report.categories ?? {},
    last_analysis_date: seconds(analysedAt),
    last_analysis_stats: counts,
    last_modification_date: seconds(analysedAt) + 3,
    reputation: report.reputation ?? 0,
    tags: [],
    total_votes: report.votes ?? { harmless: 0, malicious: 0 },
  };
  const self = `${apiUrl}/${type === 'file' ? 'files' : type === 'ip_address' ? 'ip_addresses' : `${type}s`}/${id}`;
  const head = JSON.stringify({ id, type, links: { self } }).slice(0, -1);
  const rest = JSON.stringify(attributes).slice(0, -1);
  return `{"data":${head},"attributes":${rest},"last_analysis_results":${resultsJson(report, counts)}}}}`;
}

function countsOf(report: StandInReport): Counts {
  const { malicious, suspicious = 0, timeout = 0, engines = ENGINES.length } = report;
  const silent = Math.max(0, engines - malicious - suspicious - timeout);
  const undetected = Math.min(silent, report.undetected ?? Math.floor(silent / 3));
  return { malicious, suspicious, timeout, undetected, harmless: silent - undetected };
}

function resultsJson(report: StandInReport, counts: Counts): string {
  const key = JSON.stringify([counts, report.flaggedBy ?? []]);
  const cached = resultsByCounts.get(key);
  if (cached !== undefined) return cached;
  const made = JSON.stringify(resultsOf(report.flaggedBy ?? [], counts));
  if (resultsByCounts.size >= MAX_CACHED) resultsByCounts.clear();
  resultsByCounts.set(key, made);
  return made;
}

function resultsOf(flaggedBy: readonly string[], counts: Counts): Record<string, object> {
  const names = [...new Set([...flaggedBy, ...FLAGGING_ORDER, ...ENGINES])];
  const results: [string, object][] = [];
  const take = (category: keyof Counts, verdicts: readonly (string | null)[]) => {
    for (let nth = 0; nth < counts[category]; nth += 1) {
      const engine_name = names[results.length] ?? `Engine ${results.length + 1}`;
      const result = verdicts[nth % verdicts.length] ?? null;
      results.push([engine_name, { method: 'blacklist', engine_name, category, result }]);
    }
  };
  take('malicious', ['malware', 'malicious', 'phishing']);
  take('suspicious', ['suspicious']);
  take('timeout', ['timeout']);
  take('harmless', ['clean']);
  take('undetected', ['unrated']);
  return Object.fromEntries(results.sort(([one], [other]) => one.localeCompare(other)));
}

function identityOf({ kind, value }: Observable, now: number): { type: string; id: string; own: object } {
  switch (kind) {
    case 'domain':
      return { type: 'domain', id: value, own: { tld: value.slice(value.lastIndexOf('.') + 1), whois: '' } };
    case 'ip':
      return { type: 'ip_address', id: value, own: { asn: 64_500, as_owner: 'A network', country: 'US', whois: '' } };
    case 'url':
      return {
        type: 'url',
        id: sha256(value),
        own: { url: value, last_final_url: value, times_submitted: 1, first_submission_date: seconds(now - DAY_MS) },
      };
    case 'file':
      return {
        type: 'file',
        id: value.length === 64 ? value : sha256(value),
        own: hashesOf(value),
      };
  }
}

function hashesOf(asked: string): object {
  const sha1 = asked.length === 40 ? asked : createHash('sha1').update(asked).digest('hex');
  const md5 = asked.length === 32 ? asked : createHash('md5').update(asked).digest('hex');
  return { sha256: asked.length === 64 ? asked : sha256(asked), sha1, md5, size: 73_802, names: [] };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function seconds(epochMs: number): number {
  return Math.floor(epochMs / 1000);
}
