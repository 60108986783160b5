import type { Indicator } from '../../core/indicator.ts';

/** Under this key it stands in `alert.context`. */
export const CONTEXT_KEY = 'guardian';
/** The member by which Suricata knows the entry again. */
export const VALUE_KEY = 'value';
/** Suricata takes at most 1,024 bytes an entry. */
const MAX_BYTES = 1000;

/** What is said of an entry: the verdict, who gave it and where it can be read. Without an indicator, the entry alone. */
export function entryContext(entry: string, indicator: Indicator | undefined): string {
  if (indicator === undefined) return JSON.stringify({ [VALUE_KEY]: entry });
  const { source, ratio, since, permalink } = indicator;
  const verdict = {
    [VALUE_KEY]: entry,
    verdict: 'malicious',
    source: source.slice(0, 64),
    ...(ratio === '' ? {} : { ratio }),
    since: new Date(since).toISOString(),
  };
  const whole = JSON.stringify(permalink === '' ? verdict : { ...verdict, permalink });
  return Buffer.byteLength(whole) <= MAX_BYTES ? whole : JSON.stringify({ [VALUE_KEY]: entry, verdict: 'malicious' });
}
