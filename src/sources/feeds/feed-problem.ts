import { UnavailableError } from '../../core/errors.ts';

/** A feed brought nothing that may replace its last good version. `retryAt`: its host asked to be left alone until then. */
export class FeedProblem extends UnavailableError {
  readonly retryAt: number | undefined;

  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly hint?: string; readonly retryAt?: number } = {},
  ) {
    super(message, options);
    this.retryAt = options.retryAt;
  }
}
