import type { DesiredState, Indicator } from '../../core/indicator.ts';
import { atOnce, type Steps, sortedInSteps, steps } from '../../lib/gently.ts';
import type { ListFormat, ListHead } from './list-format.ts';

/** For lists that are not kept anywhere and so have no earlier serial. */
const FIRST_SERIAL = 1;

/** A whole list: header, one entry per indicator in a stable order, tail. The same indicators and serial give the same bytes. */
export function renderList(format: ListFormat, desired: DesiredState, sensor: string, serial = FIRST_SERIAL): string {
  return atOnce(listInSteps(format, atOnce(inOrder(desired)), { sensor, serial }));
}

/** The indicators in the order of lists, with pauses. */
export function inOrder(desired: DesiredState): Steps<readonly Indicator[]> {
  return sortedInSteps([...desired.values()], byValue);
}

/** As `renderList`, from what `inOrder` made, with pauses: one list of 100,000 takes a tenth of a second. */
export function* listInSteps(
  format: ListFormat,
  all: readonly Indicator[],
  head: Omit<ListHead, 'entries'>,
): Steps<string> {
  const ofKinds: Indicator[] = [];
  yield* steps(all, (indicator) => {
    if (format.kinds.has(indicator.observable.kind)) ofKinds.push(indicator);
  });
  const indicators = format.nearestWins === true ? withoutCovered(ofKinds) : ofKinds;
  const parts = [format.head({ ...head, entries: indicators.length })];
  yield* steps(indicators, (indicator) => parts.push(format.lines(indicator)));
  if (format.tail !== undefined) parts.push(format.tail);
  return parts.join('');
}

/** The indicators as one JSON document, for programs. Times are ISO 8601, UTC. */
export function renderJson(desired: DesiredState): string {
  const documents = atOnce(inOrder(desired)).map((indicator) => ({
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

function withoutCovered(indicators: readonly Indicator[]): readonly Indicator[] {
  const wide = new Set(indicators.filter((one) => one.subdomains).map((one) => one.observable.value));
  if (wide.size === 0) return indicators;
  return indicators.filter(({ observable: { value } }) => {
    for (let dot = value.indexOf('.'); dot !== -1; dot = value.indexOf('.', dot + 1))
      if (wide.has(value.slice(dot + 1))) return false;
    return true;
  });
}

function byValue(a: Indicator, b: Indicator): number {
  return a.observable.value < b.observable.value ? -1 : 1;
}
