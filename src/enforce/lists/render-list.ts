import type { DesiredState, Indicator } from '../../core/indicator.ts';
import type { ListFormat } from './list-format.ts';

/** For lists that are not kept anywhere and so have no earlier serial. */
const FIRST_SERIAL = 1;

/** A whole list: header, one entry per indicator in a stable order, tail. The same indicators and serial give the same bytes. */
export function renderList(format: ListFormat, desired: DesiredState, sensor: string, serial = FIRST_SERIAL): string {
  const indicators = ofKinds(format, desired);
  const parts = [format.head({ sensor, entries: indicators.length, serial })];
  for (const indicator of indicators) parts.push(format.lines(indicator));
  if (format.tail !== undefined) parts.push(format.tail);
  return parts.join('');
}

/** The indicators as one JSON document, for programs. Times are ISO 8601, UTC. */
export function renderJson(desired: DesiredState): string {
  const documents = sorted([...desired.values()]).map((indicator) => ({
    kind: indicator.observable.kind,
    value: indicator.observable.value,
    subdomains: indicator.subdomains,
    source: indicator.source,
    ratio: indicator.ratio,
    strong: indicator.strong,
    since: new Date(indicator.since).toISOString(),
    expires: new Date(indicator.expiresAt).toISOString(),
    permalink: indicator.permalink,
  }));
  return `${JSON.stringify({ indicators: documents }, undefined, 2)}\n`;
}

function ofKinds(format: ListFormat, desired: DesiredState): readonly Indicator[] {
  const indicators = sorted([...desired.values()].filter((indicator) => format.kinds.has(indicator.observable.kind)));
  return format.nearestWins === true ? withoutCovered(indicators) : indicators;
}

function withoutCovered(indicators: readonly Indicator[]): readonly Indicator[] {
  const wide = new Set(indicators.filter((one) => one.subdomains).map((one) => one.observable.value));
  if (wide.size === 0) return indicators;
  return indicators.filter(({ observable: { value } }) => {
    for (let dot = value.indexOf('.'); dot !== -1; dot = value.indexOf('.', dot + 1))
      if (wide.has(value.slice(dot + 1))) return false;
    return true;
  });
}

function sorted(indicators: Indicator[]): Indicator[] {
  return indicators.sort((a, b) => (a.observable.value < b.observable.value ? -1 : 1));
}
