import { MAX_DURATION_MS, parseDuration } from '../config/duration.ts';
import { UsageError } from '../core/errors.ts';

/**
 * The milliseconds of an option that takes a duration, more than none.
 * @throws UsageError with what is wanted.
 */
export function durationOption(option: string, text: string, examples: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  const most = `${MAX_DURATION_MS / 86_400_000}d`;
  throw new UsageError(
    `Cannot read ${option} ${JSON.stringify(text.slice(0, 60))}: no duration, want one such as ${examples}, at most ${most}`,
  );
}
