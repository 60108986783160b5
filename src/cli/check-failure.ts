import { OperatorError } from '../core/errors.ts';
import type { CheckItem } from '../sidecar/check-probes.ts';

/** An item that is bad because looking at it threw. */
export function failedItem(name: string, error: unknown, state: 'warn' | 'bad' = 'bad'): CheckItem {
  const found = error instanceof Error ? error.message : String(error);
  const hint = error instanceof OperatorError ? error.hint : undefined;
  return { state, name, found, ...(hint === undefined ? {} : { hint }) };
}
