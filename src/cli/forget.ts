import type { Command } from 'commander';
import type { OverrideOutcomeDocument } from '../api/publish-document.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { clientOf, type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { patternOperand } from './operand.ts';
import { PATTERN_TEXT, PUBLISH_TIMEOUT_MS } from './override-command.ts';
import { printOverrideOutcome } from './override-outcome.ts';
import { Printer } from './printer.ts';

/** `guardian forget`. */
export function registerForget(program: Command, io: CliIo): void {
  const command = program
    .command('forget')
    .summary('take a block or allow back, everywhere')
    .description(
      'Takes back what was said about PATTERN with "guardian block" or "guardian allow", and undoes it at every target at once: from then on the policy decides again. A word for all sensors is taken back on all of them, wherever it was said. The pattern must be the one that was given then, not merely be covered by it.',
    )
    .argument('<pattern>', PATTERN_TEXT)
    .option('--json', 'print one JSON document');
  withHelp(withDaemonOptions(command), {
    daemon: true,
    exit: { 1: 'failed, or nothing was said about the pattern, or a target could not be driven' },
    examples: [
      ['guardian forget bad.example.com', 'takes a block or an allow back'],
      ["guardian forget '*.example.com'", 'the pattern as it was given'],
    ],
  }).action(async (operand: string, options: DaemonOptions & { readonly json?: boolean }) => {
    const { text } = patternOperand(operand);
    const path = `/v1/overrides?pattern=${encodeURIComponent(text)}`;
    const request = { method: 'DELETE', path, timeoutMs: PUBLISH_TIMEOUT_MS } as const;
    const outcome = await clientOf(options, io).ask<OverrideOutcomeDocument>(request);
    const printer = new Printer(io);
    if (options.json === true) printer.json(outcome);
    else printOverrideOutcome(`forgotten: ${text}`, outcome, printer);
  });
}
