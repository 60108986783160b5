import type { Command } from 'commander';
import type { CheckItem } from '../sidecar/check-probes.ts';
import { checkAll } from './check-items.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { EXIT_STATUS, FailedCommand } from './failure.ts';
import { Printer } from './printer.ts';

/** `guardian check`. */
export function registerCheck(program: Command, io: CliIo): void {
  const command = program
    .command('check')
    .summary('whether everything around guardian is as it should be')
    .description(
      'Looks at the configuration, folders, sockets and permissions, Suricata and its command socket, the VirusTotal key and its real allowance (free of charge), the clock, the feeds, Pi-hole, nftables and MySQL where they are configured, and the running daemon. One line each: ok, warn or bad, what was found, and what to do. Changes nothing; with --canary, proves on top that what is published arrives, with a name that means nothing (canary-....guardian.test). Run it as the user of the daemon: permissions are those of whoever asks.',
    )
    .option('--canary', 'let the daemon publish a harmless name everywhere, ask it back and withdraw it')
    .option('--json', 'print one JSON document');
  withHelp(withDaemonOptions(command), {
    daemon: true,
    exit: { 0: 'nothing is bad (warnings do not count)', 1: 'at least one item is bad' },
    examples: [
      ['guardian check', 'with the default configuration'],
      ['guardian check --canary', 'and prove every target'],
      ['sudo -u guardian guardian check --config /etc/guardian/guardian.yaml', 'as the user of the daemon'],
      [`guardian check --json | jq '.items[] | select(.state == "bad")'`, 'what is bad, for a script'],
    ],
  }).action(async (options: DaemonOptions & { readonly json?: boolean; readonly canary?: boolean }) => {
    const items = await checkAll(options, io, options.canary === true);
    const printer = new Printer(io);
    const bad = items.some(({ state }) => state === 'bad');
    if (options.json === true) printer.json({ ok: !bad, items });
    else show(items, printer);
    if (bad) throw new FailedCommand(isConfigBad(items) ? EXIT_STATUS.config : EXIT_STATUS.failed);
  });
}

function isConfigBad(items: readonly CheckItem[]): boolean {
  return items.some(({ name, state }) => name === 'config' && state === 'bad');
}

function show(items: readonly CheckItem[], printer: Printer): void {
  const rows = items.map(({ state, name, found, hint }) => [state, name, found, hint ?? '']);
  printer.table(['state', 'item', 'found', 'hint'], rows);
}
