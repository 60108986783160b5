import type { Command } from 'commander';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { runDemo } from './demo/demo-run.ts';

/** `guardian demo`. */
export function registerDemo(program: Command, io: CliIo): void {
  const command = program
    .command('demo')
    .summary('the whole loop on this machine')
    .description(
      'Shows the whole loop on this machine, without a key and without touching anything: the real daemon in a folder of its own, events through the real unix socket (from real Suricata reading the bundled capture when it is installed, else from the recording of that same run), a small stand-in for VirusTotal on loopback, the rules and lists that come of it, and the alerts they raise. Stays up for exploring until Ctrl-C.',
    )
    .option('--once', 'end when the loop was proved (status 0), or was not (status 1)')
    .option('--data-dir <dir>', 'keep everything here; the default is a fresh folder that is removed at the end');
  withHelp(command, {
    examples: [
      ['guardian demo', 'watch it, then explore it from another terminal'],
      ['guardian demo --once', 'a proof, for a script'],
    ],
  }).action(async ({ once, dataDir }: { once?: boolean; dataDir?: string }) => {
    await runDemo({ io, once: once ?? false, ...(dataDir === undefined ? {} : { dataDir }) });
  });
}
