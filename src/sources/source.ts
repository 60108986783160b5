import type { Observable, ObservableKind } from '../core/observable.ts';
import type { Report } from '../core/report.ts';

/**
 * A service that is asked about one observable at a time. Asking is read-only: no source ever submits anything.
 * Which question may be asked, and when, is decided before (privacy, quota); a source only asks and parses.
 */
export interface Source {
  readonly name: string;
  readonly kinds: ReadonlySet<ObservableKind>;
  /**
   * Asks. "Not there" is a report with outcome `not_found`; everything that is no answer is a throw, and never "clean".
   * One request in flight per observable: a second caller gets the first one's promise.
   * @throws QuotaError, UnavailableError (try later), CredentialsError (stop asking), RefusedError (not this one)
   */
  lookUp(observable: Observable, signal: AbortSignal): Promise<Report>;
}
