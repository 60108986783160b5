import { Command } from 'commander';
import type { CliIo } from './cli-io.ts';
import { EXIT_STATUS, exitStatusOf, isSaid, sayError } from './failure.ts';
import { printable } from './printable.ts';

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

type Register = (program: Command, io: CliIo) => void;

// In the order in which a newcomer needs them; the help prints them so. Loaded when they are named: all of them together take longer
// to load than most take to run.
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  demo: async () => (await import('./demo.ts')).registerDemo,
  check: async () => (await import('./check.ts')).registerCheck,
  run: async () => (await import('./run.ts')).registerRun,
  status: async () => (await import('./status.ts')).registerStatus,
  lookup: async () => (await import('./lookup.ts')).registerLookup,
  explain: async () => (await import('./explain.ts')).registerExplain,
  block: async () => (await import('./block.ts')).registerBlock,
  allow: async () => (await import('./allow.ts')).registerAllow,
  forget: async () => (await import('./forget.ts')).registerForget,
  hunt: async () => (await import('./hunt.ts')).registerHunt,
  report: async () => (await import('./report.ts')).registerReport,
  publish: async () => (await import('./publish.ts')).registerPublish,
  export: async () => (await import('./export.ts')).registerExport,
  replay: async () => (await import('./replay.ts')).registerReplay,
  central: async () => (await import('./central.ts')).registerCentral,
  install: async () => (await import('./install.ts')).registerInstall,
  uninstall: async () => (await import('./uninstall.ts')).registerUninstall,
};

/** The command line of guardian: all commands, or one. Every command takes the world from `io`; none touches the process. */
export async function createProgram(io: CliIo, only?: string): Promise<Command> {
  const wanted = only !== undefined && Object.hasOwn(COMMANDS, only) ? [only] : Object.keys(COMMANDS);
  const registers = await Promise.all(wanted.map((name) => COMMANDS[name]?.()));
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
  for (const register of registers) register?.(program, io);
  return program;
}

/**
 * Runs one command line (without the program's name) and returns the exit status: 0 done, 1 failed, 2 wrong usage,
 * 78 bad configuration. What went wrong has been said on stderr. Never throws.
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    const program = await createProgram(io, argv[0]);
    await program.parseAsync([...argv], { from: 'user' });
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
