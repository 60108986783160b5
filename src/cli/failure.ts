import { CommanderError } from 'commander';
import { ConfigError, OperatorError, UsageError } from '../core/errors.ts';
import type { CliIo } from './cli-io.ts';
import { printable } from './printable.ts';

/** What a command ends with. 78 is `EX_CONFIG` of sysexits.h. */
export const EXIT_STATUS = { done: 0, failed: 1, usage: 2, config: 78 } as const;

/** A command that has already said all there is to say, and failed. */
export class FailedCommand extends Error {
  readonly status: number;

  constructor(status: number = EXIT_STATUS.failed) {
    super('failed');
    this.status = status;
  }
}

/** Where it is said. */
export interface SayingIo extends Pick<CliIo, 'env'> {
  readonly stderr: { write(text: string): unknown };
}

/** Says on stderr what went wrong: one line for each thing that is wrong, with a hint. */
export function sayError(error: unknown, io: SayingIo): void {
  for (const line of linesOf(error)) io.stderr.write(`guardian: ${printable(line)}\n`);
  if ((io.env.GUARDIAN_DEBUG ?? '') === '' || !(error instanceof Error)) return;
  for (const line of (error.stack ?? '').split('\n')) io.stderr.write(`${printable(line)}\n`);
}

/** The exit status that an error means. Says nothing. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof FailedCommand) return error.status;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_STATUS.done : EXIT_STATUS.usage;
  if (error instanceof ConfigError) return EXIT_STATUS.config;
  if (error instanceof UsageError) return EXIT_STATUS.usage;
  return EXIT_STATUS.failed;
}

/** Whether an error has been said already, by the parser of the command line or by the command itself. */
export function isSaid(error: unknown): boolean {
  return error instanceof CommanderError || error instanceof FailedCommand;
}

// A bad configuration has one line for each bad key; everything else is one line.
function linesOf(error: unknown): readonly string[] {
  if (!(error instanceof OperatorError))
    return [
      `Cannot finish: ${error instanceof Error ? error.message : String(error)} (a bug; GUARDIAN_DEBUG=1 shows where)`,
    ];
  const lines = error instanceof ConfigError ? error.message.split('\n') : [error.message];
  if (error.hint === undefined) return lines;
  const last = lines.at(-1) ?? '';
  return [...lines.slice(0, -1), `${last}${/[.!?]$/.test(last) ? '' : '.'} ${error.hint}`];
}
