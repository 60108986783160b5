import { CredentialsError, QuotaError, RefusedError, UnavailableError } from '../core/errors.ts';
import type { Observable } from '../core/observable.ts';
import { urlForDisclosure } from '../core/web-url.ts';
import type { Lane } from './lane.ts';

/** What came of a question. */
export interface Asked {
  readonly at: number;
  readonly source: string;
  readonly observable: Observable;
  readonly lane: Lane;
  readonly outcome: 'found' | 'not_found' | 'quota' | 'unavailable' | 'credentials' | 'refused';
  readonly tookMs: number;
  readonly error: string | undefined;
}

/** What leaves this machine when an observable is asked about: a URL without its query. */
export function sentForm(observable: Observable): string {
  return observable.kind === 'url' ? urlForDisclosure(observable.value) : observable.value;
}

/** What a failed attempt counts as; undefined for a bug. */
export function outcomeOf(error: unknown): Asked['outcome'] | undefined {
  if (error instanceof QuotaError) return 'quota';
  if (error instanceof CredentialsError) return 'credentials';
  if (error instanceof RefusedError) return 'refused';
  return error instanceof UnavailableError ? 'unavailable' : undefined;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
