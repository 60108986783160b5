/** Options of every error of ours: the cause, and what the operator should run or look at next. */
export interface OperatorErrorOptions {
  readonly cause?: unknown;
  /** One sentence, imperative: `Run "guardian check" as root.` */
  readonly hint?: string;
}

/** An error that was foreseen. Its message stands alone on a line; its hint says what to do. */
export class OperatorError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, options: OperatorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** Bad configuration. Exit status 78 (`EX_CONFIG` of sysexits.h). */
export class ConfigError extends OperatorError {}

/** Wrong usage of a command. Exit status 2. */
export class UsageError extends OperatorError {}

/** Something outside did not answer or answered nonsense; the same call may succeed later. */
export class UnavailableError extends OperatorError {}

/** A hard guard stands against what an operator said. */
export class GuardError extends OperatorError {}

/** An allowance is spent. */
export class QuotaError extends OperatorError {
  /** When asking makes sense again, epoch milliseconds. */
  readonly retryAt: number;
  readonly window: 'minute' | 'day' | 'month' | 'unknown';

  constructor(message: string, options: OperatorErrorOptions & { retryAt: number; window: QuotaError['window'] }) {
    super(message, options);
    this.retryAt = options.retryAt;
    this.window = options.window;
  }
}

/** A source refuses us for good (wrong key, inactive account): stop asking it until a person acts. */
export class CredentialsError extends OperatorError {}

/** A source refuses this one question for good (malformed for it, or not for our kind of key); others may be asked. */
export class RefusedError extends OperatorError {}
