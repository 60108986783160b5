import type { Command } from 'commander';
import type { CliIo } from './cli-io.ts';
import { registerOverride } from './override-command.ts';

/** `guardian block`. */
export function registerBlock(program: Command, io: CliIo): void {
  registerOverride(program, io, {
    action: 'block',
    summary: 'block a pattern, whatever the sources say',
    description:
      'Blocks PATTERN at every target at once. This word stands above every policy; only the hard guards stand above it: public suffixes, private names and addresses, and what this machine needs to work are never blocked, and the answer says so. A second word about the same pattern replaces the first.',
    help: {
      daemon: true,
      exit: { 1: 'failed, or a target could not be driven; the word is kept and tried again' },
      examples: [
        ['guardian block bad.example.com --reason "phishing mail of Monday"', 'until it is forgotten'],
        ["guardian block '*.example.com' --for 7d", 'the domain and everything below it, for a week'],
        ['guardian forget bad.example.com', 'undoes it everywhere'],
      ],
    },
  });
}
