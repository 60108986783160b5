import { type Observable, parseObservable } from '../core/observable.ts';
import type { RefusalReason } from '../core/parsed.ts';
import { type Pattern, parsePattern } from '../core/pattern.ts';
import { ApiError } from './api-error.ts';

/** What is wrong with a refused text, as a phrase after "it". */
const REFUSALS: Readonly<Record<RefusalReason, string>> = {
  empty: 'is empty',
  too_long: 'is too long',
  bad_character: 'has a character that no name has',
  bad_label: 'has a label that is empty or over 63 characters',
  single_label: 'is a single label without a dot',
  is_address: 'ends like an address and is none',
  bad_address: 'is no address',
  bad_url: 'is no URL',
  bad_scheme: 'is neither http nor https',
  bad_hash: 'is no hash',
};

const WANT = 'want a domain, an IP address, an http(s) URL or a hash';

/**
 * The observable that a person wrote.
 * @throws ApiError 400 that names the reason; the text itself is repeated only as JSON escapes it.
 */
export function observableOfText(text: string): Observable {
  const parsed = parseObservable(text);
  if (parsed.ok) return parsed.value;
  throw refusal('bad_observable', text, parsed.reason, WANT);
}

/** The pattern that a person wrote. @throws ApiError 400 */
export function patternOfText(text: string): Pattern {
  const parsed = parsePattern(text);
  if (parsed.ok) return parsed.value;
  throw refusal('bad_pattern', text, parsed.reason, `${WANT}, "*.domain" or a network`);
}

/** What is wrong with a refused text: `is a single label without a dot`. */
export function refusalText(reason: RefusalReason): string {
  return REFUSALS[reason];
}

function refusal(code: string, text: string, reason: RefusalReason, want: string): ApiError {
  const shown = JSON.stringify(text.slice(0, MAX_SHOWN));
  return new ApiError(400, code, `Cannot read ${shown}: it ${refusalText(reason)} (${reason}), ${want}`, HINT);
}

/** Longer texts are cut in messages. */
const MAX_SHOWN = 120;
const HINT = 'In a path, percent-encode it: "https%3A%2F%2Fexample.com%2F".';
