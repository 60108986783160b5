import type { Observable } from '../core/observable.ts';
import type { Override } from '../core/override.ts';
import { covers, type Pattern } from '../core/pattern.ts';

/**
 * The word that holds for an observable. The more specific pattern wins (a person who names one host means it); among equals the
 * operator wins over the configuration, a word of this sensor over one of all sensors, and the later word over the earlier.
 */
export function overrideFor(observable: Observable, overrides: readonly Override[]): Override | undefined {
  return inOrder(observable, overrides)[0];
}

/** Where words about an observable differ: who says what on which sensor, and why one of them holds. `undefined` where they agree. */
export function whyHolds(observable: Observable, overrides: readonly Override[]): string | undefined {
  const [holding, ...others] = inOrder(observable, overrides);
  const against = others.find(({ action }) => action !== holding?.action);
  if (holding === undefined || against === undefined) return undefined;
  return `${said(holding)}, and ${said(against)}: the first holds, since ${whyBefore(holding, against)}.`;
}

/** Who said it, where, and what: `an operator on sensor office allows *.example.com on all sensors`. */
export function said({ action, pattern, origin, scope, sensor }: Override): string {
  const who = origin === 'config' ? 'the configuration' : 'an operator';
  const everywhere = scope === 'all' ? ' on all sensors' : '';
  return `${who}${sensor === undefined ? '' : ` on sensor ${sensor}`} ${action}s ${pattern.text}${everywhere}`;
}

function inOrder(observable: Observable, overrides: readonly Override[]): readonly Override[] {
  return overrides
    .filter((override) => covers(override.pattern, observable))
    .sort(
      (a, b) =>
        specificity(b.pattern) - specificity(a.pattern) ||
        Number(a.origin === 'config') - Number(b.origin === 'config') ||
        Number(a.scope === 'all') - Number(b.scope === 'all') ||
        b.createdAt - a.createdAt,
    );
}

function whyBefore(first: Override, second: Override): string {
  if (specificity(first.pattern) !== specificity(second.pattern)) return 'it is more specific';
  if (first.origin !== second.origin) return 'an operator goes before the configuration';
  if (first.scope !== second.scope) return 'a word of this sensor goes before one of all sensors';
  return 'it was said later';
}

// An exact word beats every wildcard, and a longer wildcard beats a shorter one.
function specificity(pattern: Pattern): number {
  if (pattern.kind === 'exact') return Number.MAX_SAFE_INTEGER;
  return pattern.kind === 'below' ? pattern.domain.length : Number(pattern.cidr.split('/')[1]);
}
