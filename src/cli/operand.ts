import { UsageError } from '../core/errors.ts';
import { type Observable, parseObservable } from '../core/observable.ts';
import type { Parsed } from '../core/parsed.ts';
import { type Pattern, parsePattern } from '../core/pattern.ts';

/** The observable a person typed. @throws UsageError */
export function observableOperand(text: string): Observable {
  return parsedOrThrow(text, parseObservable(text), 'a domain, an IP address, an http(s) URL or a hash');
}

/** The pattern a person typed. @throws UsageError */
export function patternOperand(text: string): Pattern {
  return parsedOrThrow(text, parsePattern(text), 'a domain, "*.domain", an address, a network, a URL or a hash');
}

function parsedOrThrow<T>(text: string, parsed: Parsed<T>, want: string): T {
  if (parsed.ok) return parsed.value;
  const shown = JSON.stringify(text.slice(0, MAX_SHOWN));
  throw new UsageError(`Cannot read ${shown}: ${parsed.reason.replaceAll('_', ' ')}, want ${want}`, {
    hint: 'Run "guardian help" for examples.',
  });
}

/** Longer operands are cut in messages. */
const MAX_SHOWN = 120;
