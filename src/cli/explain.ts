import type { Command } from 'commander';
import type { ExplanationDocument } from '../api/explanation.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { clientOf, type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { printExplanation } from './explanation-text.ts';
import { observableOperand } from './operand.ts';
import { Printer } from './printer.ts';

/** `guardian explain`. */
export function registerExplain(program: Command, io: CliIo): void {
  const command = program
    .command('explain')
    .summary('the whole story of an observable')
    .description(
      'Tells the whole story of an OBSERVABLE: a summary for people, who saw it, every report and the engines that flag it, the reasons and the line of policy that decided, where it is published and whether that was proved, until when, the alerts it raised, and when it was sent to whom. Asks nobody.',
    )
    .argument('<observable>', 'domain, IPv4 or IPv6 address, URL (http:// or https://), MD5, SHA-1 or SHA-256')
    .option('--json', 'print one JSON document');
  withHelp(withDaemonOptions(command), {
    daemon: true,
    examples: [
      ['guardian explain storage.googleapis.com', 'why one engine of 92 is no reason to block it'],
      ["guardian explain --json example.com | jq '.verdict.reasons'", 'the steps of the judgement, for a script'],
    ],
  }).action(async (operand: string, options: DaemonOptions & { readonly json?: boolean }) => {
    const observable = observableOperand(operand);
    const path = `/v1/explain/${encodeURIComponent(observable.value)}`;
    const story = await clientOf(options, io).ask<ExplanationDocument>({ method: 'GET', path });
    const printer = new Printer(io);
    if (options.json === true) printer.json(story);
    else printExplanation(story, printer);
  });
}
