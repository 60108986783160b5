import { setTimeout as pause } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { StatusDocument } from '../api/status-facts.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import type { ControlClient } from './control-client.ts';
import { clientOf, type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { sayError } from './failure.ts';
import { Printer } from './printer.ts';
import { statusRows } from './status-rows.ts';

interface StatusOptions extends DaemonOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** How often `--watch` draws anew. */
const WATCH_MS = 2000;

/** `guardian status`. */
export function registerStatus(program: Command, io: CliIo): void {
  const command = program
    .command('status')
    .summary('what the running daemon sees, spends, blocks and cannot see')
    .description(
      'Shows what the running daemon sees (events, what was dropped, how much is lost), spends (lookups of each allowance), blocks (by target, and whether it was proved), and what it cannot see at present, with a hint for each.',
    )
    .option('--json', 'print one JSON document')
    .addOption(
      new Option('--watch', `draw it anew every ${WATCH_MS / 1000} seconds until interrupted`).conflicts('json'),
    );
  withHelp(withDaemonOptions(command), {
    daemon: true,
    examples: [
      ['guardian status', 'once, as a table'],
      ['guardian status --watch', 'stays on the screen; Ctrl-C ends it'],
      ["guardian status --json | jq '.quota'", 'what is left to spend, for a script'],
    ],
  }).action(async (options: StatusOptions) => {
    const client = clientOf(options, io);
    const printer = new Printer(io);
    if (options.watch === true) return watch(client, printer, io);
    const status = await client.ask<StatusDocument>({ method: 'GET', path: '/v1/status' });
    if (options.json === true) printer.json(status);
    else show(status, printer, io.now());
  });
}

function show(status: StatusDocument, printer: Printer, now: number): void {
  printer.table(['what', 'state'], statusRows(status, now));
  if (status.warnings.length === 0) return;
  printer.line();
  printer.heading('What it cannot see or do');
  for (const { text, hint } of status.warnings)
    printer.paragraph(`- ${text}${hint === undefined ? '' : ` ${hint}`}`, 0);
}

async function watch(client: ControlClient, printer: Printer, io: CliIo): Promise<void> {
  while (!io.signal.aborted) {
    try {
      const status = await client.ask<StatusDocument>({ method: 'GET', path: '/v1/status' });
      printer.clear();
      show(status, printer, io.now());
    } catch (error) {
      // A daemon that restarts is what one watches for.
      if (!io.signal.aborted) sayError(error, io);
    }
    await pause(WATCH_MS, undefined, { signal: io.signal }).catch(() => undefined);
  }
}
