import type { Command } from 'commander';
import type { PublishDocument } from '../api/publish-document.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { clientOf, type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { FailedCommand } from './failure.ts';
import { PUBLISH_TIMEOUT_MS } from './override-command.ts';
import { isFailed, printTargets } from './override-outcome.ts';
import { Printer } from './printer.ts';

interface PublishOptions extends DaemonOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** `guardian publish`. */
export function registerPublish(program: Command, io: CliIo): void {
  const command = program
    .command('publish')
    .summary('drive every target to the desired state now')
    .description(
      'Drives every target (Suricata, lists, and what else is configured) to what should be published, and asks each back. The daemon does so by itself; this is for after a repair. With --dry-run nothing is changed: the difference is shown, and for each new block the devices that used the name in the past 7 days.',
    )
    .option('--dry-run', 'only show what would change')
    .option('--json', 'print one JSON document');
  withHelp(withDaemonOptions(command), {
    daemon: true,
    exit: { 1: 'failed, or something wanted is not in place at a target' },
    examples: [
      ['guardian publish --dry-run', 'what would change, and whom a new block would hit'],
      ['guardian publish', 'changes it'],
    ],
  }).action(async (options: PublishOptions) => {
    const body = { dry_run: options.dryRun ?? false };
    const request = { method: 'POST', path: '/v1/publish', body, timeoutMs: PUBLISH_TIMEOUT_MS } as const;
    const outcome = await clientOf(options, io).ask<PublishDocument>(request);
    const printer = new Printer(io);
    if (options.json === true) printer.json(outcome);
    else show(outcome, printer);
    if (outcome.targets.some(isFailed)) throw new FailedCommand();
  });
}

function show(outcome: PublishDocument, printer: Printer): void {
  printTargets(outcome.targets, printer);
  if (!outcome.dry_run) return;
  const changes = outcome.targets.flatMap(({ target, added, removed }) => [
    ...added.map((observable) => [target, 'add', observable]),
    ...removed.map((observable) => [target, 'remove', observable]),
  ]);
  if (changes.length > 0) printer.table(['target', 'change', 'observable'], changes);
  const hits = outcome.would_hit ?? [];
  if (hits.length === 0) return;
  const rows = hits.map(({ observable, devices }) => [observable, String(devices.length), devices.join(' ')]);
  printer.table(['new block', 'devices in 7 days', 'which'], rows);
}
