import type { Command } from 'commander';

/** What the help of a command says below its options. */
export interface CommandHelp {
  /** Exit statuses beyond the general ones, or instead of them: `0` and what it means here. */
  readonly exit?: Readonly<Record<number, string>>;
  /** A command line and what it does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** What else a user should know: paragraphs. */
  readonly notes?: readonly string[];
  /** Whether the command reads GUARDIAN_SOCKET. */
  readonly daemon?: boolean;
}

const EXIT: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed; stderr says why and what to do',
  2: 'wrong usage',
  78: 'bad configuration',
};

/** Adds notes, environment, exit status and examples to a command's help. */
export function withHelp(command: Command, help: CommandHelp): Command {
  const sections = [...(help.notes ?? []).map((note) => note.trim())];
  if (help.daemon === true) sections.push(ENVIRONMENT);
  const exits = Object.entries({ ...EXIT, ...help.exit }).map(([status, what]) => `  ${status.padEnd(4)}${what}`);
  sections.push(['Exit status:', ...exits].join('\n'));
  sections.push(['Examples:', ...help.examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`])].join('\n'));
  return command.addHelpText('after', `\n${sections.join('\n\n')}`);
}

const ENVIRONMENT = [
  'Environment:',
  '  GUARDIAN_SOCKET  control socket, where neither --socket nor --config is given',
  '  NO_COLOR         no colours, also on a terminal',
].join('\n');
