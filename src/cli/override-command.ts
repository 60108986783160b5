import { type Command, Option } from 'commander';
import type { OverrideOutcomeDocument } from '../api/publish-document.ts';
import { OVERRIDE_SCOPES, type OverrideScope } from '../core/override.ts';
import type { CliIo } from './cli-io.ts';
import { type CommandHelp, withHelp } from './command-help.ts';
import { clientOf, type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { durationOption } from './duration-option.ts';
import { patternOperand } from './operand.ts';
import { printOverrideOutcome } from './override-outcome.ts';
import { Printer } from './printer.ts';

interface OverrideOptions extends DaemonOptions {
  readonly json?: boolean;
  readonly reason: string;
  readonly for?: string;
  readonly scope: OverrideScope;
}

/** How `block` and `allow` differ. */
export interface OverrideCommand {
  readonly action: 'block' | 'allow';
  readonly summary: string;
  readonly description: string;
  readonly help: CommandHelp;
}

/** Publishing everywhere may take as long as the daemon lets it. */
export const PUBLISH_TIMEOUT_MS = 310_000;

/** What a PATTERN may be, for help texts. */
export const PATTERN_TEXT =
  'domain, "*.domain" (it and everything below it; quote it), address, network (192.0.2.0/24), URL or hash';

/** Registers `block` or `allow`. */
export function registerOverride(
  program: Command,
  io: CliIo,
  { action, summary, description, help }: OverrideCommand,
): void {
  const command = program
    .command(action)
    .summary(summary)
    .description(description)
    .argument('<pattern>', PATTERN_TEXT)
    .option('--reason <text>', 'why; kept and shown wherever the word is', '')
    .option('--for <duration>', 'how long it holds, such as 30m, 7d or 2w (default: until it is forgotten)')
    .addOption(
      new Option('--scope <where>', 'on this sensor only, or on all that share the central database')
        .choices(OVERRIDE_SCOPES)
        .default('sensor'),
    )
    .option('--json', 'print one JSON document');
  withHelp(withDaemonOptions(command), help).action(async (operand: string, options: OverrideOptions) => {
    const pattern = patternOperand(operand);
    const expires_at = options.for === undefined ? undefined : expiryOf(options.for, io.now());
    const body = {
      action,
      pattern: pattern.text,
      reason: options.reason,
      scope: options.scope,
      ...(expires_at === undefined ? {} : { expires_at }),
    };
    const request = { method: 'POST', path: '/v1/overrides', body, timeoutMs: PUBLISH_TIMEOUT_MS } as const;
    const outcome = await clientOf(options, io).ask<OverrideOutcomeDocument>(request);
    const printer = new Printer(io);
    if (options.json === true) return printer.json(outcome);
    const until = expires_at === undefined ? 'until it is forgotten' : `until ${expires_at}`;
    const where = options.scope === 'all' ? ' on all sensors' : '';
    printOverrideOutcome(`${action} ${pattern.text}${where} ${until}`, outcome, printer);
  });
}

function expiryOf(text: string, now: number): string {
  return new Date(now + durationOption('--for', text, '30m, 7d or 2w')).toISOString();
}
