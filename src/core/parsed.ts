/**
 * Outcome of parsing something that came from outside: a core value, or why it was refused.
 * A refusal is ordinary (the network is hostile), so it is a value to count, never a throw.
 */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: RefusalReason };

/** Why a name, address, URL or hash was refused. Used as a metric label, so the set is closed. */
export type RefusalReason =
  | 'empty'
  | 'too_long'
  | 'bad_character'
  | 'bad_label'
  | 'single_label'
  | 'is_address'
  | 'bad_address'
  | 'bad_url'
  | 'bad_scheme'
  | 'bad_hash';

/** Wraps a value that parsed. */
export function accepted<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** Wraps the reason why parsing failed. */
export function refused(reason: RefusalReason): { readonly ok: false; readonly reason: RefusalReason } {
  return { ok: false, reason };
}
