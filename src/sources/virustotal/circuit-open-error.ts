import { UnavailableError } from '../../core/errors.ts';

/** The source was not asked, because it has just failed several times in a row. */
export class CircuitOpenError extends UnavailableError {
  /** When the next attempt is let through, epoch milliseconds. */
  readonly retryAt: number;

  /** `what` completes "Cannot ..."; `lastFailure` is the message of the failure that opened it. */
  constructor(what: string, retryAt: number, lastFailure: string | undefined) {
    const until = new Date(retryAt).toISOString();
    super(`Cannot ${what}: VirusTotal failed several times in a row, want to wait until ${until}`, {
      hint: lastFailure ?? 'Run "guardian check" and look at the Internet connection of this machine.',
    });
    this.retryAt = retryAt;
  }
}
