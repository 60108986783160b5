import { Command } from 'commander';
import { registerAllow } from './allow.ts';
import { registerBlock } from './block.ts';
import { registerCentral } from './central.ts';
import { registerCheck } from './check.ts';
import type { CliIo } from './cli-io.ts';
import { registerDemo } from './demo.ts';
import { registerExplain } from './explain.ts';
import { registerExport } from './export.ts';
import { EXIT_STATUS, exitStatusOf, isSaid, sayError } from './failure.ts';
import { registerForget } from './forget.ts';
import { registerHunt } from './hunt.ts';
import { registerInstall } from './install.ts';
import { registerLookup } from './lookup.ts';
import { printable } from './printable.ts';
import { registerPublish } from './publish.ts';
import { registerReplay } from './replay.ts';
import { registerReport } from './report.ts';
import { registerRun } from './run.ts';
import { registerStatus } from './status.ts';
import { registerUninstall } from './uninstall.ts';

const AFTER = `
"guardian help COMMAND" tells each command's options, exit status and examples.

Exit status:
  0   done
  1   failed; stderr says why and what to do
  2   wrong usage
  78  bad configuration

Examples:
  guardian demo
      the whole loop on this machine, with nothing installed and no key
  guardian run --config /etc/guardian/guardian.yaml
      the daemon, in the foreground
  guardian explain storage.googleapis.com
      the whole story of a name`;

/** The command line of guardian. Every command takes the world from `io`; none touches the process. */
export function createProgram(io: CliIo): Command {
  const program = new Command('guardian')
    .description(
      'Hears every name on your network, looks up the ones that are worth it, blocks little, and can explain and undo all of it.',
    )
    .version(io.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', AFTER)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // The parser says "error: ..." and a suggestion on a second line.
      outputError: (text, write) => write(`guardian: ${printable(text.replace(/^error: /, '').trim())}\n`),
      getOutHelpWidth: () => helpWidth(io.stdout.columns),
      getErrHelpWidth: () => helpWidth(io.stderr.columns),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  // In the order in which a newcomer needs them; the help prints them so.
  registerDemo(program, io);
  registerCheck(program, io);
  registerRun(program, io);
  registerStatus(program, io);
  registerLookup(program, io);
  registerExplain(program, io);
  registerBlock(program, io);
  registerAllow(program, io);
  registerForget(program, io);
  registerHunt(program, io);
  registerReport(program, io);
  registerPublish(program, io);
  registerExport(program, io);
  registerReplay(program, io);
  registerCentral(program, io);
  registerInstall(program, io);
  registerUninstall(program, io);
  return program;
}

/**
 * Runs one command line (without the program's name) and returns the exit status: 0 done, 1 failed, 2 wrong usage,
 * 78 bad configuration. What went wrong has been said on stderr. Never throws.
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    await createProgram(io).parseAsync([...argv], { from: 'user' });
    return EXIT_STATUS.done;
  } catch (error) {
    if (!isSaid(error)) sayError(error, io);
    return exitStatusOf(error);
  }
}

const MAX_HELP_WIDTH = 100;

function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? 80, MAX_HELP_WIDTH);
}
