import { Argument, type Command } from 'commander';
import { EXPORT_FORMATS } from '../api/export.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { clientOf, type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { Printer } from './printer.ts';
import { replaceFile } from './replaced-file.ts';

/** Lists are read by resolvers that run as other users. */
const FILE_MODE = 0o644;

/** `guardian export`. */
export function registerExport(program: Command, io: CliIo): void {
  const command = program
    .command('export')
    .summary('what is blocked, as a list for other programs')
    .description(
      'Prints everything that should be blocked now in the given format: names for resolvers and blockers, rules for Suricata, sets for nftables, or data with sources, ratios and expiry (csv, json).',
    )
    .addArgument(new Argument('<format>', 'the format').choices(EXPORT_FORMATS))
    .option('-o, --output <file>', 'write there instead, replacing it in one step (mode 0644)');
  withHelp(withDaemonOptions(command), {
    daemon: true,
    examples: [
      ['guardian export domains', 'one name a line'],
      ['guardian export rpz --output /etc/bind/guardian.zone', 'a response policy zone for BIND'],
      ["guardian export json | jq '.indicators | length'", 'how much is blocked'],
    ],
  }).action(async (format: string, options: DaemonOptions & { readonly output?: string }) => {
    const text = await clientOf(options, io).askText({ method: 'GET', path: `/v1/export/${format}` });
    if (options.output === undefined) new Printer(io).text(text);
    else replaceFile(options.output, text, FILE_MODE);
  });
}
