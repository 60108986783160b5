import type { DesiredState, Indicator } from '../../../src/core/indicator.ts';
import { keyOf, parseObservable } from '../../../src/core/observable.ts';
import { virusTotalPage } from '../../../src/core/permalink.ts';

/** 1 May 2026, noon UTC. */
export const SINCE = Date.UTC(2026, 4, 1, 12);

/** An indicator that VirusTotal named with 12 of 92 engines. `*.` before a name means everything below it too. */
export function indicator(text: string, changes: Partial<Indicator> = {}): Indicator {
  const subdomains = text.startsWith('*.');
  const parsed = parseObservable(subdomains ? text.slice(2) : text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.reason}`);
  return {
    observable: parsed.value,
    subdomains,
    source: 'virustotal',
    ratio: '12/92',
    strong: true,
    engines: 12,
    permalink: virusTotalPage(parsed.value),
    since: SINCE,
    expiresAt: SINCE + 7 * 86_400_000,
    ...changes,
  };
}

/** A desired state of indicators, or of the texts of some. */
export function desired(...wanted: readonly (Indicator | string)[]): DesiredState {
  const indicators = wanted.map((one) => (typeof one === 'string' ? indicator(one) : one));
  return new Map(indicators.map((one) => [keyOf(one.observable), one]));
}
